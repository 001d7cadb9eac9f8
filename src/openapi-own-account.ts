import { z } from 'zod';
import {
  AccountDeletion,
  EmailChange,
  IdentitiesAnswer,
  LinkStart,
  ProvidersAnswer,
} from './features/accounts/index.ts';
import { bad, gone, id, json, nothing, ok, problem, refusals } from './openapi-parts.ts';

const closed = { '403': problem('Not for this account') };
const USER = [{ user: [] }];
const provider = z.object({ provider: z.string() });

/** One's own data, and accounts elsewhere that stand for one's own. */
export const ownAccountPaths = {
  '/api/auth/data': {
    get: {
      summary: 'Everything that is kept of one’s own account',
      security: USER,
      responses: { '200': nothing('application/json, one field a room'), ...closed, ...refusals },
    },
  },
  '/api/auth/account': {
    delete: {
      summary: 'Delete one’s own account',
      security: USER,
      requestBody: json(AccountDeletion),
      responses: {
        '204': nothing('Deleted, and signed out everywhere'),
        '409': problem('It is the last administrator, or has no password yet'),
        ...bad,
        ...closed,
        ...refusals,
      },
    },
  },
  '/api/auth/email': {
    post: {
      summary:
        'Change the e-mail address of one’s own account; the old one is told, the new one has to be verified',
      security: USER,
      requestBody: json(EmailChange),
      responses: {
        '204': nothing('Changed'),
        '409': problem('The account has no password yet'),
        '422': problem('Another account has this address'),
        ...bad,
        ...closed,
        ...refusals,
      },
    },
  },
  '/api/auth/providers': {
    get: {
      summary: 'Accounts elsewhere one may sign in with',
      responses: { '200': ok('Providers', ProvidersAnswer) },
    },
  },
  '/api/auth/with/{provider}': {
    get: {
      summary: 'Sign in with an account elsewhere: sends the browser there',
      requestParams: { path: provider },
      responses: { '302': nothing('To the provider'), ...gone, ...refusals },
    },
  },
  '/api/auth/with/{provider}/callback': {
    get: {
      summary: 'Where the browser comes back to',
      requestParams: { path: provider },
      responses: { '303': nothing('To the page, signed in, or with what went wrong'), ...gone, ...refusals },
    },
  },
  '/api/auth/with/{provider}/link': {
    post: {
      summary: 'Link an account elsewhere to one’s own',
      security: USER,
      requestParams: { path: provider },
      responses: { '200': ok('Where the browser goes on', LinkStart), ...gone, ...closed, ...refusals },
    },
  },
  '/api/auth/identities': {
    get: {
      summary: 'Accounts elsewhere that are linked to one’s own',
      security: USER,
      responses: { '200': ok('Identities', IdentitiesAnswer), ...closed, ...refusals },
    },
  },
  '/api/auth/identities/{id}': {
    delete: {
      summary: 'Unlink one',
      security: USER,
      requestParams: { path: id },
      responses: {
        '204': nothing('Unlinked'),
        '409': problem('It is the only way into the account'),
        ...gone,
        ...closed,
        ...refusals,
      },
    },
  },
};
