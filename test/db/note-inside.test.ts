import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ensureEpisodes } from '../../src/features/media/index.ts';
import { noteInside } from '../../src/features/stream-index/index.ts';
import { filesOf } from '../../src/features/stream-index/queries/answers.ts';
import { rows } from '../../src/platform/db.ts';
import type { StreamFile } from '../../src/streams/kind.ts';
import type { Learned } from '../../src/streams/usenet/engine.ts';
import { createReleases } from '../../src/streams/usenet/releases.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { storedStreamsRoom } from '../support/stored-streams-room.ts';

const room = storedStreamsRoom();
const { db, save } = room;
let ground: TestKindDeps;
beforeAll(async () => {
  ground = await openKindDeps();
});
afterAll(() => ground.close());

const MB = 1_000_000;
const file = (index: number, name: string, sizeBytes: number): StreamFile => ({
  ...{ index, name, sizeBytes, contentType: 'video/x-matroska' },
});
const Link = z.object({
  mediaId: z.int(),
  season: z.int().nullable(),
  episode: z.int().nullable(),
  fileIndex: z.int().nullable(),
  fileName: z.string().nullable(),
});
const linksOf = (streamId: number) =>
  db().any(rows('test.links', Link)`
    SELECT l.media_id AS "mediaId", se.number AS season, e.number AS episode, l.file_index AS "fileIndex", l.file_name AS "fileName"
    FROM stream_media_link l LEFT JOIN episode e ON e.id = l.episode_id LEFT JOIN season se ON se.id = e.season_id
    WHERE l.stream_id = ${streamId} ORDER BY 2, 3, 4`);
const note = (streamId: number, files: readonly StreamFile[]) => noteInside(room.deps(), streamId, files);
const guess = (name: string) => ({
  kind: 'usenet' as const,
  guid: name,
  name,
  files: [{ index: 2, name: `${name}.mkv`, sizeBytes: 4000 * MB }],
});

describe('what is inside a stream, once somebody looked', () => {
  test('takes the place of what was guessed: a film keeps its link under its own name', async () => {
    const { streamId } = await save(guess('Film.2008.1080p'), { fileIndex: 2 });
    await note(streamId, [file(2, 'x/film.mkv', 3900 * MB), file(3, 'x/film.de.srt', MB)]);
    expect(await linksOf(streamId)).toMatchObject([{ fileIndex: 2, fileName: 'x/film.mkv' }]);
    expect((await filesOf(db(), streamId, 10)).map(({ index, name }) => [index, name])).toEqual([
      [2, 'x/film.mkv'],
      [3, 'x/film.de.srt'],
    ]);
    const [offer] = await room.offers();
    expect(offer).toMatchObject({
      sizeBytes: 3900 * MB,
      subtitles: [{ path: 'x/film.de.srt', language: 'de' }],
    });
  });

  test('moves a film whose file is none to its largest video', async () => {
    const { streamId } = await save(guess('Film.2008.1080p'), { fileIndex: 2 });
    await note(streamId, [file(0, 'extra.mkv', 60 * MB), file(1, 'film.mkv', 3900 * MB)]);
    expect(await linksOf(streamId)).toMatchObject([{ fileIndex: 1, fileName: 'film.mkv' }]);
    expect(await filesOf(db(), streamId, 10)).toHaveLength(2);
  });

  test('links each episode of a season to its file, and none to another one’s', async () => {
    const name = 'Show.S01.1080p';
    const third = async () =>
      (await ensureEpisodes(db(), [{ mediaId: room.series, season: 1, episode: 3 }]))[0]?.episodeId;
    const { streamId } = await save(guess(name), {
      mediaId: room.series,
      episodeId: await third(),
      fileIndex: 2,
    });
    await note(
      streamId,
      [1, 2, 3].map((n) => file(n + 1, `Show.S01E0${n}.mkv`, 1000 * MB)),
    );
    expect((await linksOf(streamId)).map(({ episode, fileIndex }) => [episode, fileIndex])).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
  });

  test('of a stream that is gone, or of nothing, is nothing', async () => {
    await note(999_999, [file(0, 'a.mkv', 1)]);
    const { streamId } = await save(guess('Film.2008'), { fileIndex: 2 });
    await note(streamId, []);
    expect(await linksOf(streamId)).toMatchObject([{ fileIndex: 2 }]);
  });
});

test('a release tells it once for each of its streams, and again only when it is another', async () => {
  const told: [number, string[]][] = [];
  const releases = createReleases({
    ...{ db: db(), crypto: room.crypto(), net: ground.deps.net },
    onInside: (streamId, files) => void told.push([streamId, files.map(({ name }) => name)]),
  });
  const nzb = Buffer.from(
    '<nzb><file subject="a"><segments><segment bytes="5" number="1">a@x</segment></segments></file></nzb>',
  );
  const { streamId } = await save({ kind: 'usenet', name: 'Film', nzb: nzb.toString('base64') });
  const { key } = await releases.specOf({ streamId, fileIndex: null }, new AbortController().signal);
  const learned = (...paths: string[]): Learned => ({
    ...{ version: 1, posted: [{ name: 'a', sizeBytes: 5, partBytes: 5, anchors: [] }] },
    files: paths.map((path) => ({ path, sizeBytes: 5, extents: [[0, 0, 5, 0]], isEncrypted: false })),
  });
  await releases.keepLearned(key, { version: 1, posted: [null], files: null });
  for (const paths of [['a.mkv'], ['a.mkv'], ['b.mkv']]) await releases.keepLearned(key, learned(...paths));
  expect(told).toEqual([
    [streamId, ['a.mkv']],
    [streamId, ['b.mkv']],
  ]);
  const spec = await releases.specOf({ streamId, fileIndex: null }, new AbortController().signal);
  expect(spec.learned).toEqual(learned('b.mkv'));
  // What is too large is not kept, and told all the same.
  await releases.keepLearned(key, learned(`${'x'.repeat(300_000)}.mkv`));
  expect(told).toHaveLength(3);
  expect(
    (await releases.specOf({ streamId, fileIndex: null }, new AbortController().signal)).learned,
  ).toEqual(learned('b.mkv'));
});
