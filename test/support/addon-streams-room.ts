import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { z } from 'zod';
import { command, rows } from '../../src/platform/db.ts';
import { type AddonStream, streamsIn } from './addon-answers.ts';
import { type AddonServer, type StreamOf, startAddonServer } from './addon-server.ts';

/** The add-on with a film and a show whose streams a test adds. Registers the hooks. */
export function addonStreamsRoom(env: Readonly<Record<string, string>> = { PUBLIC_CATALOG: 'all' }) {
  // What a title offers to play, in which order and in which words.

  const HTTPS = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'films.example' };
  const FILM = 'tt0000061';
  const SHOW = 'tt0000062';

  let server: AddonServer;
  let film: number;
  let show: number;
  let episodes: number[];

  beforeAll(async () => {
    server = await startAddonServer(env);
    // Unless a test is about the other.
    await server.set({ torrentPlayer: 'client' });
  });
  afterAll(() => server?.close());
  beforeEach(async () => {
    await server.db.query(command('test.empty')`TRUNCATE media, stream, tracker RESTART IDENTITY CASCADE`);
    film = await server.add({ kind: 'movie', title: 'Film', ids: { imdb: FILM } });
    const seasons = [{ number: 1, episodes: [1, 2, 3].map((number) => ({ number })) }];
    show = await server.add({ kind: 'series', title: 'Show', ids: { imdb: SHOW }, seasons });
    const found = await server.db.any(
      rows('test.episodes', z.object({ id: z.int() }))`SELECT id FROM episode ORDER BY number`,
    );
    episodes = found.map((episode) => episode.id);
  });

  const hash = () => randomBytes(20).toString('hex');
  const file = (name: string, more: object = {}): StreamOf => ({
    kind: 'http',
    url: `https://files.example/${randomBytes(6).toString('hex')}/${encodeURIComponent(name)}`,
    name,
    ...more,
  });
  const torrent = (name: string, more: object = {}): StreamOf => ({
    kind: 'torrent',
    infoHash: hash(),
    name,
    ...more,
  });
  const add = (stream: StreamOf) => server.addStream(stream, { mediaId: film });
  async function streamsOf(id = FILM, headers: Record<string, string> = {}): Promise<AddonStream[]> {
    const type = id.startsWith(FILM) ? 'movie' : 'series';
    const { body } = await server.ask(`/stream/${type}/${encodeURIComponent(id)}.json`, { headers });
    return streamsIn(body);
  }
  const firstLines = async (id?: string) =>
    (await streamsOf(id)).map((stream) => stream.description.split('\n')[0]);
  return {
    get server() {
      return server;
    },
    get film() {
      return film;
    },
    get show() {
      return show;
    },
    get episodes() {
      return episodes;
    },
    HTTPS,
    FILM,
    SHOW,
    hash,
    file,
    torrent,
    add,
    streamsOf,
    firstLines,
  };
}
