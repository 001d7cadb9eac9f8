import { mkdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { episodesOf, resolveMediaId, upsertTitle } from '../../src/features/media/index.ts';
import { offersFor } from '../../src/features/stream-index/index.ts';
import { rows } from '../../src/platform/db.ts';
import { bencode } from '../support/bencode.ts';
import { nzbOf } from '../support/nzb-post.ts';
import { seedRoom } from '../support/seed-room.ts';

const { db, put, pathOf, run, seed } = seedRoom();

const magnet = (digit: string, name: string) =>
  `magnet:?xt=urn:btih:${digit.repeat(40)}&dn=${encodeURIComponent(name)}&tr=udp%3A%2F%2Ftracker.example%3A80`;

const Title = z.object({
  mediaId: z.int(),
  kind: z.string(),
  status: z.string(),
  year: z.int().nullable(),
  isPublished: z.boolean(),
});
const titleCalled = (title: string) =>
  db().maybeOne(rows('test.title', Title)`
    SELECT id AS "mediaId", kind, enrichment_status AS status, year, is_published AS "isPublished" FROM media WHERE title = ${title}`);

describe('npm run seed -- magnets', () => {
  test('finds or makes the title by the name, links episodes, tells the lines it refused, and doubles nothing', async () => {
    await upsertTitle(db(), { kind: 'movie', title: 'The Matrix', year: 1999, ids: { imdb: 'tt0133093' } });
    const file = await put(
      'magnets.txt',
      [
        '# films',
        magnet('a', 'The.Matrix.1999.1080p.BluRay.x264-GROUP'),
        '',
        magnet('b', 'Some.Show.S02E03.720p.WEB-DL'),
        'magnet:?xt=urn:btih:short',
        'hello',
        magnet('c', 'Unheard.Film.2011.720p'),
      ].join('\r\n'),
    );
    expect(await seed('magnets', file)).toMatchObject({
      ...{ releases: 5, newStreams: 3, newTitles: 2, refused: 2 },
      reasons: [expect.stringMatching(/^line 5: /), expect.stringMatching(/^line 6: /)],
    });
    const matrix = await resolveMediaId(db(), { provider: 'imdb', value: 'tt0133093' });
    const offers = await offersFor(db(), { mediaId: matrix?.mediaId ?? 0, episodeId: null, only: 'all' });
    expect(offers).toMatchObject([{ kind: 'torrent', resolution: '1080p' }]);
    expect(await titleCalled('The Matrix')).toMatchObject({ status: 'pending' });
    expect(await titleCalled('Unheard Film')).toMatchObject({
      ...{ kind: 'movie', status: 'flagged', year: 2011, isPublished: false },
    });
    const show = await titleCalled('Some Show');
    expect(show).toMatchObject({ kind: 'series', status: 'flagged' });
    const [episode] = await episodesOf(db(), [{ mediaId: show?.mediaId ?? 0, season: 2, episode: 3 }]);
    expect(episode).toBeDefined();
    expect(await seed('magnets', file)).toMatchObject({ newStreams: 0, changedStreams: 0, newTitles: 0 });
  });

  test('asked wrongly it tells its usage, and of a file that is not there', async () => {
    expect(await run('magnets')).toMatchObject({
      code: 2,
      complained: expect.stringMatching(/seed -- magnets FILE/),
    });
    expect(await run('magnets', pathOf('none'))).toMatchObject({
      code: 1,
      complained: expect.stringMatching(/no readable file/),
    });
  });
});

describe('npm run seed -- torrents and nzbs', () => {
  const torrent = (name: string, files: readonly string[]) =>
    bencode({
      info: {
        ...{
          name,
          'piece length': 16_384,
          pieces: Buffer.alloc(20 * Math.ceil((files.length * 60_000_000) / 16_384)),
        },
        files: files.map((path) => ({ length: 60_000_000, path: [path] })),
      },
    });

  test('a folder without any is the wrong folder, and says so', async () => {
    const folder = pathOf('nothing-here');
    await mkdir(folder);
    await put('nothing-here/film.mkv', 'x');
    for (const [name, ending] of [
      ['torrents', '.torrent'],
      ['nzbs', '.nzb or .nzb.gz'],
    ] as const)
      expect(await run(name, folder)).toMatchObject({
        code: 1,
        complained: expect.stringContaining(`There is no file that ends in ${ending} in ${folder}.`),
      });
  });

  test('an anime list that is not there is named', async () => {
    expect(await run('anime-ids', pathOf('none.json'))).toMatchObject({
      code: 1,
      complained: expect.stringContaining(`There is no readable file ${pathOf('none.json')}.`),
    });
  });

  test('a folder of torrents: each file of a pack at its episode, a bad one is told', async () => {
    await mkdir(pathOf('torrents/deeper'), { recursive: true });
    const names = ['The.Pack.S01E01.mkv', 'The.Pack.S01E02.mkv'];
    await put('torrents/deeper/pack.torrent', torrent('The.Pack.S01.720p', names));
    await put('torrents/bad.torrent', 'no torrent');
    await put('torrents/readme.txt', 'passed over');
    expect(await seed('torrents', pathOf('torrents'))).toMatchObject({
      ...{ releases: 2, newStreams: 1, newTitles: 1, refused: 1 },
      reasons: [expect.stringMatching(/^bad\.torrent: /)],
    });
    const pack = await titleCalled('The Pack');
    const [second] = await episodesOf(db(), [{ mediaId: pack?.mediaId ?? 0, season: 1, episode: 2 }]);
    const offers = await offersFor(db(), {
      ...{ mediaId: pack?.mediaId ?? 0, episodeId: second?.episodeId ?? 0, only: 'all' },
    });
    expect(offers).toMatchObject([{ fileName: 'The.Pack.S01.720p/The.Pack.S01E02.mkv' }]);
  });

  test('an NZB file is a post of the film it is called after', async () => {
    const parts = [{ id: 'a@b.invalid', number: 1, bytes: 800_000 }];
    const text = nzbOf([{ subject: '"Posted.Film.2005.1080p.mkv" yEnc (1/1)', parts }]);
    const file = await put('Posted.Film.2005.1080p.nzb', text);
    expect(await seed('nzbs', file)).toMatchObject({ releases: 1, newStreams: 1, newTitles: 1, refused: 0 });
    expect(await titleCalled('Posted Film')).toMatchObject({ kind: 'movie', year: 2005 });
    expect(await seed('nzbs', file)).toMatchObject({ newStreams: 0, newTitles: 0 });
  });

  test('export writes what the importers brought, and json takes it again', async () => {
    const file = pathOf('all.json');
    const { titles } = await seed('export', file);
    expect(titles).toBeGreaterThanOrEqual(5);
    expect(JSON.parse(await readFile(file, 'utf8')).titles).toHaveLength(Number(titles));
    expect(await seed('json', file)).toMatchObject({ titles, newTitles: 0, changedTitles: 0, newStreams: 0 });
    expect(await seed('export', file, '--kind', 'series')).toMatchObject({ titles: 2 });
    expect(await run('export', file, '--kind', 'opera')).toMatchObject({ code: 2 });
  });
});
