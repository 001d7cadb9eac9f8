import { z } from 'zod';
import { ProbeAnswer, ProbeQuery } from './features/file-facts/index.ts';
import {
  AddStreamBody,
  Explanation,
  LinkAnswer,
  LinkBody,
  PlaylistQuery,
  StreamAnswer,
  StreamPatch,
  TitleExplanation,
} from './features/stream-index/index.ts';
import { ADMIN, bad, gone, id, json, nothing, ok, problem, refusals } from './openapi-parts.ts';

/** As JSON text: `{"codec":{"exclude":["HEVC"]}}`. */
const explained = { only: z.enum(['licensed', 'all']).optional(), preferences: z.string().optional() };
const Streams = z.object({ streams: z.array(StreamAnswer), nextCursor: z.string().nullable() });

/** Streams and links to them. */
export const streamPaths = {
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
      requestParams: { path: id, query: z.object(explained) },
      responses: { '200': ok('Every verdict', Explanation), ...bad, ...gone, ...refusals },
    },
  },
  '/api/streams/explain': {
    get: {
      summary: 'All streams of a title under some preferences: shown in order, or hidden and by what',
      security: ADMIN,
      requestParams: { query: z.object({ mediaId: z.string(), ...explained }) },
      responses: { '200': ok('Every stream', TitleExplanation), ...bad, ...gone, ...refusals },
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
        '502': problem('The .torrent or NZB at its address could not be fetched'),
        ...bad,
        ...refusals,
      },
    },
  },
};
