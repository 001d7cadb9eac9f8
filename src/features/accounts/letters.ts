import type { Db, Pool } from '../../platform/db.ts';
import type { Mailer } from '../../platform/mail.ts';
import type { Limit } from '../../platform/rate-limit.ts';
import { type Actor, noteAudit } from '../audit/index.ts';
import { putTicket } from './queries/tokens.ts';
import { lockUser, userByEmail } from './queries/users.ts';
import { makeSecretToken } from './secret-token.ts';

/** OWASP: short, as whoever reads the mailbox has the account. */
const RESET_MINUTES = 30;
const VERIFY_HOURS = 24;

export type LettersDeps = {
  db: Pool;
  /** Null: this server sends none. */
  mailer: Pick<Mailer, 'post'> | null;
  /** Where links lead. Never the host of a request: whoever asks could send somebody a link of their own. */
  publicUrl: string | null;
  serverName(): string;
  /** Letters to one account that it did not ask for while signed in. */
  letters: Limit;
};

/** What is told by mail. Nothing here waits for a mail server, and nothing tells whether a letter was sent. */
export type Letters = {
  canSend: boolean;
  /** Where the account of that address is open, a link to choose a new password; an older one works no more. */
  sendReset(email: string, actor: Actor): Promise<void>;
  /** A link that verifies the address of that account, where it has one that is not. */
  sendVerification(publicId: string, actor: Actor): Promise<void>;
  tellPasswordChanged(publicId: string): Promise<void>;
  /** Told to the address that was the account's. */
  tellAddressChanged(before: string): void;
};

export function createLetters({ db, mailer, publicUrl, serverName, letters }: LettersDeps): Letters {
  const url = publicUrl ?? '';
  return {
    canSend: mailer !== null && publicUrl !== null,
    sendReset,
    sendVerification,
    tellPasswordChanged,
    tellAddressChanged,
  };

  async function sendReset(email: string, actor: Actor): Promise<void> {
    const found = await userByEmail(db, email);
    if (found === null || found.status !== 'active') return;
    const ticket = { userId: found.id, email: found.email, purpose: 'reset-password' } as const;
    const token = await db.transaction((tx) =>
      ticketOf(tx, { ...ticket, seconds: RESET_MINUTES * 60 }, actor, 'account.reset_mailed', found.publicId),
    );
    post(found.email, 'A new password', [
      `Somebody, you we hope, asked for a new password for your account at ${url}.`,
      `Choose one here, once, within ${RESET_MINUTES} minutes:`,
      `${url}/#reset/${token}`,
      'If it was not you, do nothing: your password stays.',
    ]);
  }

  async function sendVerification(publicId: string, actor: Actor): Promise<void> {
    if (mailer === null || !(await isWithin(publicId))) return;
    const made = await db.transaction(async (tx) => {
      const user = await lockUser(tx, publicId);
      if (user === null || user.email === null || user.isEmailVerified) return null;
      const ticket = { userId: user.id, email: user.email, purpose: 'verify-email' } as const;
      const seconds = VERIFY_HOURS * 3600;
      const token = await ticketOf(
        tx,
        { ...ticket, seconds },
        actor,
        'account.verification_mailed',
        publicId,
      );
      return { email: user.email, token };
    });
    if (made === null) return;
    post(made.email, 'Is this your address?', [
      `An account at ${url} was given this e-mail address. If it is yours, say so here, within ${VERIFY_HOURS} hours:`,
      `${url}/#verify/${made.token}`,
      'If you made no account there, do nothing.',
    ]);
  }

  async function tellPasswordChanged(publicId: string): Promise<void> {
    const user = await db.transaction((tx) => lockUser(tx, publicId));
    if (user === null || user.email === null) return;
    post(user.email, 'Your password was changed', [
      `The password of your account at ${url} was changed just now.`,
      'If it was not you, ask for a new one on the page where you sign in, and tell the administrator.',
    ]);
  }

  function tellAddressChanged(before: string): void {
    post(before, 'Your address was changed', [
      `Your account at ${url} was given another e-mail address just now.`,
      'If it was not you, tell the administrator: whoever did it knows your password.',
    ]);
  }

  async function isWithin(key: string): Promise<boolean> {
    const { isAllowed } = await letters.take(key);
    return isAllowed;
  }

  /** The name is the owner's, without control characters; the subject holds nothing of whoever asks. */
  function post(to: string, about: string, lines: readonly string[]): void {
    mailer?.post({ to, subject: `${serverName()}: ${about}`, text: `${lines.join('\n\n')}\n` });
  }
}

async function ticketOf(
  tx: Db,
  ticket: Omit<Parameters<typeof putTicket>[1], 'hash'>,
  actor: Actor,
  action: string,
  publicId: string,
): Promise<string> {
  const { token, hash } = makeSecretToken();
  await putTicket(tx, { ...ticket, hash });
  await noteAudit(tx, actor, { action, resource: `user ${publicId}` });
  return token;
}
