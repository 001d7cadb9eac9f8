import { expect, test } from 'vitest';
import { scenarioRoom } from '../support/scenario-room.ts';
import { TMDB_FILM } from '../support/tmdb-answers.ts';

// Steps F3, F4 and F5 of the scenario "files on two servers": names become titles, through the protocol a client speaks.

const room = scenarioRoom();
const { addon, ask, count, enrich, laySearch, layTitle, meta, review, scanned, shown, streams } = room;

const NOTHING = { popular: [], recent: [], search: [] };
const MATRIX = 'The.Matrix.1999.1080p.BluRay.x264.mkv';
const EPISODE = 'Show.Name.S01E02.720p.WEB-DL.mkv';
const SHOW = {
  ...{ id: 1000, name: 'Show Name', original_language: 'en', first_air_date: '2010-01-01', seasons: [] },
  overview: 'A show.',
};
const SEQUEL = { id: 76_600, title: 'Avatar: The Way of Water', release_date: '2022-12-14' };

function layMatrix(): void {
  laySearch('movie', 'The Matrix', [{ id: 603, title: 'The Matrix', release_date: '1999-03-31' }]);
  layTitle('movie/603', TMDB_FILM);
}
async function addAvatar(): Promise<string> {
  const id = await scanned('a', 'Avatar.2022.720p.mkv');
  laySearch('movie', 'Avatar', [SEQUEL]);
  await enrich();
  return id;
}

test('F3: paused nothing changes; resumed the sure ones are published, the doubtful one is in no catalogue and waits', async () => {
  await scanned('a', MATRIX);
  await scanned('a', EPISODE);
  const avatar = await scanned('a', 'Avatar.2022.720p.mkv');
  room.pause(true);
  await enrich();
  expect(await shown('movie', 'matrix')).toEqual(NOTHING);
  expect(await shown('series', 'show')).toEqual(NOTHING);
  expect((await review()).map(({ status, confidence }) => [status, confidence])).toEqual([
    ['flagged', 0],
    ['flagged', 0],
    ['flagged', 0],
  ]);
  room.pause(false);
  layMatrix();
  laySearch('tv', 'Show Name', [{ id: 1000, name: 'Show Name', first_air_date: '2010-01-01' }]);
  layTitle('tv/1000', SHOW);
  laySearch('movie', 'Avatar', [SEQUEL]);
  await enrich();
  const movies = ['The Matrix'];
  expect(await shown('movie', 'matrix')).toEqual({ popular: movies, recent: movies, search: movies });
  expect((await shown('series', 'show')).search).toEqual(['Show Name']);
  expect((await shown('movie', 'avatar')).search).toEqual([]);
  expect((await ask('GET', '/api/media/tt0133093')).body).toMatchObject({ isPublished: true, year: 1999 });
  const [waiting, another] = await review();
  expect(another).toBeUndefined();
  expect(waiting).toMatchObject({ id: avatar, title: 'Avatar', status: 'flagged' });
  expect(((waiting?.confidence ?? 0) * 100).toFixed(2)).toBe('40.00');
  expect(waiting?.doubts).toMatchObject([{ provider: 'tmdb', title: SEQUEL.title, ids: { tmdb: '76600' } }]);
  const [stream] = await streams('movie/tt0133093');
  expect(stream?.name).toContain('1080p');
  expect(await streams('series/tmdb:1000:1:2')).toHaveLength(1);
});

test('F3: by its id a doubtful title is what any hidden one is: no page, no streams; the owner sees it', async () => {
  const id = await addAvatar();
  expect(await meta(`movie/trib:${id}`)).toBe(404);
  expect(await streams(`movie/trib:${id}`)).toEqual([]);
  expect((await ask('GET', `/api/media/${id}`)).body).toMatchObject({ title: 'Avatar', isPublished: false });
  expect((await ask('GET', '/api/media?hidden=true')).body).toMatchObject({ media: [{ title: 'Avatar' }] });
});

test('F3: what an owner, an import or an id named is never hidden, whatever is found by its name', async () => {
  await ask('POST', '/api/media', { kind: 'movie', title: 'Avatar Way', year: 2022 });
  laySearch('movie', 'Avatar Way', [SEQUEL]);
  await enrich();
  expect((await review()).map(({ title, status }) => [title, status])).toEqual([['Avatar Way', 'flagged']]);
  expect((await shown('movie', 'avatar way')).search).toEqual(['Avatar Way']);
  // Nor is one any more that had been made from a name.
  await scanned('a', MATRIX);
  expect((await shown('movie', 'matrix')).search).toEqual([]);
  await ask('POST', '/api/media', { kind: 'movie', title: 'The Matrix', year: 1999 });
  await addon().settled();
  expect((await shown('movie', 'matrix')).search).toEqual(['The Matrix']);
});

test('F4: the same film on a second server is the same title with two links; season 1 episode 2 is there once', async () => {
  const first = await scanned('a', MATRIX);
  await scanned('a', EPISODE);
  layMatrix();
  laySearch('tv', 'Show Name', [{ id: 1000, name: 'Show Name', first_air_date: '2010-01-01' }]);
  layTitle('tv/1000', SHOW);
  await enrich();
  expect(await scanned('b', 'The.Matrix.1999.720p.WEB-DL.mkv')).toBe(first);
  expect(await scanned('b', MATRIX)).toBe(first);
  await scanned('b', 'Show.Name.S01E02.1080p.WEB-DL.mkv');
  expect([await count('media'), await count('episode'), await count('stream_media_link')]).toEqual([2, 1, 5]);
  const offered = (await streams('movie/tt0133093')).map(({ behaviorHints }) => behaviorHints?.filename);
  // Of the same release on both one is offered.
  expect(offered).toEqual([MATRIX, 'The.Matrix.1999.720p.WEB-DL.mkv']);
  expect(await streams('series/tmdb:1000:1:2')).toHaveLength(2);
  expect(await streams('series/tmdb:1000:1:1')).toEqual([]);
});

test('F5: approved it is what it was called: 100 % sure, and shown', async () => {
  const id = await addAvatar();
  expect((await ask('POST', `/api/review/${id}/approve`)).status).toBe(204);
  const found = await shown('movie', 'avatar');
  expect(found).toEqual({ popular: ['Avatar'], recent: ['Avatar'], search: ['Avatar'] });
  expect(await review()).toEqual([]);
  expect(await streams(`movie/trib:${id}`)).toHaveLength(1);
});

test('F5: corrected it takes the ids and details of the other title, and its streams stay', async () => {
  const id = await addAvatar();
  expect((await ask('POST', `/api/review/${id}/correct`, { ids: { tmdb: '603' } })).status).toBe(204);
  layTitle('movie/603', TMDB_FILM);
  await enrich();
  expect((await shown('movie', 'matrix')).search).toEqual(['The Matrix']);
  expect((await ask('GET', `/api/media/${id}`)).body).toMatchObject({
    ...{
      title: 'The Matrix',
      year: 1999,
      imdbId: 'tt0133093',
      isPublished: true,
      aliases: ['Avatar', 'Matrix 1'],
    },
  });
  expect(await streams('movie/tt0133093')).toHaveLength(1);
});

const STORED = { kind: 'movie', title: SEQUEL.title, year: 2022, overview: 'Under water.' };
/** What can be played; of a title without links the add-on says so in a stream of its own. */
const files = async (path: string) =>
  (await streams(path)).flatMap(({ behaviorHints }) => behaviorHints?.filename ?? []);

test('F5: approved to be a title that is here already, its streams are there, and it is gone', async () => {
  await ask('POST', '/api/media', { ...STORED, ids: { tmdb: '76600', imdb: 'tt1630029' } });
  const id = await addAvatar();
  await addon().settled();
  expect(await files('movie/tt1630029')).toEqual([]);
  const [waiting] = await review();
  expect(waiting).toMatchObject({ id, isHidden: true, doubts: [{ here: { title: SEQUEL.title } }] });
  const answer = await ask('POST', `/api/review/${id}/approve`, { doubt: waiting?.doubts[0]?.id });
  expect([answer.status, answer.body]).toMatchObject([
    200,
    { mergedInto: { title: SEQUEL.title, year: 2022 } },
  ]);
  expect(await files('movie/tt1630029')).toEqual(['Avatar.2022.720p.mkv']);
  expect(await streams(`movie/trib:${id}`)).toEqual([]);
  expect(await review()).toEqual([]);
  expect([await count('media'), await count('stream_media_link')]).toEqual([1, 1]);
  expect((await ask('POST', `/api/review/${id}/approve`)).status).toBe(404);
});

test('F5: corrected by the id of a title that is here already: its episodes are that one’s', async () => {
  await ask('POST', '/api/media', {
    kind: 'series',
    title: 'Other Name',
    year: 2010,
    ids: { imdb: 'tt0900000' },
  });
  const id = await scanned('a', EPISODE);
  await addon().settled();
  expect(await files('series/tt0900000:1:2')).toEqual([]);
  expect((await ask('POST', `/api/review/${id}/correct`, { ids: { imdb: 'tt0900000' } })).status).toBe(200);
  expect(await files('series/tt0900000:1:2')).toEqual([EPISODE]);
  expect(await files('series/tt0900000:1:1')).toEqual([]);
});

test('F3: a name that for sure is a title we have under another one becomes that one by itself', async () => {
  await ask('POST', '/api/media', { ...STORED, title: 'Haker', year: 1999, ids: { imdb: 'tt0133093' } });
  await scanned('a', MATRIX);
  await addon().settled();
  expect(await files('movie/tt0133093')).toEqual([]);
  layMatrix();
  await enrich();
  expect(await files('movie/tt0133093')).toEqual([MATRIX]);
  expect(await count('media')).toBe(1);
  expect(await review()).toEqual([]);
});

test('F5: rejected it stays hidden, is asked about no more, and takes what comes under its name', async () => {
  const id = await addAvatar();
  expect((await ask('POST', `/api/review/${id}/reject`)).status).toBe(204);
  await enrich();
  expect(await shown('movie', 'avatar')).toEqual(NOTHING);
  expect(await scanned('b', 'Avatar.2022.720p.mkv')).toBe(id);
  expect(await review()).toEqual([]);
});

test('an owner who publishes or hides a doubtful title has decided it', async () => {
  const id = await addAvatar();
  await ask('PATCH', `/api/media/${id}`, { isPublished: false });
  expect(await review()).toMatchObject([{ status: 'rejected' }]);
  await ask('PATCH', `/api/media/${id}`, { isPublished: true });
  expect(await review()).toMatchObject([{ status: 'approved', confidence: 1 }]);
  expect((await shown('movie', 'avatar')).search).toEqual(['Avatar']);
});
