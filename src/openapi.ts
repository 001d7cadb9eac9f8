import { Router } from 'express';
import { z } from 'zod';
import { MediaAnswer, MediaPage, MediaPatch, MediaQuery, TitleInput } from './features/media/index.ts';
import { SettingEntry } from './features/settings/index.ts';
import { Overview } from './features/stats/index.ts';
import {
  CheckAnswer,
  CheckBody,
  CheckQuery,
  TrackerHistory,
  TrackersAnswer,
} from './features/trackers/index.ts';
import { accountPaths } from './openapi-accounts.ts';
import { activityPaths } from './openapi-activity.ts';
import { auditPaths } from './openapi-audit.ts';
import { communityPaths } from './openapi-community.ts';
import { devicePaths } from './openapi-devices.ts';
import { familyPaths } from './openapi-family.ts';
import { finderPaths } from './openapi-finders.ts';
import { ownTitlePaths } from './openapi-own-titles.ts';
import { ADMIN, bad, gone, id, json, nothing, ok, problem, refusals } from './openapi-parts.ts';
import { preferencePaths } from './openapi-preferences.ts';
import { reviewPaths } from './openapi-review.ts';
import { sourceHealthPaths } from './openapi-source-health.ts';
import { sourcePaths } from './openapi-sources.ts';
import { streamPaths } from './openapi-streams.ts';
import { torrentPaths } from './openapi-torrents.ts';
import { usenetPaths } from './openapi-usenet.ts';
import { LiveStream } from './play/live.ts';

const Settings = z.object({ settings: z.array(SettingEntry) });

/** Every route of the API from the schemas that parse it. */
const paths = {
  '/api/overview': {
    get: {
      summary: 'What the front page shows',
      responses: { '200': ok('The catalogue at a glance', Overview) },
    },
  },
  '/api/health': {
    get: { summary: 'Checks, recurring work and the last hour', responses: { '200': nothing('Health') } },
  },
  '/api/titles/{id}/playlist.m3u': {
    get: {
      summary: 'One title as M3U',
      requestParams: { path: id },
      responses: { '200': nothing('audio/x-mpegurl'), ...gone },
    },
  },
  ...accountPaths,
  ...auditPaths,
  ...activityPaths,
  ...ownTitlePaths,
  ...devicePaths,
  ...familyPaths,
  '/api/media': {
    get: {
      summary: 'Titles',
      security: ADMIN,
      requestParams: { query: MediaQuery },
      responses: { '200': ok('A page', MediaPage), ...bad, ...refusals },
    },
    post: {
      summary: 'Add a title, or find it by its outside ids',
      security: ADMIN,
      requestBody: json(TitleInput),
      responses: {
        '200': ok('It was there', MediaAnswer),
        '201': ok('Added', MediaAnswer),
        '409': problem('Its outside ids belong to different titles'),
        ...bad,
        ...refusals,
      },
    },
  },
  '/api/media/{id}': {
    get: {
      summary: 'A title by our id or an outside id (tt…, tmdb:movie:603)',
      security: ADMIN,
      requestParams: { path: id },
      responses: { '200': ok('The title', MediaAnswer), ...gone, ...refusals },
    },
    patch: {
      summary: 'Change a title',
      security: ADMIN,
      requestParams: { path: id },
      requestBody: json(MediaPatch),
      responses: {
        '200': ok('Changed', MediaAnswer),
        '409': problem('An id belongs to another title, which is named, with what can be done'),
        ...bad,
        ...gone,
        ...refusals,
      },
    },
    delete: {
      summary: 'Delete a title',
      security: ADMIN,
      requestParams: { path: id, query: z.object({ force: z.boolean().optional() }) },
      responses: {
        '204': nothing('Deleted'),
        '409': problem('A torrent would be orphaned; ?force=true deletes it too'),
        ...gone,
        ...refusals,
      },
    },
  },
  '/api/media/{id}/episodes/{season}/{episode}': {
    delete: {
      summary: 'Delete an episode, with its links and the streams that are only its',
      security: ADMIN,
      requestParams: { path: id.extend({ season: z.int().min(0), episode: z.int().min(0) }) },
      responses: { '204': nothing('Deleted'), ...bad, ...gone, ...refusals },
    },
  },
  ...reviewPaths,
  ...streamPaths,
  ...preferencePaths,
  '/api/trackers': {
    get: {
      summary: 'Trackers and how they do',
      security: ADMIN,
      responses: { '200': ok('Trackers', TrackersAnswer), ...refusals },
    },
  },
  '/api/trackers/history': {
    get: {
      summary: 'How trackers did over the last day',
      security: ADMIN,
      responses: { '200': ok('Plots', TrackerHistory), ...refusals },
    },
  },
  '/api/trackers/check': {
    post: {
      summary: 'Check trackers now',
      security: ADMIN,
      requestParams: { query: CheckQuery },
      requestBody: json(CheckBody),
      responses: {
        '200': ok('How they do (`wait=true`)', CheckAnswer),
        '202': nothing('Queued'),
        ...bad,
        ...refusals,
      },
    },
  },
  ...communityPaths,
  ...finderPaths,
  ...sourceHealthPaths,
  ...sourcePaths,
  ...torrentPaths,
  ...usenetPaths,
  '/api/live': {
    get: {
      summary: 'Running streams of all instances',
      security: ADMIN,
      responses: { '200': ok('Streams', z.object({ streams: z.array(LiveStream) })), ...refusals },
    },
  },
  '/api/live/{id}': {
    delete: {
      summary: 'Stop a running stream',
      security: ADMIN,
      requestParams: { path: id },
      responses: {
        '204': nothing('Stopped'),
        '503': problem('The instance that sends it did not confirm'),
        ...gone,
        ...refusals,
      },
    },
  },
  '/api/settings': {
    get: {
      summary: 'Run-time settings',
      security: ADMIN,
      responses: { '200': ok('Settings', Settings), ...refusals },
    },
    patch: {
      summary: 'Change settings, all or none; null takes one back to its default',
      security: ADMIN,
      requestBody: json(z.record(z.string(), z.unknown())),
      responses: {
        '200': ok('Settings', Settings),
        '409': problem('Set by the environment'),
        ...bad,
        ...refusals,
      },
    },
  },
};

/** The paths described, for the test that holds them to the routes. */
export const describedPaths: readonly string[] = Object.keys(paths);

/** Methods of the described paths that `path` is one of, in capitals; none when it is none of them. */
export function describedMethods(path: string): string[] {
  const patterns = new Set(patternsOf(path));
  const described = Object.entries(paths).filter(([pattern]) => patterns.has(pattern));
  const names = described.flatMap(([, operations]) => Object.keys(operations));
  const methods = [...new Set(names.map((name) => name.toUpperCase()))];
  return methods.includes('GET') ? [...methods, 'HEAD'] : methods;
}

/** The described paths that `path` is one of. */
export function patternsOf(path: string): string[] {
  return describedPaths.filter((pattern) => matches(pattern, path));
}

function matches(pattern: string, path: string): boolean {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => part.startsWith('{') || part === given[index])
  );
}

/** `GET /api/openapi.json`. Made at the first request: the library costs 10 MB and few ask. */
export function openApiRoutes({ version }: { version: string }): Router {
  const router = Router();
  let document: unknown = null;
  router.get('/openapi.json', async (_req, res) => {
    document ??= await describe(version);
    res.set({ 'Cache-Control': 'max-age=300', 'Access-Control-Allow-Origin': '*' }).json(document);
  });
  return router;
}

async function describe(version: string): Promise<unknown> {
  const { createDocument } = await import('zod-openapi');
  return createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'Tributary',
        version,
        description: 'Errors are application/problem+json (RFC 9457) with a stable `code`.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      components: {
        securitySchemes: {
          admin: {
            type: 'http',
            scheme: 'bearer',
            description: 'The admin token, or a token of an administrator',
          },
          user: { type: 'http', scheme: 'bearer', description: 'An access token of a session' },
          device: { type: 'http', scheme: 'bearer', description: 'The key of a paired device' },
        },
      },
      paths,
    },
    { allowEmptySchema: { unknown: true, custom: true, transform: true } },
  );
}
