import { stat, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { writeImdbData } from '../support/imdb-data.ts';
import { derivedFaults, HEAD, imdbRoom, MATRIX, tabbed } from '../support/imdb-room.ts';

const room = imdbRoom();

describe('bad files', () => {
  test('broken rows are counted, listed and left out', async () => {
    const basics = await room.fileOf(
      'basics',
      'tt0000002  movie  Too few columns',
      MATRIX.replace('1999', 'MCMXCIX'),
      MATRIX.replace('tt0133093', 'tt13'),
      MATRIX.replace('The Matrix', 'The\0Matrix'),
      MATRIX.replace('The Matrix', 'x'.repeat(501)),
      MATRIX.replace('The Matrix', 'x'.repeat(200_000)),
      Buffer.from(tabbed(MATRIX).replace('The', '\xff\xfe'), 'latin1'),
      MATRIX,
      MATRIX,
    );
    const result = await room.run({ basics });
    expect(result).toMatchObject({ newTitles: 1, brokenRows: 8 });
    expect(
      result.listedBrokenRows.map((row) => row.replace(/^\S+ line /, '').replace(/^(\d+: [^:]*).*/, '$1')),
    ).toEqual([
      '2: 3 columns, not 9',
      '3: a bad year',
      '4: a bad id',
      '5: a NUL',
      '6: an over-long title',
      '7: an over-long line',
      '8: not UTF-8',
      '10: an id for the second time',
    ]);
  });

  test('half a gzip is an error that says so, and what came before is imported', async () => {
    await writeImdbData({ folder: join(room.folder(), 'half'), titles: 3000, files: ['title.basics'] });
    const path = join(room.folder(), 'half', 'title.basics.tsv.gz');
    await truncate(path, Math.floor((await stat(path)).size / 2));
    const error = await room.failure(room.run({ basics: path }));
    expect(error).toMatchObject({ code: 'imports.cut' });
    expect(error.message).toContain('title.basics.tsv.gz ends in the middle');
    expect((await room.titles()).length).toBeGreaterThan(1000);
    expect(await derivedFaults(room.db())).toEqual([]);
  });

  test('another file is refused', async () => {
    const path = join(room.folder(), 'page.tsv');
    await writeFile(path, '<!doctype html>\n<p>Not found</p>\n');
    expect(await room.failure(room.run({ basics: path }))).toMatchObject({ code: 'imports.not_imdb' });
    const nothing = join(room.folder(), 'nothing.tsv');
    expect(await room.failure(room.run({ basics: nothing }))).toMatchObject({
      code: 'imports.no_file',
      message: `There is no readable file ${nothing}.`,
    });
    expect(await room.failure(room.run({}))).toMatchObject({ code: 'imports.no_basics' });
  });
});

test('by URL', async () => {
  const body = gzipSync(`${HEAD.basics}\n${tabbed(MATRIX)}\n`);
  const server = createServer((req, res) => {
    res.writeHead(req.url === '/title.basics.tsv.gz' ? 200 : 404, { 'content-length': body.length });
    res.end(req.method === 'HEAD' ? undefined : body);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = z.object({ port: z.int() }).parse(server.address());
  try {
    const url = `http://127.0.0.1:${address.port}/`;
    expect(await room.run({ basics: `${url}title.basics.tsv.gz` })).toMatchObject({ newTitles: 1 });
    expect((await room.failure(room.run({ basics: `${url}other.tsv.gz` }))).message).toContain(
      'could not be fetched (status 404)',
    );
  } finally {
    server.close();
  }
});
