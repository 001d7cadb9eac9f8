import { expect, test } from 'vitest';
import { z } from 'zod';
import { deleteMedia, titlesForNames } from '../../src/features/media/index.ts';
import { type Asked, askAbout, isAskable } from '../../src/features/metadata/ask-about.ts';
import { keptAnswers } from '../../src/features/metadata/queries/answers.ts';
import { storedTitles } from '../../src/features/metadata/queries/titles.ts';
import { writeAsked } from '../../src/features/metadata/write-asked.ts';
import { rows } from '../../src/platform/db.ts';
import type { ProvidedTitle } from '../../src/providers/provider.ts';
import { enrichmentRoom, MATRIX } from '../support/enrichment-room.ts';
import { waitUntil } from '../support/wait-until.ts';

// What was told of titles, written in one batch: who stands in it together is not left to the pace of providers.

const room = enrichmentRoom();
const { db, film, lay, tmdb } = room;
const NEVER = new AbortController().signal;

/** What TMDB tells of these titles, as one batch in their order. */
async function toldOf(mediaIds: readonly number[]): Promise<Asked[]> {
  const stored = await storedTitles(db(), mediaIds);
  const kept = await keptAnswers(db(), mediaIds);
  const askable = mediaIds.flatMap((mediaId) => stored.find((title) => title.mediaId === mediaId) ?? []);
  return Promise.all(
    askable.filter(isAskable).map((title) =>
      askAbout(
        [tmdb()],
        title,
        kept.filter(({ mediaId }) => mediaId === title.mediaId),
        NEVER,
      ),
    ),
  );
}
const write = (asked: readonly Asked[]) => db().transaction((tx) => writeAsked(tx, asked));

/** Two titles made of two names of one film, hidden both. */
async function twoNames(): Promise<number[]> {
  const names = ['The Matrix', 'Die Matrix'].map((title) => ({ kind: 'movie' as const, title, year: 1999 }));
  lay(tmdb(), MATRIX, 'tmdb 603');
  tmdb().search = async ({ title }) => [{ kind: 'movie', ids: { tmdb: '603' }, title, year: 1999 }];
  // Taken one after the other they would be one already.
  const [first] = await titlesForNames(db(), names.slice(0, 1));
  await db().query(
    rows(
      'test.rename',
      z.object({}),
    )`UPDATE media SET title = 'Something else' WHERE id = ${first?.mediaId ?? 0}`,
  );
  const [second] = await titlesForNames(db(), names.slice(1));
  await db().query(
    rows('test.name', z.object({}))`UPDATE media SET title = 'The Matrix' WHERE id = ${first?.mediaId ?? 0}`,
  );
  return [first?.mediaId ?? 0, second?.mediaId ?? 0];
}
const Shown = z.object({ title: z.string(), imdb: z.string().nullable(), isPublished: z.boolean() });
const all = () =>
  db().any(
    rows(
      'test.all',
      Shown,
    )`SELECT title, imdb_id AS imdb, is_published AS "isPublished" FROM media ORDER BY id`,
  );

test('two names of one film in one batch are one title', async () => {
  const asked = await toldOf(await twoNames());
  expect(asked).toHaveLength(2);
  expect((await write(asked)).map(({ outcome }) => outcome)).toEqual(['enriched', 'enriched']);
  expect(await all()).toEqual([{ title: 'The Matrix', imdb: 'tt0133093', isPublished: true }]);
  expect(await room.doubts()).toEqual([]);
});

const Waits = z.object({ waits: z.boolean() });
const isWaited = async () =>
  (
    await db().one(rows('test.waits', Waits)`
      SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock') AS waits`)
  ).waits;

test('what another instance is writing is waited for before it is judged what a name means', async () => {
  const [one, other] = await toldOf(await twoNames());
  if (one === undefined || other === undefined) throw new Error('both were asked about');
  const [isWritten, mayEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = db().transaction(async (tx) => {
    await writeAsked(tx, [one]);
    isWritten.resolve();
    await mayEnd.promise;
  });
  await isWritten.promise;
  const second = write([other]);
  await waitUntil(isWaited, { what: 'the other waits', timeoutMs: 10_000 });
  mayEnd.resolve();
  await first;
  await second;
  expect(await all()).toEqual([{ title: 'The Matrix', imdb: 'tt0133093', isPublished: true }]);
  expect(await room.doubts()).toEqual([]);
});

const spoken = (n: number, text: string): ProvidedTitle => ({
  ...{ kind: 'movie', title: `Quiet Harbor ${n}`, ids: { tmdb: String(1000 + n) }, overview: `Of ${n}.` },
  translations: [{ language: 'es', title: `${text} ${n}` }],
});
const Spoken = z.object({ title: z.string() });

test('what was told of each the last time is held against that one alone', async () => {
  const ids: number[] = [];
  for (const n of [1, 2]) ids.push(await film({ tmdb: String(1000 + n) }));
  for (const text of ['Uno', 'Dos']) {
    for (const n of [1, 2]) lay(tmdb(), spoken(n, text), `tmdb ${1000 + n}`);
    await room.expire();
    await write(await toldOf(ids));
  }
  expect(
    await db().any(
      rows(
        'test.spoken',
        Spoken,
      )`SELECT title FROM media_translation WHERE language = 'es' ORDER BY media_id`,
    ),
  ).toEqual([{ title: 'Dos 1' }, { title: 'Dos 2' }]);
});

test('one that is gone when its answers are written has nothing of them, and the others have', async () => {
  const [gone, stays] = [await film({ tmdb: '1001' }), await film({ tmdb: '1002' })];
  for (const n of [1, 2]) lay(tmdb(), spoken(n, 'Uno'), `tmdb ${1000 + n}`);
  const asked = await toldOf([gone, stays]);
  await deleteMedia(db(), gone, { isForced: false });
  expect((await write(asked)).map(({ mediaId, outcome }) => [mediaId, outcome])).toEqual([
    [gone, 'skipped'],
    [stays, 'enriched'],
  ]);
  expect(await room.detail(stays)).toMatchObject({ overview: 'Of 2.' });
  expect(await all()).toHaveLength(1);
});

const Id = z.object({ id: z.int() });

test('a doubt that is said again is the same one', async () => {
  await film({ tmdb: '603' });
  await db().query(rows('test.other', z.object({}))`UPDATE media SET title = 'Another'`);
  const mediaId = await film({ imdb: 'tt0133093' });
  lay(tmdb(), MATRIX, 'imdb tt0133093');
  const doubts = () => db().any(rows('test.doubt_ids', Id)`SELECT id FROM metadata_doubt ORDER BY id`);
  await write(await toldOf([mediaId]));
  const before = await doubts();
  expect(before).toHaveLength(1);
  await room.expire();
  await write(await toldOf([mediaId]));
  expect(await doubts()).toEqual(before);
});

const Poster = z.object({ poster: z.string().nullable() });

test('a batch that holds cards back lets go of them: what follows in its transaction is shown', async () => {
  const mediaId = await film();
  lay(tmdb(), MATRIX, 'imdb tt0133093');
  const asked = await toldOf([mediaId]);
  const shown = await db().transaction(async (tx) => {
    await writeAsked(tx, asked);
    const poster = () =>
      tx.oneFirst(rows('test.poster', Poster)`SELECT poster_url AS poster FROM media WHERE id = ${mediaId}`);
    const told = await poster();
    await tx.query(rows('test.drop', z.object({}))`DELETE FROM media_image WHERE media_id = ${mediaId}`);
    return [told, await poster()];
  });
  expect(shown).toEqual(['https://img.example/tmdb.jpg', null]);
});
