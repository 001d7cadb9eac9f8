import { z } from 'zod';
import {
  Report,
  ReportBody,
  ReportDecision,
  ReportQuery,
  ReportsAnswer,
} from './features/content-reports/index.ts';
import {
  DeepLink,
  DeepLinksAnswer,
  LinkBody,
  LinkPatch,
  LinkQuery,
  ServicesAnswer,
  ServicesBody,
} from './features/deep-links/index.ts';
import { EpisodeQuery, TaggedEpisodes, TagsAnswer, TitleTags } from './features/tags/index.ts';
import { ANYBODY, bad, gone, id, json, nothing, ok, problem, refusals } from './openapi-parts.ts';

const closed = { '403': problem('Not for this account') };
const tagOfTitle = id.extend({ tag: z.string() });

/** What users and moderators say of titles: tags, reports, services and deep links. */
export const communityPaths = {
  '/api/tags': {
    get: {
      summary: 'Content tags there are, by category',
      security: ANYBODY,
      responses: { '200': ok('Tags', TagsAnswer), ...closed, ...refusals },
    },
  },
  '/api/media/{id}/tags': {
    get: {
      summary: 'The tags of a title and of its episodes',
      security: ANYBODY,
      requestParams: { path: id },
      responses: { '200': ok('Tags', TitleTags), ...bad, ...closed, ...gone, ...refusals },
    },
  },
  '/api/media/{id}/tags/{tag}': {
    get: {
      summary: 'The episodes of a title that have a tag',
      security: ANYBODY,
      requestParams: { path: tagOfTitle },
      responses: { '200': ok('Episodes', TaggedEpisodes), ...bad, ...closed, ...gone, ...refusals },
    },
    put: {
      summary: 'Give a title, or with both numbers an episode, a tag (moderators)',
      security: ANYBODY,
      requestParams: { path: tagOfTitle, query: EpisodeQuery },
      responses: { '204': nothing('It has it'), ...bad, ...closed, ...gone, ...refusals },
    },
    delete: {
      summary: 'Take a tag away, so that no rule gives it again (moderators)',
      security: ANYBODY,
      requestParams: { path: tagOfTitle, query: EpisodeQuery },
      responses: { '204': nothing('It has it no more'), ...bad, ...closed, ...gone, ...refusals },
    },
  },
  '/api/content-reports': {
    get: {
      summary: 'Reports: of all for moderators, else one’s own',
      security: ANYBODY,
      requestParams: { query: ReportQuery },
      responses: { '200': ok('A page, newest first', ReportsAnswer), ...bad, ...closed, ...refusals },
    },
    post: {
      summary: 'Say what is wrong with a title, an episode, a stream, a link or a tag',
      security: ANYBODY,
      requestBody: json(ReportBody),
      responses: {
        '200': ok('The same of this user waits already', Report),
        '201': ok('Taken', Report),
        '409': problem('Too many of this user wait'),
        ...bad,
        ...closed,
        ...gone,
        ...refusals,
      },
    },
  },
  '/api/content-reports/{id}': {
    patch: {
      summary: 'Decide on somebody else’s report, and hide a stream, give or take a tag with it (moderators)',
      security: ANYBODY,
      requestParams: { path: id },
      requestBody: json(ReportDecision),
      responses: {
        '200': ok('Decided', Report),
        '403': problem('Not for this account, or the report is its own'),
        '409': problem('Decided already'),
        ...bad,
        ...gone,
        ...refusals,
      },
    },
    delete: {
      summary: 'Take a report of one’s own back',
      security: ANYBODY,
      requestParams: { path: id },
      responses: {
        '204': nothing('Gone'),
        '409': problem('Decided already'),
        ...closed,
        ...gone,
        ...refusals,
      },
    },
  },
  '/api/services': {
    get: {
      summary: 'The streaming services of a family, and those there are',
      security: ANYBODY,
      responses: { '200': ok('Services', ServicesAnswer), ...closed, ...refusals },
    },
    put: {
      summary: 'Choose the streaming services of a family',
      security: ANYBODY,
      requestBody: json(ServicesBody),
      responses: { '200': ok('Services', ServicesAnswer), ...bad, ...closed, ...refusals },
    },
  },
  '/api/deep-links': {
    get: {
      summary: 'Where a title, or an episode, is on streaming services, best first',
      security: ANYBODY,
      requestParams: { query: LinkQuery },
      responses: { '200': ok('Links', DeepLinksAnswer), ...bad, ...closed, ...gone, ...refusals },
    },
    post: {
      summary: 'Tell where a title or an episode is on a service; the same page again counts',
      security: ANYBODY,
      requestBody: json(LinkBody),
      responses: {
        '200': ok('Others told of it before', DeepLink),
        '201': ok('Kept', DeepLink),
        '409': problem('The page is known as that of another title or episode'),
        ...bad,
        ...closed,
        ...gone,
        ...refusals,
      },
    },
  },
  '/api/deep-links/{id}': {
    patch: {
      summary: 'Verify or hide a link (moderators)',
      security: ANYBODY,
      requestParams: { path: id },
      requestBody: json(LinkPatch),
      responses: { '204': nothing('Changed'), ...bad, ...closed, ...gone, ...refusals },
    },
  },
};
