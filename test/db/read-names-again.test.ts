import { expect, test } from 'vitest';
import { z } from 'zod';
import { applySeenFacts } from '../../src/features/stream-index/index.ts';
import { readNamesAgain } from '../../src/features/stream-index/read-names-again.ts';
import { command, rows } from '../../src/platform/db.ts';
import { storedStreamsRoom } from '../support/stored-streams-room.ts';

const room = storedStreamsRoom();
const { db, hash, save } = room;
const NEVER = new AbortController().signal;

const Facts = z.object({
  resolution: z.string().nullable(),
  codec: z.string().nullable(),
  quality: z.string().nullable(),
  hdr: z.array(z.string()),
  tags: z.array(z.string()),
  languages: z.array(z.string()),
  version: z.string(),
});
const factsOf = (streamId: number) =>
  db().one(rows('test.facts', Facts)`
    SELECT resolution, codec, quality, hdr_formats AS hdr, visual_tags AS tags, parser_version AS version,
      ARRAY(SELECT language FROM stream_language WHERE stream_id = s.id AND kind = 'audio' ORDER BY 1) AS languages
    FROM stream s WHERE id = ${streamId}`);
/** As if a worse reader had stored it. */
const spoil = () =>
  db().transaction(async (tx) => {
    await tx.query(command('test.spoil')`
      UPDATE stream SET parser_version = '1', resolution = '480p', codec = 'XviD', quality = 'CAM', hdr_formats = '{SDR}', visual_tags = '{}'`);
    await tx.query(command('test.languages')`DELETE FROM stream_language`);
  });
const NAME = 'Film.2008.2160p.3D.H-SBS.BluRay.HDR10.x265.10bit.German.DL-GRP';
const READ = {
  ...{ resolution: '2160p', codec: 'HEVC', quality: 'BluRay', hdr: ['HDR10'] },
  ...{ tags: ['3D', 'H-SBS', '10bit'], languages: ['de'] },
};
const SPOILT = { resolution: '480p', codec: 'XviD', quality: 'CAM', hdr: ['SDR'] };

test('names another version read are read again, once; a torrent is scored anew', async () => {
  const { streamId } = await save({ kind: 'torrent', infoHash: hash(), name: NAME });
  expect(await factsOf(streamId)).toMatchObject({ ...READ, version: '3' });
  await spoil();
  await db().query(command('test.score')`UPDATE stream SET score = 9.9`);
  expect(await readNamesAgain(db(), NEVER)).toBe(1);
  expect(await factsOf(streamId)).toEqual({ ...READ, version: '3' });
  expect(
    await db().one(rows('test.score', z.object({ score: z.number() }))`SELECT score FROM stream`),
  ).not.toEqual({ score: 9.9 });
  expect(await readNamesAgain(db(), NEVER)).toBe(0);
  expect(await readNamesAgain(db(), NEVER, '4')).toBe(1);
  expect(await factsOf(streamId)).toEqual({ ...READ, version: '4' });
});

test('what a person told stays, at once and later, and what was seen in the bytes', async () => {
  const torrent = { kind: 'torrent' as const, infoHash: hash(), name: NAME };
  const { streamId } = await save({ ...torrent, resolution: '480p', languages: ['fr'] });
  await save({ ...torrent, codec: 'XviD' });
  await applySeenFacts(
    db(),
    streamId,
    {
      ...{ sizeBytes: null, resolution: null, codec: null, hdr: ['HLG'], audio: [], channels: [] },
      ...{ languages: [], subtitleLanguages: [] },
    },
    [],
  );
  await db().query(command('test.version')`UPDATE stream SET parser_version = '1', quality = 'CAM'`);
  expect(await readNamesAgain(db(), NEVER)).toBe(1);
  expect(await factsOf(streamId)).toEqual({
    ...READ,
    ...{ resolution: '480p', codec: 'XviD', hdr: ['HLG'], languages: ['fr'], version: '3' },
  });
});

test('of streams stored before it was kept who told what, only the gaps are filled', async () => {
  const { streamId } = await save({ kind: 'http', url: room.uniqueUrl(), name: NAME });
  await spoil();
  await db().query(command('test.before')`UPDATE stream SET told = NULL`);
  await save({ kind: 'http', url: room.uniqueUrl(), name: 'Film.720p' });
  await readNamesAgain(db(), NEVER);
  expect(await factsOf(streamId)).toEqual({
    ...SPOILT,
    ...{ tags: ['3D', 'H-SBS', '10bit'], languages: ['de'], version: '3' },
  });
});

test('it goes on where it was: each batch is kept, and a stop between two loses nothing', async () => {
  await save({ kind: 'http', url: room.uniqueUrl(), name: NAME });
  await db().query(command('test.many')`
    INSERT INTO stream (public_id, kind, name, parsed_by, parser_version, told)
    SELECT gen_random_uuid(), 'external', 'Film.720p', 'release-name', '1', '{}' FROM generate_series(1, 1200)`);
  const stop = new AbortController();
  stop.abort();
  expect(await readNamesAgain(db(), stop.signal)).toBe(0);
  let checks = 0;
  const once = Object.defineProperty(new AbortController().signal, 'aborted', {
    get() {
      checks += 1;
      return checks > 1;
    },
  });
  expect(await readNamesAgain(db(), once)).toBe(500);
  expect(await readNamesAgain(db(), NEVER)).toBe(700);
  const { count } = await db().one(rows('test.count', z.object({ count: z.int() }))`
    SELECT count(*) FROM stream WHERE resolution = '720p' AND parser_version = '3'`);
  expect(count).toBe(1200);
});
