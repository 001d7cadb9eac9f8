import { describe, expect, test } from 'vitest';
import {
  ensureEpisodes,
  episodesOf,
  mediaDetail,
  requireMedia,
  resolveMediaId,
  upsertTitle,
  upsertTitles,
} from '../../src/features/media/index.ts';
import { parseMediaId } from '../../src/kit/media-id.ts';
import { mediaRoom } from '../support/media-room.ts';

const room = mediaRoom();
const { db, title, MATRIX, SERIES, counts, codeOf } = room;

describe('finding the title that is meant', () => {
  test('any one outside id is enough, and new ids are added to it', async () => {
    const { mediaId } = await upsertTitle(
      db(),
      title({ kind: 'movie', title: 'Matrix', ids: { tmdb: '603' } }),
    );
    expect(await upsertTitle(db(), MATRIX)).toEqual({ mediaId, isNew: false });
    expect(await resolveMediaId(db(), { provider: 'imdb', value: 'tt0133093' })).toEqual({
      mediaId,
      episodeId: null,
    });
  });

  test('film 550 and series 550 of TMDB are two titles', async () => {
    const [film, series] = await upsertTitles(db(), [
      title({ kind: 'movie', title: 'Fight Club', ids: { tmdb: '550' } }),
      title({ kind: 'series', title: 'Something else', ids: { tmdb: '550' } }),
    ]);
    expect([film?.outcome, series?.outcome]).toEqual(['new', 'new']);
    const find = (id: string) => resolveMediaId(db(), parseMediaId(id) ?? { provider: 'imdb', value: '' });
    expect(await find('tmdb:movie:550')).toMatchObject({ mediaId: 1 });
    expect(await find('tmdb:tv:550')).toMatchObject({ mediaId: 2 });
    expect(await codeOf(find('tmdb:550'))).toBe('media.ambiguous_id');
    expect(await resolveMediaId(db(), { provider: 'tmdb', value: '550' }, 'series')).toMatchObject({
      mediaId: 2,
    });
  });

  test('without a known id kind, title and year decide, case and accents forgiven', async () => {
    const amelie = { kind: 'movie' as const, title: 'Amélie', year: 2001 };
    const { mediaId } = await upsertTitle(db(), title(amelie));
    expect(await upsertTitle(db(), title({ ...amelie, title: 'AMELIE' }))).toEqual({ mediaId, isNew: false });
    expect(await upsertTitle(db(), title({ ...amelie, year: 2024 }))).toMatchObject({ isNew: true });
    expect(await upsertTitle(db(), title({ ...amelie, kind: 'series' }))).toMatchObject({ isNew: true });
    expect(await upsertTitle(db(), title({ ...amelie, ids: { imdb: 'tt0211915' } }))).toEqual({
      mediaId,
      isNew: false,
    });
  });

  test('two films of one name and year with ids of their own are two films, also in one batch', async () => {
    const alice = (imdb: string) =>
      title({ kind: 'movie', title: 'Alice in Wonderland', year: 1915, ids: { imdb } });
    const outcomes = await upsertTitles(db(), [alice('tt0004873'), alice('tt9999991'), alice('tt0004873')]);
    expect(outcomes.map((outcome) => outcome.outcome)).toEqual(['new', 'new', 'same']);
    expect(outcomes[2]).toMatchObject({ mediaId: outcomes[0]?.outcome === 'new' ? outcomes[0].mediaId : 0 });
  });

  test('two entries that are one stored title by different ids are written one after the other', async () => {
    const { mediaId } = await upsertTitle(db(), MATRIX);
    const outcomes = await upsertTitles(db(), [
      title({ kind: 'movie', title: 'The Matrix', ids: { imdb: 'tt0133093', tvdb: '169' } }),
      title({ kind: 'movie', title: 'Matrix, The', ids: { tmdb: '603', tvdb: '170' } }),
    ]);
    expect(outcomes).toEqual([
      { outcome: 'changed', mediaId },
      {
        outcome: 'conflict',
        mediaId,
        reason: 'The title with these ids has tvdb 169 here, not 170.',
      },
    ]);
  });

  test.each([
    ['ids of two titles', { imdb: 'tt0133093', tmdb: '1000' }, /belong to different titles/],
    ['a second id of one provider', { imdb: 'tt0133093', tmdb: '999' }, /has tmdb 603 here, not 999/],
  ])(
    '%s are a conflict that writes nothing, and the rest of the batch is written',
    async (_name, ids, reason) => {
      await upsertTitles(db(), [MATRIX, title({ kind: 'movie', title: 'Other', ids: { tmdb: '1000' } })]);
      const contradictory = title({ kind: 'movie', title: 'Stolen', ids });
      const outcomes = await upsertTitles(db(), [contradictory, title({ kind: 'movie', title: 'Fresh' })]);
      expect(outcomes).toMatchObject([
        { outcome: 'conflict', reason: expect.stringMatching(reason) },
        { outcome: 'new' },
      ]);
      expect((await mediaDetail(db(), 1, 'en'))?.title).toBe('The Matrix');
      expect(await codeOf(upsertTitle(db(), contradictory))).toBe('media.contradictory_ids');
    },
  );

  test('a series is never merged into a film of the same IMDb id', async () => {
    const { mediaId } = await upsertTitle(db(), MATRIX);
    const [outcome] = await upsertTitles(db(), [
      title({ kind: 'series', title: 'The Matrix', ids: { imdb: 'tt0133093' } }),
    ]);
    expect(outcome).toEqual({
      outcome: 'conflict',
      mediaId,
      reason: 'The title with these ids is stored as movie, not series.',
    });
  });

  test('importers at the same time add a title once', async () => {
    const unnamed = title({ kind: 'movie', title: 'Nosferatu', year: 1922, cast: [{ name: 'Max Schreck' }] });
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () => upsertTitles(db(), [unnamed, SERIES])),
    );
    expect(outcomes.flat().filter((outcome) => outcome.outcome === 'new')).toHaveLength(2);
    expect(await counts()).toMatchObject({ media: 2, people: 1, episodes: 3 });
  });
});

describe('bulk', () => {
  test('200 titles take no more statements than one', async () => {
    const many = (count: number, offset: number) =>
      Array.from({ length: count }, (_, n) =>
        title({
          ...MATRIX,
          ids: { imdb: `tt${1_000_000 + offset + n}`, tmdb: String(1000 + offset + n) },
          title: `Film ${offset + n}`,
          cast: [{ name: `Actor ${n}` }],
        }),
      );
    await upsertTitles(db(), many(1, 0));
    const forOne = room.statements.length;
    room.statements = [];
    const outcomes = await upsertTitles(db(), many(200, 1));
    expect(outcomes.every((outcome) => outcome.outcome === 'new')).toBe(true);
    expect(room.statements.length).toBeLessThanOrEqual(forOne + 2);
    expect(room.statements.length).toBeLessThan(45);
  });

  test('a title with all there is costs three statements to show', async () => {
    const { mediaId } = await upsertTitle(db(), SERIES);
    room.statements = [];
    await mediaDetail(db(), mediaId, 'en');
    expect(room.statements).toHaveLength(3);
  });
});

describe('ids and episodes', () => {
  test('an id leads to the title or the episode; an unknown title or episode is null', async () => {
    const { mediaId } = await upsertTitle(db(), SERIES);
    const find = (id: string) => {
      const parsed = parseMediaId(id);
      if (parsed === null) throw new Error(`${id} is no id`);
      return resolveMediaId(db(), parsed);
    };
    const [pilot] = await episodesOf(db(), [{ mediaId, season: 1, episode: 1 }]);
    expect(await find('tt0903747')).toEqual({ mediaId, episodeId: null });
    expect(await find('tt0903747:1:1')).toEqual({ mediaId, episodeId: pilot?.episodeId });
    expect(await find('tmdb:1396:1:1')).toEqual({ mediaId, episodeId: pilot?.episodeId });
    expect(await find('tt0903747:1:99')).toBeNull();
    expect(await find('tt0000001')).toBeNull();
    const publicId = (await mediaDetail(db(), mediaId, 'en'))?.publicId ?? '';
    expect(await find(`trib:${publicId}:1:1`)).toEqual({ mediaId, episodeId: pilot?.episodeId });
    expect(await requireMedia(db(), publicId)).toEqual({ mediaId, episodeId: null });
    expect(await codeOf(requireMedia(db(), 'tt7777777'))).toBe('media.not_found');
    expect(await codeOf(requireMedia(db(), 'no id at all'))).toBe('media.bad_id');
  });

  test('an anime id counts episodes without seasons', async () => {
    const { mediaId } = await upsertTitle(
      db(),
      title({
        kind: 'series',
        title: 'Bebop',
        ids: { kitsu: '1' },
        seasons: [{ number: 1, episodes: [{ number: 5 }] }],
      }),
    );
    const [fifth] = await episodesOf(db(), [{ mediaId, season: 1, episode: 5 }]);
    expect(await resolveMediaId(db(), { provider: 'kitsu', value: '1', episode: 5 })).toEqual({
      mediaId,
      episodeId: fifth?.episodeId,
    });
  });

  test('missing episodes are made once, known ones stay', async () => {
    const { mediaId } = await upsertTitle(db(), SERIES);
    const wanted = [
      { mediaId, season: 1, episode: 1 },
      { mediaId, season: 3, episode: 7 },
    ];
    const made = await ensureEpisodes(db(), wanted);
    expect(made.map(({ season, episode }) => [season, episode])).toEqual([
      [1, 1],
      [3, 7],
    ]);
    room.statements = [];
    expect(await ensureEpisodes(db(), wanted)).toEqual(made);
    expect(room.statements).toEqual(['media.episode_ids']);
    expect(await mediaDetail(db(), mediaId, 'en')).toMatchObject({
      seasons: [
        { number: 0 },
        { number: 1, episodes: [{ title: 'Pilot' }, {}] },
        { number: 3, episodes: [{ number: 7, title: null, airDate: null }] },
      ],
    });
  });
});
