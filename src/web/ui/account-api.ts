import * as z from 'zod/mini';
import { ask, send } from './api.ts';
import { goOn, markSignedIn } from './going-on.ts';

export const ROLES = ['guest', 'user', 'moderator', 'admin'] as const;
const STATUSES = ['active', 'inactive', 'banned'] as const;

const User = z.object({
  userId: z.string(),
  email: z.nullable(z.string()),
  username: z.nullable(z.string()),
  role: z.enum(ROLES),
  status: z.enum(STATUSES),
  isEmailVerified: z.boolean(),
  hasPassword: z.boolean(),
  createdAt: z.string(),
  lastSignInAt: z.nullable(z.string()),
});
export type User = z.infer<typeof User>;
const Users = z.object({ users: z.array(User), total: z.number() });
export type Users = z.infer<typeof Users>;

const Account = z.object({
  needsSetup: z.boolean(),
  registration: z.enum(['off', 'open']),
  isAdmin: z.boolean(),
  canMail: z.boolean(),
  user: z.nullable(User),
});
export type Account = z.infer<typeof Account>;

const Session = z.object({
  ...{ sessionId: z.string(), agent: z.nullable(z.string()), isThis: z.boolean() },
  ...{ createdAt: z.string(), lastUsedAt: z.string() },
});
export type Session = z.infer<typeof Session>;

const Token = z.object({
  ...{ tokenId: z.string(), name: z.string(), scopes: z.array(z.string()), createdAt: z.string() },
  ...{ lastUsedAt: z.nullable(z.string()), expiresAt: z.nullable(z.string()) },
});
export type Token = z.infer<typeof Token>;

const NewToken = z.object({ token: z.string() });
const Link = z.object({ url: z.string() });

type Signal = AbortSignal;
export type Credentials = { username: string; email: string; password: string };

/** Who is signed in here, if anybody. */
export async function fetchAccount(signal: Signal): Promise<Account> {
  const asked = () => ask(Account, '/api/auth/me', { signal });
  const account = await asked();
  return account.user === null && (await goOn()) ? asked() : account;
}

export async function signIn(login: string, password: string, signal: Signal): Promise<void> {
  await send('/api/auth/login', { signal, method: 'POST', body: { login, password, cookies: true } });
  markSignedIn(true);
}

export async function register({ username, email, password }: Credentials, signal: Signal): Promise<void> {
  const body = { username, password, cookies: true, ...(email === '' ? {} : { email }) };
  await send('/api/auth/register', { signal, method: 'POST', body });
  markSignedIn(true);
}

/** Of the account, and of the admin token where that was used. */
export async function signOut(signal: Signal): Promise<void> {
  await send('/api/auth/logout', { signal, method: 'POST', body: {} });
  await send('/api/admin-session', { signal, method: 'DELETE' });
  markSignedIn(false);
}

export async function changePassword(current: string, next: string, signal: Signal): Promise<void> {
  await send('/api/auth/password', { signal, method: 'POST', body: { current, next } });
}

/** Everything that is kept of one's own account, as JSON. */
export async function fetchOwnData(signal: Signal): Promise<Blob> {
  return (await send('/api/auth/data', { signal, deadlineMs: 120_000 })).blob();
}

export async function changeEmail(email: string, password: string, signal: Signal): Promise<void> {
  await send('/api/auth/email', { signal, method: 'POST', body: { email, password } });
}

/** For good; the page is signed out. */
export async function deleteAccount(password: string, signal: Signal): Promise<void> {
  await send('/api/auth/account', { signal, method: 'DELETE', body: { password } });
  markSignedIn(false);
}

export async function resetPassword(token: string, password: string, signal: Signal): Promise<void> {
  await send('/api/auth/password-reset', { signal, method: 'POST', body: { token, password } });
}

/** A link for a new password is mailed, where there is such an account. */
export async function forgotPassword(email: string, signal: Signal): Promise<void> {
  await send('/api/auth/password-forgotten', { signal, method: 'POST', body: { email } });
}

/** A link that verifies one's own address is mailed. */
export async function askVerification(signal: Signal): Promise<void> {
  await send('/api/auth/email-verification', { signal, method: 'POST', body: {} });
}

export async function verifyEmail(token: string, signal: Signal): Promise<void> {
  await send('/api/auth/verify-email', { signal, method: 'POST', body: { token } });
}

export async function fetchSessions(signal: Signal): Promise<Session[]> {
  return (await ask(z.object({ sessions: z.array(Session) }), '/api/auth/sessions', { signal })).sessions;
}

export async function endSession(id: string, signal: Signal): Promise<void> {
  await send(`/api/auth/sessions/${encodeURIComponent(id)}`, { signal, method: 'DELETE' });
}

export async function fetchTokens(signal: Signal): Promise<Token[]> {
  return (await ask(z.object({ tokens: z.array(Token) }), '/api/auth/tokens', { signal })).tokens;
}

/** The token, which is told this once. */
export async function makeToken(name: string, scopes: readonly string[], signal: Signal): Promise<string> {
  const body = { name, scopes };
  return (await ask(NewToken, '/api/auth/tokens', { signal, method: 'POST', body })).token;
}

export async function dropToken(id: string, signal: Signal): Promise<void> {
  await send(`/api/auth/tokens/${encodeURIComponent(id)}`, { signal, method: 'DELETE' });
}

export function fetchUsers(signal: Signal): Promise<Users> {
  return ask(Users, '/api/users?limit=100', { signal });
}

export async function addUser(
  { username, email, password }: Credentials,
  role: User['role'],
  signal: Signal,
): Promise<void> {
  const body = {
    ...{ username, role },
    ...(email === '' ? {} : { email }),
    ...(password === '' ? {} : { password }),
  };
  await send('/api/users', { signal, method: 'POST', body });
}

export async function changeUser(
  id: string,
  change: Partial<Pick<User, 'role' | 'status'>>,
  signal: Signal,
): Promise<void> {
  await send(`/api/users/${encodeURIComponent(id)}`, { signal, method: 'PATCH', body: change });
}

export async function removeUser(id: string, signal: Signal): Promise<void> {
  await send(`/api/users/${encodeURIComponent(id)}`, { signal, method: 'DELETE' });
}

/** A link by which the user chooses a new password, once, within a day. */
export async function makeResetLink(id: string, signal: Signal): Promise<string> {
  const path = `/api/users/${encodeURIComponent(id)}/reset-link`;
  return (await ask(Link, path, { signal, method: 'POST', body: {} })).url;
}

export function nameOf({ username, email }: Pick<User, 'username' | 'email'>): string {
  return username ?? email ?? '';
}
