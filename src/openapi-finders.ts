import {
  FinderAnswer,
  FinderBody,
  FinderDaysAnswer,
  FinderPatch,
  FindersAnswer,
  FinderTest,
  NabServerAnswer,
} from './features/finders/index.ts';
import { ADMIN, bad, gone, id, json, nothing, ok, problem, refusals } from './openapi-parts.ts';

/** `/api/finders`. */
export const finderPaths = {
  '/api/finders': {
    get: {
      summary: 'Indexers and feeds that streams are found by, and how they do',
      security: ADMIN,
      responses: { '200': ok('Finders; without their addresses and keys', FindersAnswer), ...refusals },
    },
    post: {
      summary: 'Add an indexer (Torznab, Newznab) or a feed (RSS)',
      security: ADMIN,
      requestBody: json(FinderBody),
      responses: {
        '201': ok('Added', FinderAnswer),
        '409': problem('It is there already'),
        ...bad,
        ...refusals,
      },
    },
  },
  '/api/finders/days': {
    get: {
      summary: 'How often each finder was asked on each of the last 30 days, how it answered and how fast',
      security: ADMIN,
      responses: {
        '200': ok('Of each finder the days on which it was asked', FinderDaysAnswer),
        ...refusals,
      },
    },
  },
  '/api/finders/server': {
    get: {
      summary: 'Addresses and key by which Sonarr, Radarr and Prowlarr search this catalogue',
      security: ADMIN,
      responses: { '200': ok('Torznab and Newznab', NabServerAnswer), ...refusals },
    },
  },
  '/api/finders/{id}': {
    patch: {
      summary: 'Change, approve or reject a finder',
      security: ADMIN,
      requestParams: { path: id },
      requestBody: json(FinderPatch),
      responses: {
        '200': ok('Changed', FinderAnswer),
        '409': problem('Another one is there'),
        ...bad,
        ...gone,
        ...refusals,
      },
    },
    delete: {
      summary: 'Take a finder away; what it found stays',
      security: ADMIN,
      requestParams: { path: id },
      responses: { '204': nothing('Deleted'), ...gone, ...refusals },
    },
  },
  '/api/finders/{id}/test': {
    post: {
      summary: 'Ask a finder how it does',
      security: ADMIN,
      requestParams: { path: id },
      responses: { '200': ok('In words', FinderTest), ...gone, ...refusals },
    },
  },
};
