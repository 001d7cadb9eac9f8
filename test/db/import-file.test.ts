import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportTitles, importFile } from '../../src/features/imports/index.ts';
import { AppError } from '../../src/kit/errors.ts';
import { command } from '../../src/platform/db.ts';
import { importRoom } from '../support/import-room.ts';

const { db, kinds, FILE, countOf } = importRoom();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'import-file-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function imported(text: string, more: object = {}) {
  const path = join(folder, 'titles.json');
  await writeFile(path, text);
  return await importFile({ db: db(), kinds: kinds() }, path, { name: 'titles', ...more });
}
async function refusal(text: string): Promise<string> {
  const error = await imported(text).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw new Error('nothing was refused', { cause: error });
  expect(await countOf('media')).toBe(0);
  return error.message;
}

describe('an import file by its path', () => {
  test('is read title by title, and says the same as one read whole', async () => {
    const shares: number[] = [];
    const result = await imported(JSON.stringify(FILE, null, 2), {
      ...{ batchSize: 1, onChecked: (share: number) => shares.push(share) },
    });
    expect(result).toMatchObject({ titles: 2, newTitles: 2, streams: 7, newStreams: 7, conflicts: [] });
    expect(shares).toEqual([1, 1]);
    expect(await imported(JSON.stringify(FILE))).toMatchObject({
      newTitles: 0,
      changedTitles: 0,
      newStreams: 0,
    });
  });

  test('with one bad title among thousands nothing is imported, and its place is told', async () => {
    const titles = Array.from({ length: 3000 }, (_, n) => ({
      kind: 'movie',
      title: `Film ${n}`,
      year: 2000,
    }));
    const bad = [...titles, { kind: 'movie', title: 'Last', yeer: 1 }];
    expect(await refusal(JSON.stringify({ version: 1, titles: bad }))).toMatch(
      /nothing was imported\.\nTitle 3001 "Last": Unrecognized key: "yeer"$/,
    );
  });

  test.each([
    ['{"version":1,"titles":[{"kind":"movie","title":"A"}', /The file: This is no JSON\. It ends too early/],
    ['{"version":1,"titles":[{"kind":"movie" "title"}]}', /The file: This is no JSON\./],
    ['{"titles":[{"kind":"movie","title":"A"}]}', /version: is missing/],
    ['{"version":2,"titles":[]}', /version: must be 1/],
    ['{"version":1,"titles":{}}', /titles: must be a list/],
    ['{"version":1,"titles":[],"x":1}', /The file: Unrecognized key: "x"/],
    [
      '{"version":1,"titles":[{"kind":"movie","title":"A","licence":{"code":"WTFPL"}}]}',
      /Title 1 "A", licence\.code/,
    ],
    [
      '{"version":1,"titles":[{"kind":"movie","title":"A","streams":[{"kind":"torrent","infoHash":"x"}]}]}',
      /Title 1 "A", streams\.0/,
    ],
  ])('%s is refused', async (text, message) => {
    expect(await refusal(text)).toMatch(message);
  });

  test('one that is not there is said to be missing, and a stopped import goes on', async () => {
    await expect(
      importFile({ db: db(), kinds: kinds() }, join(folder, 'none'), { name: 'x' }),
    ).rejects.toThrow(/no readable file/);
    const stop = new AbortController();
    const text = JSON.stringify(FILE);
    const stopped = imported(text, {
      ...{ batchSize: 1, signal: stop.signal, onProgress: () => stop.abort(new Error('stopped')) },
    });
    await expect(stopped).rejects.toThrow('stopped');
    expect(await countOf('media')).toBe(1);
    expect(await imported(text)).toMatchObject({ titles: 2, newTitles: 1 });
  });
});

describe('an export', () => {
  async function exported(): Promise<{ version: number; titles: object[] }> {
    const titles: string[] = [];
    for await (const title of exportTitles(db(), { signal: new AbortController().signal }))
      titles.push(title);
    return { version: 1, titles: titles.map((title) => JSON.parse(title)) };
  }

  test('put into another catalogue is the same catalogue, and changes nothing in its own', async () => {
    await imported(JSON.stringify(FILE));
    const first = await exported();
    expect(first.titles).toHaveLength(2);
    expect(await imported(JSON.stringify(first))).toMatchObject({
      newTitles: 0,
      changedTitles: 0,
      newStreams: 0,
    });
    await db().query(
      command('test.empty_again')`TRUNCATE media, stream, tracker, genre RESTART IDENTITY CASCADE`,
    );
    expect(await imported(JSON.stringify(first))).toMatchObject({
      newTitles: 2,
      newStreams: 7,
      conflicts: [],
    });
    expect(await exported()).toEqual(first);
  });

  test('holds nothing that is stored sealed', async () => {
    const url = 'https://files.example/a.mkv';
    const secret = 'Bearer of-a-secret';
    const streams = [
      { kind: 'http', url, headers: { authorization: secret } },
      { kind: 'usenet', nzbUrl: 'https://indexer.example/get?apikey=of-a-secret', name: 'A.2001.720p' },
    ];
    await imported(
      JSON.stringify({ version: 1, titles: [{ kind: 'movie', title: 'A', year: 2001, streams }] }),
    );
    const text = JSON.stringify(await exported());
    expect(text).toContain(url);
    expect(text).not.toContain('of-a-secret');
  });
});
