import {
  ApproveBody,
  CorrectBody,
  Decided,
  MetadataProgress,
  ReviewPage,
  ReviewQuery,
} from './features/metadata/index.ts';
import { ADMIN, bad, gone, id, json, nothing, ok, problem, refusals } from './openapi-parts.ts';

const decided = {
  '204': nothing('Decided'),
  '409': problem('The title does not wait for a decision, or an id belongs to another title'),
  ...bad,
  ...gone,
  ...refusals,
};

const decidedOrMerged = {
  '200': ok(
    'It was a title that is here already: its streams, plays and places in lists are there now',
    Decided,
  ),
  ...decided,
};

/** What is described of `/api/review` and `/api/metadata`. */
export const reviewPaths = {
  '/api/metadata': {
    get: {
      summary: 'How many titles wait for details and how fast it goes, and how each source of metadata does',
      security: ADMIN,
      responses: { '200': ok('Titles and sources', MetadataProgress), ...refusals },
    },
  },
  '/api/metadata/retry': {
    post: {
      summary: 'Try at once again what failed; it would be tried by itself, later each time',
      security: ADMIN,
      responses: { '204': nothing('They are due'), ...refusals },
    },
  },
  '/api/review': {
    get: {
      summary:
        'Titles that are perhaps not what they were taken for (confidence below 0.80), and ids that contradict',
      security: ADMIN,
      requestParams: { query: ReviewQuery },
      responses: { '200': ok('A page, newest first', ReviewPage), ...bad, ...refusals },
    },
  },
  '/api/review/{id}/approve': {
    post: {
      summary: 'It is what it was taken for; with `doubt`, what that one proposes',
      security: ADMIN,
      requestParams: { path: id },
      requestBody: json(ApproveBody),
      responses: decidedOrMerged,
    },
  },
  '/api/review/{id}/correct': {
    post: {
      summary: 'Say which title it is: its ids, and its name or year; the rest is asked for anew',
      security: ADMIN,
      requestParams: { path: id },
      requestBody: json(CorrectBody),
      responses: decidedOrMerged,
    },
  },
  '/api/review/{id}/reject': {
    post: {
      summary: 'What was proposed is wrong; a title that was itself in doubt is hidden',
      security: ADMIN,
      requestParams: { path: id },
      responses: decided,
    },
  },
};
