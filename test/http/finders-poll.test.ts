import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { addFinder, FinderBody } from '../../src/features/finders/change-finders.ts';
import { pollFeeds } from '../../src/features/finders/poll-feeds.ts';
import { finderAnswers } from '../../src/features/finders/queries/finders.ts';
import { finderDays, forgetDays, noteOutcome } from '../../src/features/finders/queries/outcomes.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { type AddonServer, startAddonServer } from '../support/addon-server.ts';
import { type FeedServer, sendXml, startFeedServer } from '../support/feed-server.ts';

// Feeds that are read again and again: what is taken, where it is put, and what is left alone.

let addon: AddonServer;
let server: FeedServer;
const { signal } = new AbortController();

beforeAll(async () => {
  addon = await startAddonServer({ PUBLIC_CATALOG: 'all' });
  server = await startFeedServer();
});
afterAll(async () => {
  await addon.close();
  await server.close();
});
beforeEach(() =>
  addon.db.query(
    command('test.empty')`TRUNCATE media, stream, finder, catalog_item RESTART IDENTITY CASCADE`,
  ),
);

const hash = (n: number) => `${n}`.padStart(40, 'e');
const item = (n: number, name: string) =>
  `<item><title>${name}</title><link>magnet:?xt=urn:btih:${hash(n)}&amp;dn=x</link></item>`;
const feed = (...items: string[]) => `<rss><channel>${items.join('')}</channel></rss>`;
const add = (more: object = {}) =>
  addFinder(addon, FinderBody.parse({ kind: 'rss', name: 'Feed', url: `${server.baseUrl}/rss`, ...more }));
const poll = () =>
  pollFeeds({ ...addon, log: createLog('silent'), caps: { get: (_key, load) => load(signal) } }, signal);
const makeDue = () =>
  addon.db.query(command('test.due')`UPDATE finder SET next_poll_at = now(), rest_until = NULL`);
const stored = () =>
  addon.db.any(
    rows(
      'test.stored',
      z.object({
        title: z.string(),
        year: z.int().nullable(),
        place: z.string(),
        list: z.string().nullable(),
      }),
    )`
    SELECT m.title, m.year, coalesce('S' || s.number || 'E' || e.number, m.kind) AS place, c.slug AS list
    FROM stream_media_link l JOIN media m ON m.id = l.media_id
    LEFT JOIN episode e ON e.id = l.episode_id LEFT JOIN season s ON s.id = e.season_id
    LEFT JOIN catalog_item i ON i.media_id = m.id LEFT JOIN catalog c ON c.id = i.catalog_id ORDER BY l.id
  `,
  );
const only = async () => (await finderAnswers(addon.db, null, 5))[0];

test('a feed without patterns is taken whole, titles and all, and once', async () => {
  server.answer(feed(item(1, 'Some.Film.2001.1080p'), item(2, 'Some.Show.S02E05.720p')));
  await add();
  expect(await poll()).toBe(1);
  expect(await stored()).toEqual([
    { title: 'Some Film', year: 2001, place: 'movie', list: null },
    { title: 'Some Show', year: null, place: 'S2E5', list: null },
  ]);
  expect(await only()).toMatchObject({ asked: 1, found: 2, failures: 0 });
  expect(await poll()).toBe(0);
  await addon.db.query(command('test.empty')`TRUNCATE media, stream CASCADE`);
  await makeDue();
  expect(await poll()).toBe(1);
  // What its owner deleted since does not come back.
  expect(await stored()).toEqual([]);
});

test('patterns choose, say what is what, and put it into a catalogue', async () => {
  server.answer(
    feed(item(1, 'Some.Film.2001.1080p'), item(2, 'Other.Film.2002.720p'), item(3, 'Talk No 7: Ducks')),
  );
  await add({
    patterns: [
      { pattern: '1080p', catalog: 'open-films' },
      { pattern: '^(?P<title>Talk) No (?P<episode>\\d+)' },
    ],
  });
  await poll();
  expect(await stored()).toEqual([
    { title: 'Some Film', year: 2001, place: 'movie', list: 'open-films' },
    { title: 'Talk', year: null, place: 'S1E7', list: null },
  ]);
});

test('patterns that want to explode over a full feed end in time', async () => {
  const names = Array.from({ length: 150 }, (_, n) => item(n, `${'a'.repeat(400)} ${n}`));
  server.answer(feed(...names));
  await add({ patterns: Array.from({ length: 5 }, () => ({ pattern: '(.*a){15}(a|aa)+(x+x+)+y$' })) });
  const begun = performance.now();
  await poll();
  expect(performance.now() - begun).toBeLessThan(20_000);
  expect(await stored()).toEqual([]);
}, 60_000);

test('what is not approved is not read', async () => {
  server.answer(feed(item(1, 'Some.Film.2001.1080p')));
  await add({ state: 'pending' });
  expect(await poll()).toBe(0);
  expect(server.asked).toEqual([]);
});

test('a feed that fails rests, and says why', async () => {
  server.answer('<!DOCTYPE html><html></html>');
  await add();
  await poll();
  expect(await only()).toMatchObject({
    ...{ asked: 1, failures: 1, lastError: 'It answered with something else than a feed.' },
    restUntil: expect.any(String),
  });
  await addon.db.query(command('test.due')`UPDATE finder SET next_poll_at = now()`);
  expect(await poll()).toBe(0);
});

test('each day is counted, and the last failure is told after it has answered again', async () => {
  server.answer('<!DOCTYPE html><html></html>');
  await add();
  await poll();
  server.answer(feed(item(1, 'Some.Film.2001.1080p'), item(2, 'Other.Film.2002.720p')));
  await makeDue();
  await poll();
  await makeDue();
  await poll();
  const finder = await only();
  expect(finder).toMatchObject({
    ...{ asked: 3, failures: 1, lastError: null },
    lastFailure: { error: 'It answered with something else than a feed.', at: expect.any(String) },
  });
  expect(Math.abs(Date.now() - Date.parse(finder?.lastFailure?.at ?? ''))).toBeLessThan(60_000);
  const [today, ...others] = await finderDays(addon.db, 5);
  expect(others).toEqual([]);
  expect(today).toMatchObject({ finderId: finder?.finderId, asked: 3, failures: 1, found: 2 });
  expect(today?.answerMs).toBeGreaterThan(0);
  expect(today?.answerMs).toBeLessThan(60_000);

  await addon.db.query(command('test.days')`
    INSERT INTO finder_day (finder_id, day, asked)
    SELECT f.id, (now() AT TIME ZONE 'UTC')::date - ago, ago FROM finder f, unnest(ARRAY[29, 30, 400, 401]) AS ago`);
  // The oldest first, 30 of them with today.
  expect((await finderDays(addon.db, 5)).map(({ asked }) => asked)).toEqual([29, 3]);
  expect(await forgetDays(addon.db)).toBe(1);
  expect(await forgetDays(addon.db)).toBe(0);
  await addon.db.query(command('test.empty')`DELETE FROM finder`);
  expect(await finderDays(addon.db, 5)).toEqual([]);
  // One that was removed while it was asked.
  await noteOutcome(addon.db, 0, { found: 1, error: null, restMs: null, tookMs: 1 });
  expect(await finderDays(addon.db, 5)).toEqual([]);
});

test('two instances read a feed once', async () => {
  server.answer((_query, res) => sendXml(res, feed(item(1, 'Some.Film.2001.1080p'))));
  await add();
  const counts = await Promise.all([poll(), poll()]);
  expect(counts.sort()).toEqual([0, 1]);
  expect(server.asked).toHaveLength(1);
});
