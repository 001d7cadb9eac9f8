import { afterAll, beforeAll, beforeEach } from 'vitest';
import { z } from 'zod';
import { Stream } from '../../src/addon/objects.ts';
import { createSubtitleTexts, type SubtitleTexts } from '../../src/features/file-facts/index.ts';
import { mediaRoutes } from '../../src/features/media/index.ts';
import {
  linkRoutes,
  playlistRoutes,
  StreamAnswer,
  streamRoutes,
} from '../../src/features/stream-index/index.ts';
import { command } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { createMediaTools } from '../../src/platform/media-tools/index.ts';
import type { ByteSource, StreamKind } from '../../src/streams/kind.ts';
import type { Kinds } from '../../src/streams/registry.ts';
import { type AddonServer, startAddonServer } from './addon-server.ts';
import { type ApiAnswer, startApi, type TestApi } from './api.ts';
import { type Bencodable, bencode } from './bencode.ts';

const MB = 1_000_000;
const Made = z.object({ id: z.string() });
const Streams = z.object({ streams: z.array(Stream) });

/** One file of a torrent: its path below the root, and how many MB it has. */
export type Entry = readonly [path: string, megabytes: number];

/** The bytes of a `.torrent` of these files; the pieces are not theirs. */
export function torrentOf(name: string, entries: readonly Entry[], more: { [key: string]: Bencodable } = {}) {
  return bencode({
    announce: 'udp://tracker.example:80/announce',
    info: {
      files: entries.map(([path, megabytes]) => ({
        length: Math.round(megabytes * MB),
        path: path.split('/'),
      })),
      name,
      'piece length': 1_048_576,
      pieces: Buffer.alloc(20, name),
      ...more,
    },
  });
}

/**
 * The API and the add-on on one database, emptied before each test. `bytesOf` tells what is in a file of a torrent; without
 * it none can be read here. Registers the hooks.
 */
export function torrentRoom(bytesOf?: (fileIndex: number | null) => Buffer) {
  let addon: AddonServer;
  let api: TestApi;
  let texts: SubtitleTexts;

  beforeAll(async () => {
    addon = await startAddonServer({ PUBLIC_CATALOG: 'all' }, (kinds) => withBytes(kinds, bytesOf));
    const { db, net, kinds, links } = addon;
    texts = createSubtitleTexts({
      ...{ db, net, kinds },
      tools: createMediaTools({ ffmpegPath: '/nonexistent/ffmpeg', cores: 1, log: createLog('silent') }),
      lend: () => Promise.reject(new Error('nothing is lent here')),
    });
    api = await startApi((place) => [
      mediaRoutes({ db, language: 'en', ...place }),
      playlistRoutes({ db, kinds, links, subtitleLinks: addon.subtitleLinks, ...place }),
      streamRoutes({ db, net, kinds, ...place, settled: addon.settled }),
      linkRoutes({ db, net, kinds, links, ...place }),
    ]);
  });
  beforeEach(async () => {
    await addon.db.query(command('test.empty')`TRUNCATE media, stream, tracker RESTART IDENTITY CASCADE`);
  });
  afterAll(async () => {
    await api?.close();
    await addon?.close();
  });

  /** Adds a torrent to a title of `POST /api/media`'s form. */
  async function add(title: object, torrent: Buffer, more: object = {}): Promise<ApiAnswer> {
    const made = await api.ask('POST', '/api/media', title);
    return await api.ask('POST', '/api/streams', {
      ...{ mediaId: Made.parse(made.body).id, torrent: torrent.toString('base64') },
      ...more,
    });
  }
  /** `[season, episode, file]` of each link, the file by its name. */
  const linksOf = ({ body }: ApiAnswer) =>
    StreamAnswer.parse(body).links.map((link) => [
      ...[link.season, link.episode],
      link.fileName?.split('/').at(-1),
    ]);
  /** What the add-on offers for an id. */
  async function streamsOf(type: string, id: string) {
    const { body } = await addon.ask(`/stream/${type}/${encodeURIComponent(id)}.json`);
    return Streams.parse(body).streams;
  }
  return {
    get addon() {
      return addon;
    },
    get api() {
      return api;
    },
    get texts() {
      return texts;
    },
    add,
    linksOf,
    streamsOf,
  };
}

function withBytes(kinds: Kinds, bytesOf: ((fileIndex: number | null) => Buffer) | undefined): Kinds {
  const torrent = kinds.get('torrent');
  if (torrent === undefined) throw new Error('there is no such kind');
  const { open: _open, ...unread } = torrent;
  const changed: StreamKind =
    bytesOf === undefined
      ? unread
      : { ...unread, open: async ({ fileIndex }) => sourceOf(bytesOf(fileIndex)) };
  const all = kinds.all.map((kind) => (kind.kind === 'torrent' ? changed : kind));
  return { ...kinds, all, get: (name) => all.find(({ kind }) => kind === name) };
}

function sourceOf(bytes: Buffer): ByteSource {
  return {
    ...{ size: bytes.length, contentType: 'application/octet-stream', etag: null, lastModified: null },
    send: ({ start, end }, sink) =>
      new Promise((resolve) => void sink.write(bytes.subarray(start, end), resolve)),
    close: async () => undefined,
  };
}
