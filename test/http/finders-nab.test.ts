import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Finder, FindQuery } from '../../src/finders/finder.ts';
import { FinderFailed } from '../../src/finders/finder-failed.ts';
import { createFinder, type FinderKind } from '../../src/finders/registry.ts';
import type { Net } from '../../src/platform/net.ts';
import {
  capsXml,
  type FeedServer,
  loopbackNet,
  newznabItem,
  sendXml,
  startFeedServer,
  torznabFeed,
  torznabItem,
} from '../support/feed-server.ts';

// What is asked of an indexer, and what is made of its answers.

const HASH = 'aabbccddeeff00112233445566778899aabbccdd';
const FILM: FindQuery = {
  kind: 'movie',
  ids: { imdb: 'tt0063350', tmdb: '10331' },
  titles: ['Night of the Living Dead'],
  year: 1968,
};
const EPISODE: FindQuery = {
  kind: 'series',
  ids: { imdb: 'tt0903747', tvdb: '81189' },
  titles: ['It’s a Show: Part'],
  year: 2008,
  season: 2,
  episode: 5,
};

let server: FeedServer;
let net: Net;
const signal = new AbortController().signal;

beforeAll(async () => {
  server = await startFeedServer();
  net = loopbackNet();
});
beforeEach(() => server.answer(capsXml()));
afterAll(async () => {
  await net.close();
  await server.close();
});

function finder(kind: FinderKind = 'torznab', path = '/api/v2.0/indexers/all/results/torznab/'): Finder {
  return createFinder({ net, keepCaps: (ask, aborted) => ask(aborted) }, kind, {
    url: `${server.baseUrl}${path}`,
    apiKey: 'the-secret-key',
    categories: [],
  });
}

/** Answers caps, and each other question in turn with the next of these. */
function indexer(answers: readonly string[], caps = capsXml()): void {
  let next = 0;
  server.answer((query, res) => {
    if (query.get('t') === 'caps') return sendXml(res, caps);
    next += 1;
    return sendXml(res, answers[next - 1] ?? torznabFeed([]));
  });
}

async function find(query: FindQuery, kind: FinderKind = 'torznab') {
  return (await finder(kind).find?.(query, signal)) ?? null;
}
const questions = () => server.asked.map((query) => Object.fromEntries(query));

describe('a film', () => {
  test('is asked for by its id, with the key and its category', async () => {
    indexer([torznabFeed([torznabItem({ name: 'Night.of.the.Living.Dead.1968.1080p', hash: HASH })])]);
    const found = await find(FILM);
    expect(found?.releases).toMatchObject([
      {
        kind: 'torrent',
        name: 'Night.of.the.Living.Dead.1968.1080p',
        infoHash: HASH,
        seeders: 12,
        leechers: 3,
        sizeBytes: 1_500_000_000,
        publishedAt: '2026-03-14T12:00:00.000Z',
      },
    ]);
    expect(questions().slice(1)).toEqual([
      { t: 'movie', imdbid: '0063350', cat: '2000', extended: '1', limit: '100', apikey: 'the-secret-key' },
    ]);
  });

  test('is asked for by its name where the id finds nothing', async () => {
    indexer([torznabFeed([]), torznabFeed([torznabItem({ name: 'By name', hash: HASH })])]);
    expect((await find(FILM))?.releases).toHaveLength(1);
    expect(questions().at(-1)).toMatchObject({ t: 'movie', q: 'Night of the Living Dead 1968' });
  });

  test('is asked for by its name where the indexer knows no ids', async () => {
    indexer([torznabFeed([])], capsXml({ movie: 'q' }));
    await find(FILM);
    expect(questions().map(({ t, q }) => [t, q])).toEqual([
      ['caps', undefined],
      ['movie', 'Night of the Living Dead 1968'],
    ]);
  });
});

describe('an episode', () => {
  test('is asked for by its number, and by its season for the packs it is in', async () => {
    indexer([
      torznabFeed([torznabItem({ name: 'Show.S02E05', hash: HASH })]),
      torznabFeed([torznabItem({ name: 'Show.S02', hash: HASH.replaceAll('a', '0') })]),
    ]);
    expect((await find(EPISODE))?.releases.map(({ name }) => name)).toEqual(['Show.S02E05', 'Show.S02']);
    expect(questions().slice(1)).toMatchObject([
      { t: 'tvsearch', tvdbid: '81189', season: '2', ep: '5', cat: '5000' },
      { t: 'tvsearch', tvdbid: '81189', season: '2' },
    ]);
  });

  test('is asked for by words where the indexer knows no other way', async () => {
    const caps = capsXml().replace('<tv-search available="yes"', '<tv-search available="no"');
    indexer([], caps);
    await find(EPISODE);
    expect(questions().map(({ q }) => q)).toEqual([
      undefined,
      'Its a Show Part S02E05',
      'Its a Show Part S02',
    ]);
  });
});

describe('what it answers', () => {
  test('posts come with their address, and a password that is told', async () => {
    const link = 'https://indexer.example/api?t=get&id=0123&apikey=the-secret-key';
    indexer([
      torznabFeed([newznabItem({ name: 'A.Post', link, attributes: { password: 1, imdb: '0063350' } })]),
    ]);
    const [post] = (await find(FILM, 'newznab'))?.releases ?? [];
    expect(post).toMatchObject({
      kind: 'usenet',
      nzbUrl: link,
      isPassworded: true,
      ids: { imdb: 'tt0063350' },
    });
    expect(post?.guid).toBe('https://indexer.example/api?t=get&id=0123');
  });

  test('a magnet tells the hash, and a link of the proxy is a torrent file', async () => {
    const magnet = `magnet:?xt=urn:btih:${HASH.toUpperCase()}&dn=x`;
    const proxy = `${server.baseUrl}/dl/example/?jackett_apikey=k&path=abc`;
    indexer([torznabFeed([torznabItem({ name: 'A', magnet }), torznabItem({ name: 'B', link: proxy })])]);
    expect((await find(FILM))?.releases).toMatchObject([
      { name: 'A', infoHash: HASH, magnet },
      { name: 'B', infoHash: null, torrentUrl: proxy },
    ]);
  });

  test('what stands under no family’s categories is left out', async () => {
    indexer([torznabFeed([torznabItem({ name: 'A', hash: HASH, attributes: { category: 6040 } })])]);
    expect((await find(FILM))?.releases).toEqual([]);
  });

  test('pages are read on while there is more', async () => {
    const page = (from: number) =>
      torznabFeed(
        Array.from({ length: 2 }, (_, n) =>
          torznabItem({ name: `N${from + n}`, hash: `${from + n}`.padStart(40, '0') }),
        ),
        '<newznab:response offset="0" total="3" />',
      );
    indexer([page(0), page(2)], capsXml({ limit: 2 }));
    expect((await find(FILM))?.releases).toHaveLength(4);
    expect(questions().map(({ offset }) => offset)).toEqual([undefined, undefined, '2']);
  });

  test('one that knows no offset is not asked for ever', async () => {
    const same = torznabFeed(
      [torznabItem({ name: 'A', hash: HASH })],
      '<newznab:response total="9999999" />',
    );
    indexer([same, same, same, same], capsXml({ limit: 1 }));
    expect((await find(FILM))?.releases).toHaveLength(1);
    expect(server.asked).toHaveLength(3);
  });

  test('a limit that is used up is told beside the answer', async () => {
    const limits = '<newznab:apilimits apiCurrent="100" apiMax="100" grabCurrent="0" grabMax="9" />';
    indexer([torznabFeed([torznabItem({ name: 'A', hash: HASH })], limits)]);
    expect(await find(FILM)).toMatchObject({ restMs: 3_600_000 });
  });
});

describe('refusals', () => {
  const failure = async (): Promise<FinderFailed> => {
    const error: unknown = await find(FILM).catch((caught: unknown) => caught);
    if (!(error instanceof FinderFailed)) throw new Error('nothing failed', { cause: error });
    expect(error.message).not.toContain('the-secret-key');
    return error;
  };
  const errorXml = (code: number) =>
    `<?xml version="1.0"?><error code="${code}" description="key the-secret-key" />`;

  test.each([
    [100, 'refused', null],
    [101, 'refused', null],
    [500, 'limit', 3_600_000],
    [429, 'limit', 3_600_000],
    [201, 'request', null],
    [300, 'request', null],
    [900, 'unreachable', null],
    [910, 'unreachable', null],
  ])('error document %i is %s', async (code, fault, restMs) => {
    server.answer(errorXml(code));
    expect(await failure()).toMatchObject({ fault, restMs });
  });

  test.each<[number, Record<string, string>, string, number | null]>([
    [429, { 'retry-after': '120' }, 'limit', 120_000],
    [429, {}, 'limit', 60_000],
    [429, { 'retry-after': '99999999' }, 'limit', 86_400_000],
    [429, { 'retry-after': 'whenever' }, 'limit', 60_000],
    [503, { 'retry-after': '5' }, 'unreachable', 5000],
    [401, {}, 'refused', null],
    [404, {}, 'broken', null],
  ])('status %i with %o is %s', async (status, headers, fault, restMs) => {
    server.answer((_query, res) => res.writeHead(status, headers).end('no'));
    expect(await failure()).toMatchObject({ fault, restMs });
  });

  test('a date says how long it is to be left alone', async () => {
    const at = new Date(Date.now() + 600_000).toUTCString();
    server.answer((_query, res) => res.writeHead(429, { 'retry-after': at }).end());
    expect((await failure()).restMs).toBeGreaterThan(500_000);
  });

  test('a host that may not be dialled names the setting', async () => {
    const place = { url: 'http://127.0.0.1.example.invalid/', apiKey: null, categories: [] };
    const closed = createFinder({ net, keepCaps: (ask, aborted) => ask(aborted) }, 'torznab', place);
    await expect(closed.test(signal)).rejects.toMatchObject({
      code: 'net.refused',
      message: expect.stringContaining('OUTBOUND_ALLOW'),
    });
  });

  test('who leaves is not told of a failure', async () => {
    server.answer(() => undefined);
    const leaving = new AbortController();
    setTimeout(() => leaving.abort(new Error('left')), 50);
    await expect(finder().test(leaving.signal)).rejects.toThrow('left');
  });
});

test('a test says in words what the indexer is', async () => {
  indexer([torznabFeed([torznabItem({ name: 'A', hash: HASH })])]);
  expect(await finder().test(signal)).toBe(
    'Example Indexer: 5 categories, searched by imdbid, tmdbid, tvdbid, 1 releases just now.',
  );
  expect(questions()).toMatchObject([{ t: 'caps' }, { t: 'search', cat: '2000,5000' }]);
});
