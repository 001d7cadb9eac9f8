import { Router } from 'express';
import { z } from 'zod';
import { ProbeAnswer, ProbeQuery } from './features/file-facts/index.ts';
import { MediaAnswer, MediaPage, MediaPatch, MediaQuery, TitleInput } from './features/media/index.ts';
import { SettingEntry } from './features/settings/index.ts';
import { Overview } from './features/stats/index.ts';
import {
  AddStreamBody,
  Explanation,
  LinkAnswer,
  LinkBody,
  PlaylistQuery,
  StreamAnswer,
  StreamPatch,
} from './features/stream-index/index.ts';
import { Tracker } from './features/trackers/index.ts';
import { LiveStream } from './play/live.ts';

const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  /** `room.event`, stable. */
  code: z.string(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

const id = z.object({ id: z.string() });
const json = (schema: z.ZodType) => ({ content: { 'application/json': { schema } } });
const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: Problem } },
});
const ok = (description: string, schema: z.ZodType) => ({ description, ...json(schema) });
const nothing = (description: string) => ({ description });
const ADMIN = [{ admin: [] }];
const refusals = { '401': problem('Not signed in'), '429': problem('Too many requests; see Retry-After') };
const bad = { '400': problem('A field is wrong; `issues` names it') };
const gone = { '404': problem('There is no such thing') };
const Settings = z.object({ settings: z.array(SettingEntry) });
const Streams = z.object({ streams: z.array(StreamAnswer), nextCursor: z.string().nullable() });

/** Every route of the API from the schemas that parse it. */
const paths = {
  '/api/overview': {
    get: {
      summary: 'What the front page shows',
      responses: { '200': ok('The catalogue at a glance', Overview) },
    },
  },
  '/api/health': { get: { summary: 'Checks and the last hour', responses: { '200': nothing('Health') } } },
  '/api/titles/{id}/playlist.m3u': {
    get: {
      summary: 'One title as M3U',
      requestParams: { path: id },
      responses: { '200': nothing('audio/x-mpegurl'), ...gone },
    },
  },
  '/api/admin-session': {
    get: {
      summary: 'Is this page signed in?',
      responses: { '200': ok('', z.object({ admin: z.boolean() })) },
    },
    post: {
      summary: 'Sign in with the admin token',
      requestBody: json(z.object({ token: z.string() })),
      responses: { '204': nothing('Signed in; a cookie is set'), ...bad, ...refusals },
    },
    delete: { summary: 'Sign out', responses: { '204': nothing('Signed out') } },
  },
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
      responses: { '200': ok('Changed', MediaAnswer), ...bad, ...gone, ...refusals },
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
  '/api/streams': {
    get: {
      summary: 'Streams of a title',
      security: ADMIN,
      requestParams: { query: z.object({ mediaId: z.string() }) },
      responses: { '200': ok('Streams', Streams), ...bad, ...gone, ...refusals },
    },
    post: {
      summary: 'Add a stream to a title',
      security: ADMIN,
      requestBody: json(AddStreamBody),
      responses: {
        '201': ok('Added', StreamAnswer),
        '403': problem('Its host may not be reached'),
        '502': problem('The origin is down or answers nonsense; nothing was saved'),
        '504': problem('The origin did not answer in time'),
        ...bad,
        ...gone,
        ...refusals,
      },
    },
  },
  '/api/streams/{id}': {
    get: {
      summary: 'A stream',
      security: ADMIN,
      requestParams: { path: id },
      responses: { '200': ok('The stream', StreamAnswer), ...gone, ...refusals },
    },
    patch: {
      summary: 'Change a stream',
      security: ADMIN,
      requestParams: { path: id },
      requestBody: json(StreamPatch),
      responses: { '200': ok('Changed', StreamAnswer), ...bad, ...gone, ...refusals },
    },
    delete: {
      summary: 'Delete a stream',
      security: ADMIN,
      requestParams: { path: id },
      responses: { '204': nothing('Deleted'), ...gone, ...refusals },
    },
  },
  '/api/streams/playlist.m3u': {
    get: {
      summary: 'All that can be read here as M3U',
      security: ADMIN,
      requestParams: { query: PlaylistQuery },
      responses: { '200': nothing('audio/x-mpegurl'), ...bad, ...refusals },
    },
  },
  '/api/streams/{id}/playlist.m3u': {
    get: {
      summary: 'The videos of a stream as M3U, with their subtitles',
      security: ADMIN,
      requestParams: { path: id, query: PlaylistQuery },
      responses: {
        '200': nothing('audio/x-mpegurl'),
        '422': problem('Nothing of it can be read here'),
        ...bad,
        ...gone,
        ...refusals,
      },
    },
  },
  '/api/streams/{id}/explain': {
    get: {
      summary: 'Why it is offered, or not',
      security: ADMIN,
      requestParams: { path: id },
      responses: { '200': ok('Every verdict', Explanation), ...gone, ...refusals },
    },
  },
  '/api/streams/{id}/probe': {
    post: {
      summary: 'Look into its file: tracks, length, hash',
      security: ADMIN,
      requestParams: { path: id, query: ProbeQuery },
      responses: {
        '200': ok('What was found (`wait=true`)', ProbeAnswer),
        '202': nothing('Queued'),
        '503': problem('ffmpeg is not installed, or too busy'),
        ...gone,
        ...refusals,
      },
    },
  },
  '/api/links': {
    post: {
      summary: 'A play link for any supported address',
      security: ADMIN,
      requestBody: json(LinkBody),
      responses: {
        '201': {
          description: 'The link; with `Accept: audio/x-mpegurl` an M3U of the videos inside',
          content: {
            ...json(LinkAnswer).content,
            'audio/x-mpegurl': { schema: z.string() },
          },
        },
        '403': problem('Its host may not be reached'),
        '422': problem('Streams of its kind have no bytes to play here'),
        '502': problem('The .torrent at its address could not be fetched'),
        ...bad,
        ...refusals,
      },
    },
  },
  '/api/trackers': {
    get: {
      summary: 'Trackers and how they do',
      security: ADMIN,
      responses: { '200': ok('Trackers', z.object({ trackers: z.array(Tracker) })), ...refusals },
    },
  },
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

/** Methods of the described path that `path` is one of, in capitals; none when it is none of them. */
export function describedMethods(path: string): string[] {
  const described = Object.entries(paths).find(([pattern]) => matches(pattern, path));
  const methods = described === undefined ? [] : Object.keys(described[1]).map((name) => name.toUpperCase());
  return methods.includes('GET') ? [...methods, 'HEAD'] : methods;
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
        securitySchemes: { admin: { type: 'http', scheme: 'bearer', description: 'The admin token' } },
      },
      paths,
    },
    { allowEmptySchema: { unknown: true, custom: true, transform: true } },
  );
}
