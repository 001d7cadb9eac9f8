import {
  RemoveQuery,
  Torrent,
  TorrentPath,
  TorrentsAnswer,
  TorrentsQuery,
} from './features/torrents/index.ts';
import { ADMIN, bad, gone, nothing, ok, problem, refusals } from './openapi-parts.ts';

/** What is described of `/api/torrents`. */
export const torrentPaths = {
  '/api/torrents': {
    get: {
      summary: 'What lies on disk of torrents; those being watched first',
      security: ADMIN,
      requestParams: { query: TorrentsQuery },
      responses: { '200': ok('A page', TorrentsAnswer), ...bad, ...refusals },
    },
  },
  '/api/torrents/{infoHash}': {
    get: {
      summary: 'One torrent',
      security: ADMIN,
      requestParams: { path: TorrentPath },
      responses: { '200': ok('The torrent', Torrent), ...bad, ...gone, ...refusals },
    },
    delete: {
      summary: 'Remove it from memory and disk, on all instances; what is saved of it as a stream stays',
      security: ADMIN,
      requestParams: { path: TorrentPath, query: RemoveQuery },
      responses: {
        '204': nothing('Removed'),
        '409': problem('Somebody is watching it; ?force=true ends that with 410'),
        ...bad,
        ...gone,
        ...refusals,
      },
    },
  },
  '/api/torrents/{infoHash}/pause': {
    post: {
      summary: 'No peers until it is resumed, on all instances; viewers get what is on disk',
      security: ADMIN,
      requestParams: { path: TorrentPath },
      responses: { '200': ok('The torrent', Torrent), ...bad, ...gone, ...refusals },
    },
  },
  '/api/torrents/{infoHash}/resume': {
    post: {
      summary: 'Ends a pause, on all instances',
      security: ADMIN,
      requestParams: { path: TorrentPath },
      responses: { '200': ok('The torrent', Torrent), ...bad, ...gone, ...refusals },
    },
  },
};
