import type { Request, Router } from 'express';
import { addressOf } from './doors.ts';
import {
  accountRoutes,
  actorOf,
  adminSessionRoutes,
  createGuard,
  type Guard,
  ownRoutes,
  userRoutes,
  usersIn,
} from './features/accounts/index.ts';
import type { Actor } from './features/audit/index.ts';
import type { Ground } from './ground.ts';
import { AppError } from './kit/errors.ts';
import { createPasswordHashes, type PasswordHashes } from './platform/password-hash.ts';

export type AccountDoors = {
  guard: Guard;
  /** Who does what a request asks for, as the audit log names it. */
  actorOf(req: Request): Promise<Actor>;
  /** Of passwords and PINs: two at once over all. */
  passwords: PasswordHashes;
  /** For everyone. */
  publicApi: readonly Router[];
  adminApi: readonly Router[];
};

/** What accounts stand on: all a test has to lay for them. */
export type AccountGround = Pick<Ground, 'db' | 'crypto' | 'limiter'> & {
  secrets: Pick<Ground['secrets'], 'adminToken'>;
  settings: { get(): Pick<ReturnType<Ground['settings']['get']>, 'registration' | 'auditAddresses'> };
  config: { http: { publicUrl: string | null } };
};

/** Failures that are told as such; more in five minutes are 429. */
const FAILURES = 10;
/** Of one account from wherever: a botnet's guesses, while its owner still gets in from home. */
const FAILURES_OF_ACCOUNT = 50;
const TRIES = 60;
const PER_SECONDS = 300;

/** Accounts: who asks, and the routes by which people sign in. */
export function openAccounts(ground: AccountGround, baseUrl: (req: Request) => string): AccountDoors {
  const { db, crypto, secrets, limiter, settings, config } = ground;
  const guard = createGuard({ crypto, adminToken: secrets.adminToken, users: usersIn(db) });
  const limit = (name: string, points: number) => limiter.limit({ name, points, perSeconds: PER_SECONDS });
  const keepsAddresses = () => settings.get().auditAddresses === 'keep';
  const passwords = createPasswordHashes(tooBusy);
  const deps = {
    ...{ db, guard, keepsAddresses, publicUrl: config.http.publicUrl, addressOf, baseUrl },
    passwords,
    failures: {
      ofAddress: limit('sign-in-failures', FAILURES),
      ofAccount: limit('sign-in-failures-account', FAILURES_OF_ACCOUNT),
    },
    wrongPasswords: limit('wrong-passwords', FAILURES),
    registration: () => settings.get().registration,
    limitTries: limiter.middleware({
      ...{ name: 'sign-in-tries', points: TRIES, perSeconds: PER_SECONDS },
      keyOf: addressOf,
    }),
  };
  return {
    guard,
    actorOf: (req) => actorOf(guard, req, keepsAddresses()),
    passwords,
    publicApi: [
      adminSessionRoutes({
        guard,
        limitSignIn: limiter.middleware({
          ...{ name: 'sign-in', points: FAILURES, perSeconds: PER_SECONDS },
          keyOf: addressOf,
        }),
      }),
      accountRoutes(deps),
      ownRoutes(deps),
    ],
    adminApi: [userRoutes(deps)],
  };
}

function tooBusy(): AppError {
  return new AppError('auth.busy', 'Too many people are signing in just now. Try again in a few seconds.', {
    status: 503,
    headers: { 'Retry-After': '5' },
  });
}
