export { adminSessionRoutes } from './admin-session-routes.ts';
export { actorOf } from './asking.ts';
export { resetByHand, setRoleByHand } from './by-hand.ts';
export { bearerOf, createGuard, type Guard, usersIn } from './guard.ts';
export { type AccountJobsDeps, accountJobs } from './jobs.ts';
export { ownRoutes, SessionsAnswer, TokensAnswer } from './own-routes.ts';
export { UserAnswer, userPage } from './queries/users.ts';
export { accountRoutes } from './routes.ts';
export {
  AccountState,
  ApiTokenBody,
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
} from './schemas.ts';
export { hashOf, makeSecretToken } from './secret-token.ts';
export { userRoutes } from './user-routes.ts';
