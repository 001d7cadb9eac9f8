import nock from 'nock';
import { afterAll, afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { titlesForNames } from '../../src/features/media/index.ts';
import { createEnricher } from '../../src/features/metadata/index.ts';
import { makeFailedDue, sourceStates } from '../../src/features/metadata/queries/progress.ts';
import { rows } from '../../src/platform/db.ts';
import { openJsonApi } from '../../src/platform/json-api.ts';
import { createLog } from '../../src/platform/log.ts';
import { cinemeta } from '../../src/providers/cinemeta/index.ts';
import { enrichmentRoom } from '../support/enrichment-room.ts';
import { endOutside, outsideNet } from '../support/outside-api.ts';

// A provider that says how long it wants peace (429, Retry-After), by its own HTTP.

const { db } = enrichmentRoom();
const NEVER = new AbortController().signal;
const net = outsideNet();
afterEach(() => nock.cleanAll());
afterAll(async () => {
  await net.close();
  endOutside();
});

const FILMS = Array.from({ length: 24 }, (_, n) => ({ title: `Silent Lantern ${n + 2}`, year: 1950 + n }));

/** Cinemeta with these films; `refuses` answers how many seconds of peace it wants instead of an answer. `asked`: when, ms. */
function provider(refuses: (question: number) => number | null) {
  const asked: number[] = [];
  const answer = (tell: (url: string) => object) => (request: Request) => {
    const seconds = refuses(asked.push(performance.now()));
    if (seconds === null) return [200, tell(decodeURIComponent(request.url))] as const;
    return [429, {}, { 'Retry-After': String(seconds) }] as const;
  };
  const meta = (n: number) => ({
    ...{
      id: `tt${9_300_000 + n}`,
      type: 'movie',
      name: FILMS[n]?.title,
      releaseInfo: String(FILMS[n]?.year),
    },
    description: `Of ${n}.`,
  });
  nock('https://v3-cinemeta.strem.io')
    .persist()
    .get(/\/search=/)
    .reply(
      answer((path) => {
        const n = FILMS.findIndex(({ title }) => path.includes(`search=${title}.json`));
        return { metas: n < 0 ? [] : [meta(n)] };
      }),
    )
    .get(/\/meta\/movie\//)
    .reply(answer((path) => ({ meta: meta(Number(/tt(\d+)/.exec(path)?.[1]) - 9_300_000) })));
  // A process: what it was told it keeps as long as it lives.
  const start = () =>
    createEnricher({
      ...{ db: db(), log: createLog('silent'), isOn: () => true },
      providers: [cinemeta.open({ api: openJsonApi(net, { name: 'cinemeta', perSecond: 1000, burst: 8 }) })],
    });
  return { asked, start };
}

const named = async () =>
  (
    await titlesForNames(
      db(),
      FILMS.map((film) => ({ kind: 'movie', ...film })),
    )
  ).map(({ mediaId }) => mediaId);
const told = () =>
  db().oneFirst(rows('test.told', z.object({ n: z.int() }))`
    SELECT count(*) AS n FROM media WHERE is_published AND imdb_id LIKE 'tt93%' AND overview LIKE 'Of %'`);
const stateOf = async () => (await sourceStates(db())).find(({ name }) => name === 'cinemeta');

test('it waits as long as it is told, and goes on without losing one', async () => {
  const { asked, start } = provider((question) => (question === 9 ? 2 : null));
  const ids = await named();
  expect(await start().enrich(ids, NEVER)).toEqual(new Set());
  expect(await told()).toBe(FILMS.length);
  // Those that were under way when it said so are answered; the next comes when the time is up.
  const longest = Math.max(...asked.slice(1).map((at, n) => at - (asked[n] ?? at)));
  expect(longest).toBeGreaterThan(1800);
  expect(asked.length).toBe(FILMS.length * 2 + 1);
  expect(await stateOf()).toMatchObject({ lastError: null, restUntil: null });
});

test('told to come back in an hour it asks no more, shows until when, keeps every title, and resumes', async () => {
  let isResting = false;
  const { asked, start } = provider((question) => {
    isResting ||= question === 17;
    return isResting ? 3600 : null;
  });
  const ids = await named();
  const enricher = start();
  const begun = performance.now();
  const left = await enricher.enrich(ids, NEVER);
  expect(performance.now() - begun).toBeLessThan(20_000);
  // Of eight side by side some were on their way.
  expect(asked.length).toBeLessThan(17 + 8);
  const before = await told();
  expect(before).toBeGreaterThan(0);
  expect(left.size).toBeGreaterThan(0);
  expect(before + left.size).toBeLessThanOrEqual(FILMS.length);
  const state = await stateOf();
  expect(state?.lastError).toMatch(/^cinemeta wants no more requests for \d+ s\.$/);
  const restMinutes = (Date.parse(state?.restUntil ?? '') - Date.now()) / 60_000;
  expect(restMinutes).toBeGreaterThan(58);
  expect(restMinutes).toBeLessThan(61);

  // Asked again within the hour the provider is left in peace, and nothing is lost for it.
  const questions = asked.length;
  await enricher.enrich([...left], NEVER);
  expect(asked.length).toBe(questions);
  expect(await told()).toBe(before);

  // The hour is over: another start of the program, and the owner's "try again" for those that failed.
  isResting = false;
  const again = start();
  await makeFailedDue(db());
  for (let more = 1; more > 0; ) more = (await again.enrichDue(100, NEVER)).length;
  expect(await told()).toBe(FILMS.length);
  expect(await stateOf()).toMatchObject({ lastError: null, restUntil: null });
});
