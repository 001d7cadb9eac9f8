import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { mediaDetail, patchMedia, upsertTitle } from '../../src/features/media/index.ts';
import { command, rows } from '../../src/platform/db.ts';
import type { ProvidedTitle } from '../../src/providers/provider.ts';
import { CINE, enrichmentRoom, MATRIX } from '../support/enrichment-room.ts';

const { again, cinemeta, db, detail, due, enricher, expire, film, lay, origins, standing, tmdb, waitFor } =
  enrichmentRoom();

describe('a title that waits for details', () => {
  test('gets each field from the first provider that has it, and it is known from whom', async () => {
    lay(tmdb(), MATRIX, 'tmdb 603', 'imdb tt0133093');
    lay(cinemeta(), CINE, 'imdb tt0133093');
    const mediaId = await film();
    expect((await standing(mediaId)).status).toBe('pending');
    expect(await due()).toEqual([{ mediaId, outcome: 'enriched', failure: null }]);
    expect(await detail(mediaId)).toMatchObject({
      title: 'The Matrix',
      overview: 'A hacker learns what is real.',
      runtimeMinutes: 136,
      releaseDate: '1999-03-31',
      genres: ['Action', 'Science Fiction'],
      rating: 8.7,
      posterUrl: 'https://img.example/tmdb.jpg',
      translations: ['es'],
      aliases: ['Matrix 1'],
      certifications: [
        { country: 'DE', code: '16', minAge: 16 },
        { country: 'US', code: 'R', minAge: 17 },
      ],
      ids: [
        { provider: 'imdb', id: 'tt0133093' },
        { provider: 'tmdb', id: '603' },
      ],
    });
    expect((await detail(mediaId)).ratings.map(({ provider }) => provider)).toEqual(['imdb', 'tmdb']);
    expect(await origins(mediaId)).toMatchObject({
      overview: 'tmdb',
      runtimeMinutes: 'cinemeta',
      rating: 'cinemeta',
      certifications: 'tmdb',
    });
    const offers = await db().any(rows('test.offers', z.object({ offer: z.string() }))`
      SELECT concat_ws(' ', region, service, offer, url) AS offer FROM media_provider`);
    expect(offers).toEqual([{ offer: 'DE Netflix subscription https://watch.example/603' }]);
    expect(await standing(mediaId)).toEqual({ status: 'completed', confidence: null, isAdult: false });
  });

  test('is not asked about twice, nor its answers before they have run out', async () => {
    lay(cinemeta(), CINE, 'imdb tt0133093');
    const mediaId = await film();
    await due();
    expect(await due()).toEqual([]);
    await waitFor(mediaId);
    await again();
    expect(await due()).toHaveLength(1);
    expect(cinemeta().asked).toEqual(['imdb tt0133093']);
    await expire();
    await waitFor(mediaId);
    await again();
    await due();
    expect(cinemeta().asked).toEqual(['imdb tt0133093', 'imdb tt0133093']);
  });

  test('what a person or an import wrote stays; what providers wrote follows them', async () => {
    lay(tmdb(), MATRIX, 'imdb tt0133093', 'tmdb 603');
    const { mediaId } = await upsertTitle(db(), {
      ...{ kind: 'movie', title: 'The Matrix', ids: { imdb: 'tt0133093' }, tagline: 'Ours.' },
      images: [{ type: 'poster', url: 'asset:starter/ours.jpg' }],
      translations: [{ language: 'es', title: 'La nuestra' }],
    });
    await due();
    await patchMedia(db(), mediaId, { overview: 'By hand.' });
    lay(
      tmdb(),
      {
        ...MATRIX,
        tagline: 'Theirs.',
        overview: 'New.',
        genres: ['Drama'],
        translations: [{ language: 'es', title: 'Nueva', overview: 'Un hacker.' }],
      },
      'imdb tt0133093',
      'tmdb 603',
    );
    await expire();
    await waitFor(mediaId);
    await again();
    await due();
    expect(await detail(mediaId)).toMatchObject({
      tagline: 'Ours.',
      overview: 'By hand.',
      genres: ['Drama'],
      posterUrl: 'asset:starter/ours.jpg',
    });
    expect(await mediaDetail(db(), mediaId, 'es')).toMatchObject({
      title: 'La nuestra',
      overview: 'Un hacker.',
    });
  });

  test('seasons: gaps are filled, what the providers said before follows, what others wrote stays', async () => {
    const series = (title: string): ProvidedTitle => ({
      ...{ kind: 'series', title: 'Show', ids: { imdb: 'tt0903747' } },
      seasons: [
        {
          number: 1,
          episodes: [
            { number: 1, title, airDate: '2008-01-20' },
            { number: 2, title: 'Two' },
            { number: -3 },
          ],
        },
      ],
    });
    lay(cinemeta(), series('One'), 'imdb tt0903747');
    const { mediaId } = await upsertTitle(db(), {
      ...{ kind: 'series', title: 'Show', ids: { imdb: 'tt0903747' } },
      seasons: [{ number: 1, episodes: [{ number: 2, title: 'Ours' }] }],
    });
    await due();
    const titles = async () =>
      (await detail(mediaId)).seasons[0]?.episodes.map(({ title, airDate }) => [title, airDate]);
    expect(await titles()).toEqual([
      ['One', '2008-01-20'],
      ['Ours', null],
    ]);
    lay(cinemeta(), series('First'), 'imdb tt0903747');
    await expire();
    await waitFor(mediaId);
    await again();
    await due();
    expect(await titles()).toEqual([
      ['First', '2008-01-20'],
      ['Ours', null],
    ]);
  });

  test('an adult title is marked, a private one is told to nobody', async () => {
    lay(cinemeta(), { ...CINE, adult: true }, 'imdb tt0133093');
    const mediaId = await film();
    await due();
    expect((await standing(mediaId)).isAdult).toBe(true);
    const { mediaId: mine } = await upsertTitle(db(), {
      kind: 'movie',
      title: 'Mine',
      ids: { imdb: 'tt7777777' },
    });
    await db().query(
      command(
        'test.owner',
      )`WITH u AS (INSERT INTO app_user (username) VALUES ('me') RETURNING id) UPDATE media SET owner_id = u.id FROM u WHERE media.id = ${mine}`,
    );
    expect(await due()).toEqual([]);
    expect(await enricher().opened(mine, 1000)).toBe(false);
    expect(cinemeta().asked).toEqual(['imdb tt0133093']);
  });
});
