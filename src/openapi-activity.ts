import { z } from 'zod';
import {
  HistoryEntries,
  HistoryEntry,
  HistoryPage,
  MarkPage,
  PageQuery,
  PlayBody,
  ProgressBody,
  WatchedBody,
} from './features/activity/index.ts';
import { bad, gone, id, json, nothing, ok, problem, refusals, USER } from './openapi-parts.ts';

const common = { ...bad, ...gone, ...refusals };
const ofProfile = { security: USER, requestParams: { path: id } };
const paged = { security: USER, requestParams: { path: id, query: PageQuery } };
const oneTitle = { security: USER, requestParams: { path: id.extend({ media: z.string() }) } };

function listOf(what: string) {
  return {
    get: {
      summary: `Titles of ${what}, the newest first`,
      ...paged,
      responses: { '200': ok('A page', MarkPage), ...common },
    },
  };
}

function oneOf(what: string) {
  const full = { '409': problem('The list is full') };
  return {
    put: {
      summary: `Put a title into ${what}`,
      ...oneTitle,
      responses: { '201': nothing('It is in'), '204': nothing('It was in'), ...full, ...common },
    },
    delete: {
      summary: `Take a title out of ${what}`,
      ...oneTitle,
      responses: { '204': nothing('It is out'), ...common },
    },
  };
}

/** What a profile played, and the titles it keeps; for the account it belongs to. */
export const activityPaths = {
  '/api/profiles/{id}/history': {
    get: {
      summary: 'What a profile played, the newest first',
      ...paged,
      responses: { '200': ok('A page', HistoryPage), ...common },
    },
    delete: {
      summary: 'Forget all a profile played',
      ...ofProfile,
      responses: { '204': nothing('Forgotten'), ...common },
    },
  },
  '/api/profiles/{id}/history/{entry}': {
    delete: {
      summary: 'Forget one play',
      security: USER,
      requestParams: { path: id.extend({ entry: z.string() }) },
      responses: { '204': nothing('Forgotten'), ...common },
    },
  },
  '/api/profiles/{id}/history/plays': {
    post: {
      summary: 'A play begins: a row of its own, without a position',
      ...ofProfile,
      requestBody: json(PlayBody),
      responses: { '201': ok('Written down', HistoryEntry), ...common },
    },
  },
  '/api/profiles/{id}/history/progress': {
    post: {
      summary: 'How far a play is, in seconds, minutes or percent; from 90 % on it is completed',
      ...ofProfile,
      requestBody: json(ProgressBody),
      responses: { '200': ok('Noted', HistoryEntry), ...common },
    },
  },
  '/api/profiles/{id}/history/watched': {
    post: {
      summary: 'Mark as watched by hand, or bring a play from another service',
      ...ofProfile,
      requestBody: json(WatchedBody),
      responses: { '201': ok('Written down', HistoryEntry), ...common },
    },
  },
  '/api/profiles/{id}/continue-watching': {
    get: {
      summary: 'Of each title what was begun last and not ended',
      ...ofProfile,
      responses: { '200': ok('Entries', HistoryEntries), ...common },
    },
  },
  '/api/profiles/{id}/recently-watched': {
    get: {
      summary: 'The last ten titles, each once',
      ...ofProfile,
      responses: { '200': ok('Entries', HistoryEntries), ...common },
    },
  },
  '/api/profiles/{id}/watchlist': listOf('the watchlist'),
  '/api/profiles/{id}/watchlist/{media}': oneOf('the watchlist'),
  '/api/profiles/{id}/favorites': listOf('the favourites'),
  '/api/profiles/{id}/favorites/{media}': oneOf('the favourites'),
  '/api/profiles/{id}/library': listOf('the library'),
  '/api/profiles/{id}/library/{media}': oneOf('the library'),
};
