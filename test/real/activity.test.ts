import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  HistoryEntries,
  HistoryEntry,
  HistoryPage,
  MarkPage,
  recordPlay,
} from '../../src/features/activity/index.ts';
import { ownSpaces } from '../../src/platform/cache.ts';
import { rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { openSpaces } from '../../src/spaces.ts';
import { type Household, openHousehold, type Person } from '../support/household-room.ts';
import { problemIn } from '../support/problem-answer.ts';
import { apiRoutes } from '../support/viewer.ts';

// What profiles watch and keep, through the program as it runs. F6 and F8 of the seeds.

let house: Household;
let ann: Person;
let bob: Person;

beforeAll(async () => {
  house = await openHousehold();
  ann = await house.person('ann');
  bob = await house.person('bob');
}, 120_000);
afterAll(() => house?.close());

const at = (path: string, who = ann) => `/api/profiles/${who.profileId}/${path}`;
const post = (path: string, body: unknown, who = ann) => house.by(who, 'POST', at(path, who), body);
async function entries(path: string, who = ann) {
  return HistoryEntries.parse((await house.by(who, 'GET', at(path, who))).body).entries;
}
const track = async (body: object) => HistoryEntry.parse((await post('history/progress', body)).body);
async function titlesIn(list: string, who = ann): Promise<string[]> {
  const page = MarkPage.parse((await house.by(who, 'GET', at(list, who))).body);
  return page.titles.map(({ title }) => title.title);
}
async function watchCount(mediaId: string): Promise<number> {
  const { count } = await house.db.one(rows('test.watch_count', z.object({ count: z.int() }))`
    SELECT watch_count AS count FROM media WHERE public_id = ${mediaId}`);
  return count;
}
async function rowsOf(mediaId: string) {
  return house.db.any(rows(
    'test.history',
    z.object({ progress: z.int().nullable(), episode: z.int().nullable(), origin: z.string() }),
  )`
    SELECT h.progress_seconds AS progress, h.episode_id AS episode, h.origin FROM watch_history h JOIN media m ON m.id = h.media_id
    WHERE m.public_id = ${mediaId} ORDER BY h.id`);
}
const series = (title: string) =>
  house.title(title, {
    kind: 'series',
    seasons: [{ number: 1, episodes: [{ number: 1 }, { number: 2, runtimeMinutes: 50 }] }],
  });

describe('F6', () => {
  test('two plays are two rows without a position, and count two; a list holds a title once', async () => {
    const film = await house.title('Played twice');
    expect((await post('history/plays', { mediaId: film })).status).toBe(201);
    expect((await post('history/plays', { mediaId: film })).status).toBe(201);
    expect(await rowsOf(film)).toEqual(Array(2).fill({ progress: null, episode: null, origin: 'play' }));
    expect(await watchCount(film)).toBe(2);
    expect((await house.by(ann, 'PUT', at(`watchlist/${film}`))).status).toBe(201);
    expect((await house.by(ann, 'PUT', at(`watchlist/${film}`))).status).toBe(204);
    expect(await titlesIn('watchlist')).toEqual(['Played twice']);
    expect(await titlesIn('favorites')).toEqual([]);
    expect((await house.by(ann, 'DELETE', at(`watchlist/${film}`))).status).toBe(204);
    expect((await house.by(ann, 'DELETE', at(`watchlist/${film}`))).status).toBe(404);
    expect(await titlesIn('watchlist')).toEqual([]);
  });
});

describe('F8', () => {
  test('an episode that is deleted leaves its plays; a title takes its plays and places in lists along', async () => {
    const show = await series('Deleted bit by bit');
    await post('history/plays', { mediaId: show, season: 1, episode: 2 });
    expect((await entries('history'))[0]).toMatchObject({ season: 1, episode: 2 });
    expect((await house.asAdmin('DELETE', `/api/media/${show}/episodes/1/2`)).status).toBe(204);
    expect(await rowsOf(show)).toEqual([{ progress: null, episode: null, origin: 'play' }]);
    await house.by(ann, 'PUT', at(`library/${show}`));
    expect(await titlesIn('library')).toEqual(['Deleted bit by bit']);
    expect((await house.asAdmin('DELETE', `/api/media/${show}`)).status).toBe(204);
    expect(await titlesIn('library')).toEqual([]);
    const { left } = await house.db.one(rows('test.left', z.object({ left: z.int() }))`
      SELECT ((SELECT count(*) FROM user_media_mark k WHERE NOT EXISTS (SELECT FROM media m WHERE m.id = k.media_id))
        + (SELECT count(*) FROM watch_history h JOIN media m ON m.id = h.media_id WHERE m.public_id = ${show}))::integer AS left`);
    expect(left).toBe(0);
  });
});

describe('how far', () => {
  test('moves the newest open play of the same thing; past 70 % it is watched, past 90 % completed, and the next is a new one', async () => {
    const show = await series('Tracked');
    const of = { mediaId: show, season: 1, episode: 2 };
    await post('history/plays', of);
    const begun = await track({ ...of, progressMinutes: 5 });
    expect(begun).toMatchObject({
      progressSeconds: 300,
      durationSeconds: 3000,
      progressPercent: 10,
      isWatched: false,
    });
    expect(await track({ ...of, progressPercent: 70 })).toMatchObject({
      ...{
        entryId: begun.entryId,
        progressSeconds: 2100,
        isWatched: true,
        isCompleted: false,
        origin: 'play',
      },
    });
    // Another episode is another play.
    const other = await track({ ...of, episode: 1, progressSeconds: 60 });
    expect(other).toMatchObject({ progressPercent: null, isCompleted: false, origin: 'track' });
    expect((await entries('continue-watching'))[0]?.entryId).toBe(other.entryId);
    expect(await track({ ...of, progressSeconds: 2699 })).toMatchObject({ isCompleted: false });
    expect(await track({ ...of, progressSeconds: 2700 })).toMatchObject({
      entryId: begun.entryId,
      isCompleted: true,
    });
    const again = await track({ ...of, progressSeconds: 9999, durationMinutes: 50 });
    expect(again.entryId).not.toBe(begun.entryId);
    expect(again).toMatchObject({ progressSeconds: 3000, isCompleted: true });
    expect((await entries('continue-watching')).map(({ episode }) => episode)).toContain(1);
    expect((await entries('continue-watching')).map(({ entryId }) => entryId)).not.toContain(begun.entryId);
  });

  test('of two at once one row is made', async () => {
    const film = await house.title('Raced', { runtimeMinutes: 100 });
    await Promise.all([1, 2, 3, 4, 5].map((minute) => track({ mediaId: film, progressMinutes: minute })));
    expect(await rowsOf(film)).toHaveLength(1);
  });

  test.each([
    ['a percent of an unknown length', { progressPercent: 50 }, 'activity.no_duration'],
    ['no position', {}, 'request.invalid'],
    ['two positions', { progressPercent: 50, progressSeconds: 9 }, 'request.invalid'],
    ['a position before the beginning', { progressSeconds: -1 }, 'request.invalid'],
    ['an episode without its season', { progressSeconds: 1, episode: 1 }, 'activity.half_an_episode'],
    ['another profile in the body', { progressSeconds: 1, profileId: 1 }, 'request.invalid'],
    ['a play that says it is completed', { progressSeconds: 1, isCompleted: true }, 'request.invalid'],
  ])('%s is refused', async (_what, body, code) => {
    const film = await house.title('Of unknown length');
    const { status, body: problem } = await post('history/progress', { mediaId: film, ...body });
    expect([status, problemIn(problem).code]).toEqual([400, code]);
    expect(await rowsOf(film)).toEqual([]);
  });
});

describe('by hand', () => {
  test('marks as watched, also of long ago; not of tomorrow', async () => {
    const film = await house.title('Seen as a child');
    const answer = await post('history/watched', {
      mediaId: film,
      playedAt: '1999-05-01T20:00:00+02:00',
      origin: 'import',
    });
    expect(answer.body).toMatchObject({
      playedAt: '1999-05-01T18:00:00.000Z',
      isCompleted: true,
      isWatched: true,
      origin: 'import',
    });
    expect(await watchCount(film)).toBe(0);
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    expect((await post('history/watched', { mediaId: film, playedAt: tomorrow })).status).toBe(400);
    // Long ago stands last, and is not what was watched lately because of when it was written down.
    expect((await entries('history')).at(-1)?.title.title).toBe('Seen as a child');
  });
});

describe('lists', () => {
  test('come page by page, each entry once, and forget what they are told to', async () => {
    const cid = await house.person('cid');
    const films = await Promise.all(Array.from({ length: 5 }, (_, n) => house.title(`Page ${n}`)));
    for (const mediaId of films) {
      await post('history/plays', { mediaId }, cid);
      await house.by(cid, 'PUT', at(`favorites/${mediaId}`, cid));
    }
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let pages = 0; cursor !== null && pages < 9; pages += 1) {
      const path: string = at(`history?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`, cid);
      const page = HistoryPage.parse((await house.by(cid, 'GET', path)).body);
      seen.push(...page.entries.map(({ title }) => title.title));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(['Page 4', 'Page 3', 'Page 2', 'Page 1', 'Page 0']);
    const first = MarkPage.parse((await house.by(cid, 'GET', at('favorites?limit=3', cid))).body);
    const second = await house.by(cid, 'GET', at(`favorites?limit=3&cursor=${first.nextCursor}`, cid));
    expect(MarkPage.parse(second.body).titles.map(({ title }) => title.title)).toEqual(['Page 1', 'Page 0']);
    expect((await house.by(cid, 'GET', at('history?cursor=bm9uZQ', cid))).status).toBe(400);

    const [newest] = await entries('history', cid);
    expect((await house.by(cid, 'DELETE', at(`history/${newest?.entryId}`, cid))).status).toBe(204);
    expect((await house.by(cid, 'DELETE', at(`history/${newest?.entryId}`, cid))).status).toBe(404);
    expect((await entries('recently-watched', cid)).map(({ title }) => title.title)).toEqual([
      ...['Page 3', 'Page 2', 'Page 1', 'Page 0'],
    ]);
    expect((await house.by(cid, 'DELETE', at('history', cid))).status).toBe(204);
    expect(await entries('recently-watched', cid)).toEqual([]);
    expect(await entries('history')).not.toEqual([]);
  });

  test('watched last are ten titles, each once, kept until something is played', async () => {
    const dan = await house.person('dan');
    for (let n = 0; n < 12; n += 1)
      await post('history/plays', { mediaId: await house.title(`Recent ${n}`) }, dan);
    const before = await entries('recently-watched', dan);
    expect(before).toHaveLength(10);
    const again = before.at(-1)?.title.id;
    await post('history/plays', { mediaId: again }, dan);
    const after = await entries('recently-watched', dan);
    expect([after.length, after[0]?.title.id]).toEqual([10, again]);
  });

  test('a title that is hidden is gone from all of them, and cannot be put back', async () => {
    const film = await house.title('Hidden later');
    await post('history/plays', { mediaId: film });
    await house.by(ann, 'PUT', at(`library/${film}`));
    expect(await titlesIn('library')).toContain('Hidden later');
    expect((await entries('recently-watched'))[0]?.title.title).toBe('Hidden later');
    await house.asAdmin('PATCH', `/api/media/${film}`, { isPublished: false });
    expect(await titlesIn('library')).not.toContain('Hidden later');
    for (const path of ['history', 'recently-watched', 'continue-watching'])
      expect(
        (await entries(path)).map(({ title }) => title.title),
        path,
      ).not.toContain('Hidden later');
    expect((await house.by(ann, 'PUT', at(`watchlist/${film}`))).status).toBe(404);
    expect((await post('history/plays', { mediaId: film })).status).toBe(404);
    expect((await post('history/progress', { mediaId: film, progressSeconds: 1 })).status).toBe(404);
  });
});

describe('another account', () => {
  test('finds no such profile on any of these routes, nor an entry of it by its own', async () => {
    const film = await house.title('Private matter');
    await post('history/plays', { mediaId: film });
    const [entry] = await entries('history');
    const ours = (await apiRoutes(house.product.baseUrl)).filter(({ path }) =>
      /^\/api\/profiles\/\{id\}\/(history|continue|recently|watchlist|favorites|library)/.test(path),
    );
    expect(ours.length).toBeGreaterThanOrEqual(17);
    for (const { method, path, isForAdmin, isOpen } of ours) {
      const real = path
        .replace('{id}', ann.profileId)
        .replace('{entry}', entry?.entryId ?? '')
        .replace('{media}', film);
      const body = method === 'POST' ? { mediaId: film, progressSeconds: 1 } : undefined;
      expect([isForAdmin, isOpen]).toEqual([false, false]);
      expect((await house.by(bob, method, real, body)).status, `${method} ${path}`).toBe(404);
      expect((await house.ask(null, method, real, body)).status, `${method} ${path}`).toBe(401);
    }
    expect((await house.by(bob, 'DELETE', at(`history/${entry?.entryId}`, bob))).status).toBe(404);
    expect((await entries('history'))[0]?.entryId).toBe(entry?.entryId);
    expect(await entries('history', bob)).toEqual([]);
  });
});

describe('bytes that are served', () => {
  test('are one play within four hours, however many ask at once', async () => {
    const film = await house.title('Served');
    const spaces = openSpaces({ cache: { space: ownSpaces(createLog('silent')) } });
    const Ids = z.object({ profileId: z.int(), userId: z.int(), mediaId: z.int() });
    const ids = await house.db.one(rows('test.ids', Ids)`
      SELECT p.id AS "profileId", p.user_id AS "userId", m.id AS "mediaId" FROM profile p, media m
      WHERE p.public_id = ${bob.profileId} AND m.public_id = ${film}`);
    const play = { ...ids, episodeId: null, streamId: null };
    const deps = { db: house.db, spaces };
    const made = await Promise.all([1, 2, 3, 4].map(() => recordPlay(deps, play)));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await recordPlay(deps, { ...play, mediaId: 2_000_000_000 })).toBe(false);
    await house.db.query(rows('test.age', z.unknown())`
      UPDATE watch_history SET played_at = now() - interval '241 minutes' WHERE profile_id = ${ids.profileId}`);
    expect(await recordPlay(deps, play)).toBe(true);
    expect((await rowsOf(film)).map(({ origin }) => origin)).toEqual(['stream', 'stream']);
    // Those are counted by the plays of play links.
    expect(await watchCount(film)).toBe(0);
  });
});
