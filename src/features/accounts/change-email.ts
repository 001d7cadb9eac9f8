import { type Actor, noteChange } from '../audit/index.ts';
import { type ChangePasswordDeps, withOwnPassword, withPassword } from './change-password.ts';
import type { Letters } from './letters.ts';
import { updateUser } from './queries/users.ts';
import { takenOr } from './register.ts';

export type ChangeEmailDeps = Omit<ChangePasswordDeps, 'letters'> & {
  letters: Pick<Letters, 'canSend' | 'sendVerification' | 'tellAddressChanged'>;
};

/**
 * Another address for an account; whoever changes it knows the password. The old one is told, the new one is asked whether it is theirs. 403 with
 * a wrong password, 429 after ten of those, 422 where the address is taken, 409 where there is no password to ask for.
 */
export async function changeEmail(
  deps: ChangeEmailDeps,
  { publicId }: { publicId: string },
  { email, password }: { email: string; password: string },
  actor: Actor,
): Promise<void> {
  const { email: before } = await withOwnPassword(deps.db, publicId);
  if (before === email) return;
  await withPassword(deps, { publicId }, password, async (tx, stored) => {
    await updateUser(tx, stored.id, { email }).catch((error: unknown) => {
      throw takenOr(error);
    });
    const entry = {
      action: 'account.email_changed',
      severity: 'warning',
      resource: `user ${publicId}`,
    } as const;
    await noteChange(tx, actor, entry, { before: { email: before }, after: { email } });
  });
  if (!deps.letters.canSend) return;
  if (before !== null) deps.letters.tellAddressChanged(before);
  await deps.letters.sendVerification(publicId, actor);
}
