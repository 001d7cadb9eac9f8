import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { popularPage } from '../../src/catalogs/queries.ts';
import { search } from '../../src/catalogs/search/index.ts';
import type { Viewer } from '../../src/catalogs/viewer.ts';
import {
  AGES_JOB,
  blockedEpisodes,
  familyJobs,
  putRule,
  standingFor,
  viewerOf,
  watcherOf,
} from '../../src/features/family/index.ts';
import { putSyncState, syncStates } from '../../src/features/imports/index.ts';
import { TitleInput, upsertTitle } from '../../src/features/media/index.ts';
import { tagJobs } from '../../src/features/tags/index.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
const household = { catalogLanguage: 'en', catalogRegion: 'US' };

beforeAll(async () => {
  database = await freshDatabase();
});
beforeEach(async () => {
  await database.db.query(command('test.empty')`
    TRUNCATE media, app_user, media_tag_due, rating_country, setting, sync_state RESTART IDENTITY CASCADE
  `);
  await database.db.query(command('test.people')`
    INSERT INTO app_user (id, username) OVERRIDING SYSTEM VALUE VALUES (1, 'parent'), (2, 'neighbour')
  `);
  await run(AGES_JOB);
});
afterAll(() => database.close());

/** One run of a job, as the queue does it. */
async function run(name: string): Promise<void> {
  const { db } = database;
  const deps = { db, log: createLog('silent'), settings: { get: () => household }, syncStates, putSyncState };
  for (const job of [...familyJobs, ...tagJobs])
    if (job.name === name) await job.run({}, { ...deps, signal: new AbortController().signal, attempt: 1 });
}
const followTags = () => run('tags.follow');

async function profile(of: {
  userId?: number;
  mode: Viewer['mode'];
  maxAge?: number;
  allowsUnrated?: boolean;
}): Promise<number> {
  const { userId = 1, mode, maxAge = 12, allowsUnrated = false } = of;
  const { id } = await database.db.one(rows('test.profile', z.object({ id: z.int() }))`
    INSERT INTO profile (user_id, name, mode, max_age, allows_unrated) VALUES (${userId}, 'Somebody', ${mode}, ${maxAge}, ${allowsUnrated})
    RETURNING id
  `);
  return id;
}

async function blockTag(profileId: number, tag: string): Promise<void> {
  await database.db.query(command('test.block_tag')`
    INSERT INTO profile_blocked_tag (profile_id, tag_id) SELECT ${profileId}, id FROM content_tag WHERE tag = ${tag}
  `);
}

async function viewerBy(profileId: number): Promise<Viewer> {
  const watcher = await watcherOf(database.db, profileId);
  if (watcher === null) throw new Error('nobody watches');
  return viewerOf(watcher);
}

const title = async (input: z.input<typeof TitleInput>) =>
  (await upsertTitle(database.db, TitleInput.parse(input))).mediaId;
const film = (name: string, more: Partial<z.input<typeof TitleInput>> = {}) =>
  title({ kind: 'movie', title: name, ...more });

async function found(text: string, viewer: Viewer | null): Promise<string[]> {
  const asked = { kind: 'movie', visibility: 'all', language: 'en', skip: 0, search: text, viewer } as const;
  return (await search.page(database.db, asked)).map(({ title: name }) => name);
}

async function shown(viewer: Viewer, genre?: string): Promise<string[]> {
  const asked = { kind: 'movie', visibility: 'all', language: 'en', skip: 0, genre, viewer } as const;
  return (await popularPage(database.db, asked)).map(({ title: name }) => name);
}

describe('search by a profile', () => {
  /** Better known than anything else, and not for kids. */
  const addCrowd = () =>
    database.db.query(command('test.crowd')`
      INSERT INTO media (kind, title, popularity, age_min) SELECT 'movie', 'Gold ' || n, 1000, 18 FROM generate_series(1, 900) n
    `);

  test.each([
    ['by age', 'age'],
    ['by tags', 'all'],
  ] as const)('finds what stands behind more than 300 titles it may not see: %s', async (_name, mode) => {
    await addCrowd();
    await database.db.query(command('test.violent')`
      INSERT INTO media_tag (media_id, tag_id, source) SELECT m.id, t.id, 'moderator' FROM media m, content_tag t WHERE t.tag = 'violence'
    `);
    await film('Gold for children', { certifications: [{ country: 'US', code: 'G' }] });
    await followTags();
    const id = await profile({ mode });
    await blockTag(id, 'violence');
    expect(await found('gold', await viewerBy(id))).toEqual(['Gold for children']);
  });

  test('finds by people and by slips only what it may see', async () => {
    const cast = [{ name: 'Ada Quillfeather' }];
    await film('A first film', { cast, certifications: [{ country: 'US', code: 'G' }] });
    await film('A second film', { cast, certifications: [{ country: 'US', code: 'R' }] });
    await film('Marmalade sky', { certifications: [{ country: 'US', code: 'R' }] });
    const viewer = await viewerBy(await profile({ mode: 'age' }));
    expect(await found('Quillfeather', viewer)).toEqual(['A first film']);
    expect(await found('marmelade', viewer)).toEqual([]);
    expect(await found('marmelade', null)).toEqual(['Marmalade sky']);
  });

  test('finds a private title by profiles of its owner only', async () => {
    await film('Our holidays', { cast: [{ name: 'Uncle Frumious' }] });
    await database.db.query(command('test.private')`UPDATE media SET owner_id = 1, is_public = false`);
    const [own, others] = [await profile({ mode: 'all' }), await profile({ mode: 'all', userId: 2 })];
    for (const text of ['holidays', 'Frumious', 'holydays']) {
      expect([text, await found(text, await viewerBy(own))]).toEqual([text, ['Our holidays']]);
      expect([text, await found(text, await viewerBy(others)), await found(text, null)]).toEqual([
        text,
        [],
        [],
      ]);
    }
    await database.db.query(command('test.unpublish')`UPDATE media SET is_published = false`);
    expect(await found('holidays', await viewerBy(own))).toEqual([]);
  });

  test('finds a private title by a kid of its owner where it is allowed', async () => {
    const id = await film('Our holidays');
    await database.db.query(command('test.private')`UPDATE media SET owner_id = 1, is_public = false`);
    for (const mode of ['allow', 'age'] as const) {
      const kid = await profile({ mode });
      expect(await found('holidays', await viewerBy(kid))).toEqual([]);
      await putRule(database.db, kid, id, 'allow');
      expect(await found('holidays', await viewerBy(kid))).toEqual(['Our holidays']);
    }
  });
});

describe('until its tags are known', () => {
  const seenBy = async (profileId: number, mediaId: number, episodeId: number | null = null) =>
    (await standingFor(database.db, await viewerBy(profileId), { mediaId, episodeId }))?.standing;

  test('a new title is not seen by who blocks tags, in no list and by no link, and then as its tags say', async () => {
    const [blocks, other] = [await profile({ mode: 'all' }), await profile({ mode: 'all' })];
    await blockTag(blocks, 'vampires');
    const [calm, scary] = [
      await film('Calm nights', { overview: 'They sleep.', genres: ['Drama'] }),
      await film('Nights', { overview: 'Vampires come.', genres: ['Drama'] }),
    ];
    const lists = async (id: number) => {
      const viewer = await viewerBy(id);
      return [
        (await shown(viewer)).sort(),
        (await shown(viewer, 'Drama')).sort(),
        (await found('nights', viewer)).sort(),
      ];
    };
    expect(await lists(blocks)).toEqual([[], [], []]);
    expect([await seenBy(blocks, calm), await seenBy(blocks, scary)]).toEqual(['denied', 'denied']);
    const all = ['Calm nights', 'Nights'];
    expect(await lists(other)).toEqual([all, all, all]);
    await followTags();
    expect(await lists(blocks)).toEqual([['Calm nights'], ['Calm nights'], ['Calm nights']]);
    expect([await seenBy(blocks, calm), await seenBy(blocks, scary)]).toEqual(['allowed', 'denied']);
  });

  test('a title whose words change is not seen, and what a parent allowed is', async () => {
    const [blocks, allows] = [await profile({ mode: 'all' }), await profile({ mode: 'allow' })];
    const id = await film('Nights', { overview: 'They sleep.' });
    await followTags();
    for (const one of [blocks, allows]) await blockTag(one, 'vampires');
    await putRule(database.db, allows, id, 'allow');
    await database.db.query(
      command('test.rewrite')`UPDATE media SET overview = 'They sleep well.' WHERE id = ${id}`,
    );
    expect([await seenBy(blocks, id), await seenBy(allows, id)]).toEqual(['denied', 'allowed']);
    await followTags();
    expect(await seenBy(blocks, id)).toBe('allowed');
  });

  test('a new episode of a series is blocked, and no other one', async () => {
    const kid = await profile({ mode: 'allow' });
    const series = (episodes: { number: number; title: string }[]) =>
      title({
        kind: 'series',
        title: 'The hill',
        ids: { imdb: 'tt9200001' },
        seasons: [{ number: 1, episodes }],
      });
    const first = { number: 1, title: 'Moving in' };
    const id = await series([first]);
    await followTags();
    await blockTag(kid, 'monsters');
    await putRule(database.db, kid, id, 'allow');
    await series([first, { number: 2, title: 'The monster' }, { number: 3, title: 'The garden' }]);
    const ids = await database.db.any(
      rows('test.episodes', z.object({ id: z.int() }))`SELECT id FROM episode ORDER BY number`,
    );
    const standings = () => Promise.all(ids.map((episode) => seenBy(kid, id, episode.id)));
    const blocked = async () =>
      (await blockedEpisodes(database.db, await viewerBy(kid), id)).map(({ episode }) => episode);
    expect([await standings(), await blocked()]).toEqual([
      ['allowed', 'episode', 'episode'],
      [2, 3],
    ]);
    await followTags();
    expect([await standings(), await blocked()]).toEqual([['allowed', 'episode', 'allowed'], [2]]);
  });

  test('with other rules tags of before hold, and nothing is hidden', async () => {
    const id = await film('Nights', { overview: 'They sleep.' });
    const blocks = await profile({ mode: 'all' });
    await blockTag(blocks, 'vampires');
    await followTags();
    await database.db.query(command('test.forget_version')`TRUNCATE sync_state`);
    const seen: unknown[] = [];
    const log = createLog('silent');
    const { db } = database;
    const [job] = tagJobs;
    // Every title is due again when the version is noted, and none is looked at yet.
    await job?.run(
      {},
      {
        ...{ db, log, syncStates, settings: { get: () => household }, attempt: 1 },
        signal: new AbortController().signal,
        putSyncState: async () => void seen.push(await seenBy(blocks, id)),
      },
    );
    expect(seen).toEqual(['allowed']);
  });
});

describe('ages', () => {
  const changeRegion = (region: string) =>
    database.db.query(command('test.region')`
      INSERT INTO setting (key, type, value) VALUES ('catalogRegion', 'string', to_jsonb(${region}::text))
      ON CONFLICT (key) DO UPDATE SET value = excluded.value
    `);

  test('are not gone by from the moment the household moves until they are read anew', async () => {
    await film('For all', { certifications: [{ country: 'US', code: 'G' }] });
    const kid = await profile({ mode: 'age' });
    expect(await shown(await viewerBy(kid))).toEqual(['For all']);
    await changeRegion('DE');
    expect([await shown(await viewerBy(kid)), (await viewerBy(kid)).mode]).toEqual([[], 'allow']);
    await run(AGES_JOB);
    expect(await shown(await viewerBy(kid))).toEqual(['For all']);
    await changeRegion('DE');
    expect((await viewerBy(kid)).mode).toBe('age');
  });
});

describe('a genre', () => {
  test('of a list and by age is what the titles say now', async () => {
    const id = await film('A film', { genres: ['Drama'], certifications: [{ country: 'US', code: 'G' }] });
    const [list, age] = [await profile({ mode: 'allow' }), await profile({ mode: 'age' })];
    await putRule(database.db, list, id, 'allow');
    const both = async (genre: string) => [
      await shown(await viewerBy(list), genre),
      await shown(await viewerBy(age), genre),
    ];
    expect([await both('Drama'), await both('Western')]).toEqual([
      [['A film'], ['A film']],
      [[], []],
    ]);
    await database.db.query(command('test.western')`
      WITH g AS (INSERT INTO genre (slug, name) VALUES ('western', 'Western') ON CONFLICT (slug) DO UPDATE SET name = 'Western' RETURNING id)
      INSERT INTO media_genre (media_id, genre_id) SELECT ${id}, id FROM g
    `);
    await database.db.query(command('test.no_drama')`
      DELETE FROM media_genre WHERE genre_id = (SELECT id FROM genre WHERE name = 'Drama')
    `);
    expect([await both('Drama'), await both('Western')]).toEqual([
      [[], []],
      [['A film'], ['A film']],
    ]);
    await database.db.query(command('test.rating')`UPDATE media_certification SET code = 'R', min_age = 17`);
    expect(await both('Western')).toEqual([['A film'], []]);
    await database.db.query(command('test.unrated')`DELETE FROM media_certification`);
    expect(await both('Western')).toEqual([['A film'], []]);
  });
});
