import type { Request, Router } from 'express';
import { addressOf } from './doors.ts';
import {
  accountRoutes,
  actorOf,
  adminSessionRoutes,
  createGuard,
  createLetters,
  createOAuthProvider,
  createRefreshTokens,
  externalRoutes,
  type Guard,
  keepSession,
  mailRoutes,
  type OwnedPart,
  ownRoutes,
  userRoutes,
  usersIn,
} from './features/accounts/index.ts';
import type { Actor } from './features/audit/index.ts';
import type { Ground } from './ground.ts';
import { AppError } from './kit/errors.ts';
import { areasOf } from './openapi-scopes.ts';
import type { LoginProvider } from './platform/config-login.ts';
import { createPasswordHashes, type PasswordHashes } from './platform/password-hash.ts';

export type AccountDoors = {
  guard: Guard;
  passwords: PasswordHashes;
  /** Who does what a request asks for, as the audit log names it. */
  actorOf(req: Request): Promise<Actor>;
  /** For everyone. */
  publicApi: readonly Router[];
  adminApi: readonly Router[];
};

/** What accounts stand on: all a test has to lay for them. */
export type AccountGround = Pick<Ground, 'db' | 'crypto' | 'limiter' | 'mailer' | 'log' | 'net'> & {
  secrets: Pick<Ground['secrets'], 'adminToken'>;
  settings: {
    get(): Pick<
      ReturnType<Ground['settings']['get']>,
      'addonName' | 'registration' | 'auditAddresses' | 'emailVerification'
    >;
  };
  config: { http: { publicUrl: string | null }; loginProviders: readonly LoginProvider[] };
};

/** Failures that are told as such; more in five minutes are 429. */
const FAILURES = 10;
/** Of one account from wherever: a botnet's guesses, while its owner still gets in from home. */
const FAILURES_OF_ACCOUNT = 50;
const TRIES = 60;
const PER_SECONDS = 300;
/** To one address an hour. */
const LETTERS = 3;
/** Asked for from one address an hour: a household that shares one. */
const RESETS_OF_ADDRESS = 10;

/** Accounts: who asks, and the routes by which people sign in. */
export function openAccounts(
  ground: AccountGround,
  baseUrl: (req: Request) => string,
  ownedParts: readonly OwnedPart[] = [],
): AccountDoors {
  const { db, crypto, secrets, limiter, settings, config, mailer, log, net } = ground;
  const guard = createGuard({ crypto, adminToken: secrets.adminToken, users: usersIn(db), areasOf });
  const limit = (name: string, points: number) => limiter.limit({ name, points, perSeconds: PER_SECONDS });
  const perHour = (name: string, points: number) => limiter.limit({ name, points, perSeconds: 3600 });
  const { publicUrl } = config.http;
  const letters = createLetters({
    ...{ db, mailer, publicUrl, serverName: () => settings.get().addonName },
    letters: perHour('letters', LETTERS),
  });
  const keepsAddresses = () => settings.get().auditAddresses === 'keep';
  const deps = {
    ...{ db, guard, keepsAddresses, publicUrl, addressOf, baseUrl, letters, log, ownedParts },
    refreshTokens: createRefreshTokens(crypto),
    passwords: createPasswordHashes(tooBusy),
    failures: {
      ofAddress: limit('sign-in-failures', FAILURES),
      ofAccount: limit('sign-in-failures-account', FAILURES_OF_ACCOUNT),
    },
    wrongPasswords: limit('wrong-passwords', FAILURES),
    registration: () => settings.get().registration,
    needsVerifiedEmail: () => letters.canSend && settings.get().emailVerification === 'required',
    asked: {
      byAddress: perHour('reset-mails', RESETS_OF_ADDRESS),
      byEmail: perHour('reset-mails-to', LETTERS),
    },
    actorOf: (req: Request) => actorOf(guard, req, keepsAddresses()),
    limitTries: limiter.middleware({
      ...{ name: 'sign-in-tries', points: TRIES, perSeconds: PER_SECONDS },
      keyOf: addressOf,
    }),
  };
  return {
    guard,
    passwords: deps.passwords,
    actorOf: deps.actorOf,
    publicApi: [
      adminSessionRoutes({
        ...{ db, guard, keepsAddresses },
        limitSignIn: limiter.middleware({
          ...{ name: 'sign-in', points: FAILURES, perSeconds: PER_SECONDS },
          keyOf: addressOf,
        }),
      }),
      accountRoutes(deps),
      ownRoutes(deps),
      mailRoutes(deps),
      externalRoutes({
        ...{ ...deps, crypto },
        providers: config.loginProviders.map((given) => createOAuthProvider(net, given)),
        keepSession: (req, res, started) => keepSession(guard, req, res, started),
      }),
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
