import { z } from 'zod';
import { EpisodeQuery, TaggedEpisodes, TagsAnswer, TitleTags } from './features/tags/index.ts';
import { bad, gone, id, nothing, ok, problem, refusals } from './openapi-parts.ts';

const USER = [{ user: [] }];
const closed = { '403': problem('Not for this account') };
const tagOfTitle = id.extend({ tag: z.string() });

/** What users and moderators say of titles: tags, reports, services and deep links. */
export const communityPaths = {
  '/api/tags': {
    get: {
      summary: 'Content tags there are, by category',
      security: USER,
      responses: { '200': ok('Tags', TagsAnswer), ...closed, ...refusals },
    },
  },
  '/api/media/{id}/tags': {
    get: {
      summary: 'The tags of a title and of its episodes',
      security: USER,
      requestParams: { path: id },
      responses: { '200': ok('Tags', TitleTags), ...bad, ...closed, ...gone, ...refusals },
    },
  },
  '/api/media/{id}/tags/{tag}': {
    get: {
      summary: 'The episodes of a title that have a tag',
      security: USER,
      requestParams: { path: tagOfTitle },
      responses: { '200': ok('Episodes', TaggedEpisodes), ...bad, ...closed, ...gone, ...refusals },
    },
    put: {
      summary: 'Give a title, or with both numbers an episode, a tag (moderators)',
      security: USER,
      requestParams: { path: tagOfTitle, query: EpisodeQuery },
      responses: { '204': nothing('It has it'), ...bad, ...closed, ...gone, ...refusals },
    },
    delete: {
      summary: 'Take a tag away, so that no rule gives it again (moderators)',
      security: USER,
      requestParams: { path: tagOfTitle, query: EpisodeQuery },
      responses: { '204': nothing('It has it no more'), ...bad, ...closed, ...gone, ...refusals },
    },
  },
};
