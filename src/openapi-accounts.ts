import { z } from 'zod';
import {
  AccountState,
  ApiTokenBody,
  Forgotten,
  NewApiToken,
  NewUserBody,
  PasswordChange,
  PasswordReset,
  Refreshing,
  Registration,
  ResetLink,
  SessionsAnswer,
  SignedInAnswer,
  SignIn,
  TokensAnswer,
  UserAnswer,
  UserPageQuery,
  UserPatch,
  UsersAnswer,
  Verification,
} from './features/accounts/index.ts';
import { ownAccountPaths } from './openapi-own-account.ts';
import { ADMIN, bad, gone, id, json, nothing, ok, problem, refusals } from './openapi-parts.ts';

const taken = { '422': problem('The address or name is taken') };
const closed = { '403': problem('Not for this account') };
const elsewhere = { '403': problem('Without a token, and not sent by the page of this server') };
const noMail = problem('This server sends no mail');
const USER = [{ user: [] }];

/** `/api/auth`, `/api/users` and the session of the admin token. */
export const accountPaths = {
  '/api/admin-session': {
    get: {
      summary: 'Is this page signed in as an administrator?',
      responses: { '200': ok('', z.object({ admin: z.boolean() })) },
    },
    post: {
      summary: 'Sign in with the admin token',
      requestBody: json(z.object({ token: z.string() })),
      responses: { '204': nothing('Signed in; a cookie is set'), ...bad, ...refusals },
    },
    delete: { summary: 'Sign out', responses: { '204': nothing('Signed out'), ...elsewhere } },
  },
  '/api/auth/me': {
    get: {
      summary: 'Who asks, and whether this server is set up',
      responses: { '200': ok('Who asks', AccountState), ...closed },
    },
  },
  '/api/auth/register': {
    post: {
      summary: 'Make an account; the first is the administrator’s',
      requestBody: json(Registration),
      responses: {
        '201': ok('Made, and signed in', SignedInAnswer),
        ...bad,
        ...closed,
        ...taken,
        ...refusals,
      },
    },
  },
  '/api/auth/login': {
    post: {
      summary: 'Sign in by e-mail address or user name',
      requestBody: json(SignIn),
      responses: { '200': ok('Signed in', SignedInAnswer), ...bad, ...closed, ...refusals },
    },
  },
  '/api/auth/refresh': {
    post: {
      summary: 'Trade a refresh token for the next one; a second use of one ends its session',
      requestBody: json(Refreshing),
      responses: {
        '200': ok('Signed in', SignedInAnswer),
        '409': problem('Another tab of this browser was faster; it holds the next cookie by now'),
        ...bad,
        ...closed,
        ...refusals,
      },
    },
  },
  '/api/auth/logout': {
    post: { summary: 'End this session', responses: { '204': nothing('Ended'), ...elsewhere, ...refusals } },
  },
  '/api/auth/password': {
    post: {
      summary: 'Change one’s own password; other sessions end',
      security: USER,
      requestBody: json(PasswordChange),
      responses: { '204': nothing('Changed'), ...bad, ...closed, ...refusals },
    },
  },
  '/api/auth/password-reset': {
    post: {
      summary: 'Choose a new password by a one-time link; all sessions end',
      requestBody: json(PasswordReset),
      responses: { '204': nothing('Changed'), ...bad, ...closed, ...refusals },
    },
  },
  '/api/auth/password-forgotten': {
    post: {
      summary: 'Have a link for a new password mailed; the answer is the same whether the address is known',
      requestBody: json(Forgotten),
      responses: {
        '202': nothing('Mailed where there is such an account'),
        '409': noMail,
        ...bad,
        ...refusals,
      },
    },
  },
  '/api/auth/email-verification': {
    post: {
      summary: 'Have a link that verifies one’s own address mailed',
      security: USER,
      responses: {
        '202': nothing('Mailed where there is anything to verify'),
        '409': noMail,
        ...closed,
        ...refusals,
      },
    },
  },
  '/api/auth/verify-email': {
    post: {
      summary: 'Verify an address by a one-time link',
      requestBody: json(Verification),
      responses: { '204': nothing('Verified'), ...bad, ...closed, ...refusals },
    },
  },
  ...ownAccountPaths,
  '/api/auth/sessions': {
    get: {
      summary: 'Where this account is signed in',
      security: USER,
      responses: { '200': ok('Sessions', SessionsAnswer), ...closed, ...refusals },
    },
  },
  '/api/auth/sessions/{id}': {
    delete: {
      summary: 'End a session of one’s own',
      security: USER,
      requestParams: { path: id },
      responses: { '204': nothing('Ended'), ...gone, ...closed, ...refusals },
    },
  },
  '/api/auth/tokens': {
    get: {
      summary: 'Tokens for scripts',
      security: USER,
      responses: { '200': ok('Without the tokens themselves', TokensAnswer), ...closed, ...refusals },
    },
    post: {
      summary: 'Make a token for scripts; it is shown once',
      security: USER,
      requestBody: json(ApiTokenBody),
      responses: {
        '201': ok('Made', NewApiToken),
        '409': problem('There are too many'),
        ...bad,
        ...closed,
        ...refusals,
      },
    },
  },
  '/api/auth/tokens/{id}': {
    delete: {
      summary: 'Take a token back',
      security: USER,
      requestParams: { path: id },
      responses: { '204': nothing('It works no more'), ...gone, ...closed, ...refusals },
    },
  },
  '/api/users': {
    get: {
      summary: 'Accounts',
      security: ADMIN,
      requestParams: { query: UserPageQuery },
      responses: { '200': ok('A page', UsersAnswer), ...bad, ...closed, ...refusals },
    },
    post: {
      summary: 'Add an account',
      security: ADMIN,
      requestBody: json(NewUserBody),
      responses: { '201': ok('Added', UserAnswer), ...bad, ...closed, ...taken, ...refusals },
    },
  },
  '/api/users/{id}': {
    get: {
      summary: 'An account',
      security: ADMIN,
      requestParams: { path: id },
      responses: { '200': ok('It', UserAnswer), ...gone, ...closed, ...refusals },
    },
    patch: {
      summary: 'Change, close or open an account',
      security: ADMIN,
      requestParams: { path: id },
      requestBody: json(UserPatch),
      responses: {
        '200': ok('Changed', UserAnswer),
        '409': problem('It is the last administrator'),
        ...bad,
        ...gone,
        ...closed,
        ...taken,
        ...refusals,
      },
    },
    delete: {
      summary: 'Delete an account with all that is its own',
      security: ADMIN,
      requestParams: { path: id },
      responses: {
        '204': nothing('Deleted'),
        '409': problem('It is the last administrator'),
        ...gone,
        ...closed,
        ...refusals,
      },
    },
  },
  '/api/users/{id}/reset-link': {
    post: {
      summary: 'Make a link by which a user chooses a new password, once',
      security: ADMIN,
      requestParams: { path: id },
      responses: { '201': ok('The link', ResetLink), ...gone, ...closed, ...refusals },
    },
  },
};
