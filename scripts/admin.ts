/**
 * `npm run admin -- users | reset-password NAME | set-role NAME ROLE`: accounts by hand, beside a running server or without
 * one, for who lost the password or the only administrator.
 */
import { resetByHand, setRoleByHand, userPage } from '../src/features/accounts/index.ts';
import { fail, scriptConfig, withDatabase } from './context.ts';

const USAGE = `Usage: npm run admin -- users                       accounts and their roles
       npm run admin -- reset-password NAME         a link by which NAME chooses a new password, once, within a day
       npm run admin -- set-role NAME ROLE          guest, user, moderator or admin`;
const MOST_SHOWN = 1000;

const [what, name, role] = process.argv.slice(2);
if (
  what === undefined ||
  (what !== 'users' && name === undefined) ||
  (what === 'set-role' && role === undefined)
)
  fail(USAGE);

await withDatabase(async ({ database: { db } }) => {
  if (what === 'users') {
    for (const user of await userPage(db, 0, MOST_SHOWN))
      console.log([user.username ?? user.email, user.role, user.status].join('\t'));
  } else if (what === 'reset-password') {
    const { token, expiresAt } = await resetByHand(db, name ?? '');
    const { publicUrl, port } = scriptConfig().http;
    console.log(
      `${publicUrl ?? `http://127.0.0.1:${port}`}/#reset/${token}\nOnce, until ${expiresAt.toISOString()}.`,
    );
  } else if (what === 'set-role') {
    await setRoleByHand(db, name ?? '', role ?? '');
    console.log(`${name} is ${role} now.`);
  } else fail(USAGE);
});
