import { z } from 'zod';
import { MediaAnswer } from './features/media/index.ts';
import {
  OwnStreamQuery,
  OwnTitleInput,
  OwnTitlePage,
  OwnTitlePatch,
  OwnTitleQuery,
  Publication,
} from './features/own-titles/index.ts';
import { OwnStreamInput, StreamAnswer } from './features/stream-index/index.ts';
import { bad, gone, id, json, nothing, ok, problem, refusals, USER } from './openapi-parts.ts';

const OwnStreamPage = z.object({ streams: z.array(StreamAnswer), nextCursor: z.uuid().nullable() });
const closed = { '403': problem('Not for this account, or no longer: the title is public') };
const common = { ...bad, ...gone, ...closed, ...refusals };
const one = { security: USER, requestParams: { path: id } };

/** Titles users add for themselves. */
export const ownTitlePaths = {
  '/api/own-titles': {
    get: {
      summary: 'One’s own titles, the newest first',
      security: USER,
      requestParams: { query: OwnTitleQuery },
      responses: { '200': ok('A page', OwnTitlePage), ...common },
    },
    post: {
      summary: 'Add a title of one’s own; nobody else sees it',
      security: USER,
      requestBody: json(OwnTitleInput),
      responses: { '201': ok('Added', MediaAnswer), '409': problem('There are 1,000'), ...common },
    },
  },
  '/api/own-titles/{id}': {
    get: { summary: 'One’s own title', ...one, responses: { '200': ok('It', MediaAnswer), ...common } },
    patch: {
      summary: 'Change one’s own title, while it is not public',
      ...one,
      requestBody: json(OwnTitlePatch),
      responses: { '200': ok('Changed', MediaAnswer), ...common },
    },
    delete: {
      summary: 'Delete one’s own title, while it is not public',
      ...one,
      responses: { '204': nothing('Deleted'), '409': problem('A torrent would be orphaned'), ...common },
    },
  },
  '/api/own-titles/{id}/streams': {
    get: {
      summary: 'What one’s own title can be watched by',
      security: USER,
      requestParams: { path: id, query: OwnStreamQuery },
      responses: { '200': ok('A page', OwnStreamPage), ...common },
    },
    post: {
      summary: 'Link a stream to one’s own title, while it is not public; it is hidden everywhere else',
      ...one,
      requestBody: json(OwnStreamInput),
      responses: {
        '201': ok('Linked', StreamAnswer.extend({ isNew: z.boolean() })),
        '409': problem('It is reached by somebody else’s login, or there are 50'),
        '502': problem('What it leads to does not answer, or may not be reached'),
        ...common,
      },
    },
  },
  '/api/own-titles/{id}/streams/{stream}': {
    delete: {
      summary: 'Take a stream off one’s own title, while it is not public',
      security: USER,
      requestParams: { path: id.extend({ stream: z.string() }) },
      responses: { '204': nothing('Taken off'), ...common },
    },
  },
  '/api/own-titles/{id}/publication': {
    put: {
      summary: 'Make a title of a user public, or private again; for moderators',
      ...one,
      requestBody: json(Publication),
      responses: { '200': ok('It', MediaAnswer), ...common },
    },
  },
};
