import { type Request, type RequestHandler, type Response, Router } from 'express';
import { AppError, Conflict } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import type { Log } from '../../platform/log.ts';
import type { Limit } from '../../platform/rate-limit.ts';
import { type Actor, noteAudit } from '../audit/index.ts';
import type { Guard } from './guard.ts';
import type { Letters } from './letters.ts';
import { takeTicket } from './queries/tokens.ts';
import { verifyEmail } from './queries/users.ts';
import { Forgotten, Verification } from './schemas.ts';
import { hashOf } from './secret-token.ts';
import { refuseOver } from './sign-in.ts';

export type MailRoutesDeps = {
  db: Pool;
  guard: Guard;
  letters: Letters;
  log: Pick<Log, 'warn'>;
  actorOf(req: Request): Promise<Actor>;
  addressOf(req: Request): string;
  limitTries: RequestHandler;
  /** Letters that were asked for, by whoever asks and by where to. */
  asked: { byAddress: Limit; byEmail: Limit };
};

/** What is done by mail: a password that was forgotten, an address that is verified. */
export function mailRoutes(deps: MailRoutesDeps): Router {
  const { db, guard, letters, asked } = deps;
  const router = Router();
  const body = jsonBody('4kb');
  router.post('/auth/password-forgotten', deps.limitTries, ...body, forgotten);
  router.post('/auth/email-verification', deps.limitTries, ...body, sendVerification);
  router.post('/auth/verify-email', deps.limitTries, ...body, verify);
  return router;

  /** The answer goes out before anything is looked up: neither it nor its time tells whether the address is known. */
  async function forgotten(req: Request, res: Response) {
    const { email } = parseInput(Forgotten, req.body, 'The body');
    if (!letters.canSend) throw noMail();
    const actor = await deps.actorOf(req);
    await takeOne(asked.byAddress, deps.addressOf(req));
    await takeOne(asked.byEmail, email.toLowerCase());
    res.status(202).json({});
    await letters
      .sendReset(email, actor)
      .catch((err: unknown) => deps.log.warn({ err }, 'a link for a new password was not made'));
  }

  async function sendVerification(req: Request, res: Response) {
    const { publicId } = await guard.requireUser(req);
    if (!letters.canSend) throw noMail();
    await letters.sendVerification(publicId, await deps.actorOf(req));
    res.status(202).json({});
  }

  async function verify(req: Request, res: Response) {
    const { token } = parseInput(Verification, req.body, 'The body');
    const actor = await deps.actorOf(req);
    await db.transaction(async (tx) => {
      const owner = await takeTicket(tx, 'verify-email', hashOf(token));
      if (owner === null)
        throw new AppError('auth.link_ended', 'This link was used, or is too old. Ask for another one.', {
          status: 403,
        });
      await verifyEmail(tx, owner.userId);
      await noteAudit(
        tx,
        { ...actor, kind: 'user', userId: owner.userId },
        { action: 'account.email_verified' },
      );
    });
    res.status(204).end();
  }
}

/** Counts one more; throws 429 past the limit. */
async function takeOne(limit: Limit, key: string): Promise<void> {
  await refuseOver(limit, key);
  await limit.take(key);
}

function noMail(): Conflict {
  return new Conflict(
    'auth.no_mail',
    'This server sends no mail. Its administrator can make you a link for a new password.',
  );
}
