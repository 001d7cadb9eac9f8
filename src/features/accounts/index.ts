export { type Acting, requireAccount, requireActing, requireModerator } from './acting.ts';
export { adminSessionRoutes } from './admin-session-routes.ts';
export { actorOf } from './asking.ts';
export { resetByHand, setRoleByHand } from './by-hand.ts';
export { createOAuthProvider } from './external/oauth-provider.ts';
export { externalRoutes, IdentitiesAnswer, LinkStart, ProvidersAnswer } from './external/routes.ts';
export { bearerOf, createGuard, type Guard, usersIn } from './guard.ts';
export { type AccountJobsDeps, accountJobs } from './jobs.ts';
export { createLetters } from './letters.ts';
export { mailRoutes } from './mail-routes.ts';
export type { OwnedPart } from './own-data.ts';
export { ownRoutes, SessionsAnswer, TokensAnswer } from './own-routes.ts';
export type { Area } from './queries/tokens.ts';
export { UserAnswer, userPage } from './queries/users.ts';
export { createRefreshTokens } from './refresh-token.ts';
export { accountRoutes, keepSession } from './routes.ts';
export {
  AccountDeletion,
  AccountState,
  ApiTokenBody,
  EmailChange,
  Forgotten,
  NewApiToken,
  NewUserBody,
  PasswordChange,
  PasswordReset,
  Refreshing,
  Registration,
  ResetLink,
  SignedInAnswer,
  SignIn,
  UserPageQuery,
  UserPatch,
  UsersAnswer,
  Verification,
} from './schemas.ts';
export { hashOf, makeSecretToken } from './secret-token.ts';
export { userRoutes } from './user-routes.ts';
