import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { addFinder, FinderBody } from '../../src/features/finders/change-finders.ts';
import { type FinderAnswer, finderAnswers } from '../../src/features/finders/queries/finders.ts';
import { command, rows } from '../../src/platform/db.ts';
import { streamsIn } from '../support/addon-answers.ts';
import { type AddonServer, startAddonServer } from '../support/addon-server.ts';
import { bencode } from '../support/bencode.ts';
import {
  capsXml,
  type FeedServer,
  newznabItem,
  sendXml,
  startFeedServer,
  torznabFeed,
  torznabItem,
} from '../support/feed-server.ts';

// A title without streams, that somebody opens: finders are asked while they wait.

const FILM = 'tt0000071';
const SHOW = 'tt0000072';
let addon: AddonServer;
let one: FeedServer;
let two: FeedServer;
let round = 0;

beforeAll(async () => {
  addon = await startAddonServer({ PUBLIC_CATALOG: 'all' });
  await addon.set({ torrentPlayer: 'client' });
  one = await startFeedServer();
  two = await startFeedServer();
});
afterAll(async () => {
  await addon.close();
  await one.close();
  await two.close();
});
beforeEach(async () => {
  await addon.db.query(command('test.empty')`TRUNCATE media, stream, finder, shared_value CASCADE`);
  await addon.add({ kind: 'movie', title: 'Some Film', year: 2001, ids: { imdb: FILM } });
  const seasons = [{ number: 1, episodes: [1, 2].map((number) => ({ number })) }];
  await addon.add({ kind: 'series', title: 'Some Show', year: 2005, ids: { imdb: SHOW }, seasons });
  for (const server of [one, two]) indexer(server, []);
});

const hash = (n: number) => `${n}`.padStart(40, 'a');
const film = (n: number, name = 'Some.Film.2001.1080p.BluRay') =>
  torznabItem({ name, hash: hash(n), seeders: n });

/** Caps at once; what is searched for after a while. */
function indexer(server: FeedServer, items: readonly string[], waitMs = 0): void {
  server.answer(async (query, res) => {
    if (query.get('t') === 'caps') return sendXml(res, capsXml());
    await sleep(waitMs);
    return sendXml(res, torznabFeed(items));
  });
}

async function addIndexer(server: FeedServer, more: object = {}): Promise<void> {
  round += 1;
  const url = `${server.baseUrl}/${round}/api`;
  await addFinder(
    addon,
    FinderBody.parse({ kind: 'torznab', name: `Indexer ${round}`, url, apiKey: 'key', ...more }),
  );
}
async function streamsOf(id = FILM) {
  const type = id.startsWith(FILM) ? 'movie' : 'series';
  return streamsIn((await addon.ask(`/stream/${type}/${encodeURIComponent(id)}.json`)).body);
}
const searches = (server: FeedServer) => server.asked.filter((query) => query.get('t') !== 'caps');
const told = async (): Promise<readonly FinderAnswer[]> => await finderAnswers(addon.db, null, 10);
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let n = 0; n < 200 && !(await isSo()); n += 1) await sleep(50);
}
const countOf = async (): Promise<number> =>
  await addon.db.oneFirst(
    rows('test.streams', z.object({ n: z.int() }))`SELECT count(*)::integer AS n FROM stream`,
  );

describe('a film nobody has', () => {
  test('is found, kept and offered, best first', async () => {
    indexer(one, [film(1), film(2, 'Some.Film.2001.2160p.WEB-DL'), film(3, 'Another.Film.2001.1080p')]);
    await addIndexer(one);
    const streams = await streamsOf();
    expect(streams.map(({ infoHash }) => infoHash)).toEqual([hash(2), hash(1)]);
    const [finder] = await told();
    expect(finder).toMatchObject({ asked: 1, found: 2, failures: 0, lastError: null });
    const { body } = await addon.metrics.render();
    expect(body).toContain(`tributary_finder_requests_total{finder="${finder?.name}"} 1\n`);
    expect(body).toContain(`tributary_finder_releases_total{finder="${finder?.name}"} 2\n`);
    await streamsOf();
    expect(searches(one)).toHaveLength(1);
  });

  test('is searched for once, however many watch', async () => {
    indexer(one, [film(1)], 300);
    await addIndexer(one);
    const answers = await Promise.all(Array.from({ length: 20 }, () => streamsOf()));
    expect(answers.map((streams) => streams[0]?.infoHash)).toEqual(Array(20).fill(hash(1)));
    expect(searches(one)).toHaveLength(1);
  });

  test('is offered by the first that has it, and what comes later is kept', async () => {
    indexer(one, [film(1)]);
    indexer(two, [film(2, 'Some.Film.2001.720p.WEB-DL')], 2500);
    await addIndexer(one);
    await addIndexer(two);
    const begun = performance.now();
    expect((await streamsOf()).map(({ infoHash }) => infoHash)).toEqual([hash(1)]);
    expect(performance.now() - begun).toBeLessThan(2400);
    await until(async () => (await countOf()) === 2);
    await addon.settled();
    expect(await streamsOf()).toHaveLength(2);
  });

  test('is told to be looked for, where that takes long', async () => {
    indexer(one, [film(1)], 4500);
    await addIndexer(one);
    const answer = await addon.ask(`/stream/movie/${FILM}.json`);
    expect(streamsIn(answer.body)[0]?.description).toContain('looked for');
    expect(answer.headers.get('cache-control')).toContain('max-age=3');
    await until(async () => (await countOf()) === 1);
    await addon.settled();
    expect(await streamsOf()).toMatchObject([{ infoHash: hash(1) }]);
  });

  test('that is found nowhere is not asked for again in the same minute', async () => {
    await addIndexer(one);
    expect((await streamsOf())[0]?.description).toContain('Nothing to play yet');
    await streamsOf();
    expect(searches(one).map((query) => query.get('q'))).toEqual([null, 'Some Film 2001']);
  });

  test('is found by one where others fail, and why is told without the key', async () => {
    indexer(one, [film(1)]);
    two.answer((_query, res) => sendXml(res, '<error code="100" description="key is wrong"/>'));
    await addIndexer(one);
    await addIndexer(two);
    expect(await streamsOf()).toHaveLength(1);
    await until(async () => (await told()).every(({ asked }) => asked === 1));
    expect((await told())[1]).toMatchObject({
      ...{ asked: 1, found: 0, failures: 1 },
      lastError: 'It refuses the key or the account (error 100).',
      restUntil: expect.any(String),
    });
  });

  test('is not asked of one that rests, or that is not approved', async () => {
    two.answer((_query, res) => res.writeHead(429, { 'retry-after': '600' }).end());
    await addIndexer(two);
    await addIndexer(one, { state: 'pending' });
    await streamsOf();
    const asked = two.asked.length;
    await addon.db.query(command('test.forget')`TRUNCATE shared_value`);
    await streamsOf(`${SHOW}:1:1`);
    expect(two.asked).toHaveLength(asked);
    expect(one.asked).toHaveLength(0);
  });
});

describe('what was found', () => {
  test('an episode is linked to its place, and a season’s pack to the series', async () => {
    indexer(one, [
      torznabItem({ name: 'Some.Show.S01E02.720p', hash: hash(5) }),
      torznabItem({ name: 'Some.Show.S01.1080p', hash: hash(6) }),
      torznabItem({ name: 'Some.Show.S01E01.720p', hash: hash(7) }),
    ]);
    await addIndexer(one);
    expect((await streamsOf(`${SHOW}:1:2`)).map(({ infoHash }) => infoHash)).toEqual([hash(5)]);
    const links = await addon.db.any(rows(
      'test.links',
      z.object({ hash: z.string(), episode: z.int().nullable() }),
    )`
      SELECT t.info_hash AS hash, e.number AS episode FROM stream_media_link l JOIN stream_torrent t ON t.stream_id = l.stream_id
      LEFT JOIN episode e ON e.id = l.episode_id ORDER BY t.info_hash
    `);
    expect(links).toEqual([
      { hash: hash(5), episode: 2 },
      { hash: hash(6), episode: null },
    ]);
  });

  test('a torrent behind a proxy’s link is fetched, and a redirect to a magnet followed', async () => {
    const torrent = bencode({
      info: {
        name: 'Some.Film.2001.mkv',
        length: 1e9,
        'piece length': 2 ** 24,
        pieces: Buffer.alloc(20 * 60),
      },
    });
    const link = (path: string) => `${one.baseUrl}/dl/${path}?apikey=key`;
    const magnet = `magnet:?xt=urn:btih:${hash(9)}&dn=x`;
    const named = (path: string) => torznabItem({ name: `Some.Film.2001.1080p-${path}`, link: link(path) });
    const feed = torznabFeed(['file', 'hop', 'loop', 'page'].map(named));
    const pages: Record<string, (res: ServerResponse) => unknown> = {
      file: (res) => res.end(torrent),
      hop: (res) => res.writeHead(302, { location: '/dl/magnet' }).end(),
      magnet: (res) => res.writeHead(301, { location: magnet }).end(),
      loop: (res) => res.writeHead(302, { location: '/dl/loop' }).end(),
      page: (res) => res.end('<html>Sign in</html>'),
    };
    one.answer((query, res, req) => {
      const [, page = ''] = /^\/dl\/(\w+)/.exec(req.url ?? '') ?? [];
      const give = pages[page];
      return give ? give(res) : sendXml(res, query.get('t') === 'caps' ? capsXml() : feed);
    });
    await addIndexer(one);
    await streamsOf();
    await until(async () => (await told())[0]?.asked === 1);
    await addon.settled();
    const found = await streamsOf();
    expect(found).toHaveLength(2);
    expect(found.map(({ infoHash }) => infoHash)).toContain(hash(9));
    expect(JSON.stringify(found)).not.toContain('apikey');
  });

  test('a post keeps its address sealed', async () => {
    const nzb = 'https://indexer.example/api?t=get&id=1&apikey=the-secret-key';
    indexer(one, [newznabItem({ name: 'Some.Film.2001.1080p', link: nzb })]);
    await addIndexer(one, { kind: 'newznab' });
    expect((await streamsOf())[0]?.description).toContain('Usenet');
    const text = await addon.db.oneFirst(
      rows(
        'test.row',
        z.object({ text: z.string() }),
      )`SELECT string_agg(u::text || s::text, ' ') AS text FROM stream_usenet u JOIN stream s ON s.id = u.stream_id`,
    );
    expect(text).not.toContain('the-secret-key');
  });
});

test('where only open licences are shown nobody is asked', async () => {
  await using licensed = await startAddonServer({ PUBLIC_CATALOG: 'licensed' });
  await licensed.add({ kind: 'movie', title: 'Some Film', year: 2001, ids: { imdb: FILM } });
  indexer(one, [film(1)]);
  await addFinder(licensed, FinderBody.parse({ kind: 'torznab', name: 'A', url: `${one.baseUrl}/api` }));
  await licensed.ask(`/stream/movie/${FILM}.json`);
  expect(one.asked).toEqual([]);
});
