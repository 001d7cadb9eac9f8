import { z } from 'zod';
import { SCOPES, TokenAnswer } from './queries/tokens.ts';
import { ROLES, STATUSES, UserAnswer } from './queries/users.ts';

const email = z.string().trim().max(254).pipe(z.email('needs an e-mail address'));
const username = z
  .string()
  .trim()
  .normalize('NFC')
  .regex(/^[\p{L}\p{M}\p{N}._-]{2,40}$/u, 'needs 2 to 40 letters, digits, ".", "_" or "-"');
/** Long ones are hashed in one go, so that a length is no load; no rules but a length (NIST SP 800-63B §5.1.1.2). */
const password = z.string().min(8, 'needs at least 8 characters').max(256, 'may have at most 256 characters');

const someName = (user: { email?: unknown; username?: unknown }) =>
  user.email !== undefined || user.username !== undefined;
const NAMELESS = { error: 'needs an e-mail address or a user name', path: ['username'] };

/** As cookies that no script can read, for our own page; else as tokens in the answer. */
const cookies = z.boolean().default(false);

export const Registration = z
  .strictObject({ email: email.optional(), username: username.optional(), password, cookies })
  .refine(someName, NAMELESS);

/** `login` takes either; `email` and `username` are what other clients send. */
export const SignIn = z
  .strictObject({
    login: z.string().trim().max(254).optional(),
    email: z.string().trim().max(254).optional(),
    username: z.string().trim().max(254).optional(),
    password: z.string().max(256),
    cookies,
  })
  .transform(({ login, email, username, ...rest }) => ({ login: login ?? email ?? username ?? '', ...rest }))
  .refine(({ login }) => login !== '', { error: 'needs an e-mail address or a user name', path: ['login'] });

export const Refreshing = z.strictObject({ refreshToken: z.string().max(400).optional() });

export const SignedInAnswer = z.object({
  user: UserAnswer,
  tokenType: z.literal('Bearer'),
  /** Seconds an access token is good for. */
  expiresIn: z.int(),
  /** Absent where they came as cookies. */
  accessToken: z.string().optional(),
  refreshToken: z.string().optional(),
});

export const PasswordChange = z.strictObject({ current: z.string().max(256), next: password });
export const PasswordReset = z.strictObject({ token: z.string().max(200), password });

/** The password once more: a page may be somebody else's by now. */
export const AccountDeletion = z.strictObject({ password: z.string().max(256) });

/** Another address of one's own account. */
export const EmailChange = z.strictObject({ email, password: z.string().max(256) });

/** Of an account whose password is forgotten. */
export const Forgotten = z.strictObject({ email });
/** Of a link that was mailed. */
export const Verification = z.strictObject({ token: z.string().max(200) });

export const ApiTokenBody = z.strictObject({
  name: z.string().trim().min(1).max(100),
  scopes: z
    .array(z.enum(SCOPES))
    .min(1)
    .max(SCOPES.length)
    .transform((scopes) => [...new Set(scopes)])
    .default(['read'])
    .describe(
      'read and write: all its user may. Else parts: activity (history and lists), family (profiles, installs, devices), titles (one’s own), catalog, streams and sources, each :read or :write; admin: the rest of what administrators may.',
    ),
  /** Days it works; absent: until it is taken back. */
  days: z.int().min(1).max(3650).nullable().default(null),
});
/** The token itself is told here and never again. */
export const NewApiToken = TokenAnswer.extend({ token: z.string() });

export const NewUserBody = z
  .strictObject({
    email: email.optional(),
    username: username.optional(),
    /** Absent: a one-time link lets the user choose one. */
    password: password.optional(),
    role: z.enum(ROLES).default('user'),
  })
  .refine(someName, NAMELESS);

export const UserPatch = z.strictObject({
  email: email.nullable().optional(),
  username: username.nullable().optional(),
  role: z.enum(ROLES).optional(),
  status: z.enum(STATUSES).optional(),
});

export const UserPageQuery = z.object({
  skip: z.coerce.number().int().min(0).max(1_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export const UsersAnswer = z.object({ users: z.array(UserAnswer), total: z.int() });

/** Where a new password is chosen, once; shown to the administrator, who hands it on. */
export const ResetLink = z.object({ url: z.url(), expiresAt: z.iso.datetime() });

/** What a page needs to know before anything else. */
export const AccountState = z.object({
  /** Nobody can sign in yet: the first account is the administrator's. */
  needsSetup: z.boolean(),
  registration: z.enum(['off', 'open']),
  isAdmin: z.boolean(),
  /** Whether a forgotten password can be reset by mail. */
  canMail: z.boolean(),
  user: UserAnswer.nullable(),
});
