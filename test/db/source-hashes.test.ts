import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { hashSourceFiles } from '../../src/features/file-facts/hash-files.ts';
import { rows } from '../../src/platform/db.ts';
import { sourceHealthRoom } from '../support/source-health-room.ts';

// Files of sources get the hash that subtitle collections know films by, without being read as a whole.

const room = sourceHealthRoom();
const { db, serve, addSource, addFile, NEVER } = room;
const FILM = randomBytes(300_000);
const [HEAD, TAIL] = ['bytes=0-65535', `bytes=${FILM.length - 65_536}-${FILM.length - 1}`];

/** A server of `FILM` at every path; what was asked of it besides HEAD is noted. */
async function filmServer(asked: string[], { port = 0, body = FILM } = {}) {
  return await serve((req, res) => {
    if (req.method === 'GET') asked.push(`${req.url} ${req.headers.range ?? 'whole'}`);
    const [, from = '0', to = ''] = /bytes=(\d+)-(\d*)/.exec(req.headers.range ?? '') ?? [];
    const end = Math.min(body.length, (to === '' ? body.length - 1 : Number(to)) + 1);
    const head = {
      'Content-Length': end - Number(from),
      'Content-Range': `bytes ${from}-${end - 1}/${body.length}`,
    };
    res
      .writeHead(206, { ...head, 'Accept-Ranges': 'bytes', ETag: '"film"' })
      .end(body.subarray(Number(from), end));
  }, port);
}

/** By their streams' numbers. */
const hashes = async () =>
  (
    await db().any(rows('test.hashes', z.object({ hash: z.string().nullable() }))`
      SELECT f.video_hash AS hash FROM stream s JOIN file_facts f ON f.stream_id = s.id ORDER BY s.id
    `)
  ).map(({ hash }) => hash);
const hash = (signal = NEVER) => hashSourceFiles(room.deps(), signal);

/** As OpenSubtitles describes it: the size and the words of both ends, added up in 64 bits. */
function expected(): string {
  let sum = BigInt(FILM.length);
  for (const start of [0, FILM.length - 65_536])
    for (let at = start; at < start + 65_536; at += 8)
      sum = BigInt.asUintN(64, sum + FILM.readBigUInt64LE(at));
  return sum.toString(16).padStart(16, '0');
}

test('both ends of each file are read, newest first, and never again', async () => {
  const asked: string[] = [];
  const server = await filmServer(asked);
  const sourceId = await addSource(server.url);
  for (const name of ['old.mkv', 'new.mkv']) await addFile(sourceId, server.url, name, FILM.length);
  expect(await hash()).toBe(2);
  expect(await hashes()).toEqual([expected(), expected()]);
  const ranges = asked.filter((line) => [HEAD, TAIL].some((range) => line.endsWith(range)));
  expect(ranges).toEqual([`/new.mkv ${HEAD}`, `/new.mkv ${TAIL}`, `/old.mkv ${HEAD}`, `/old.mkv ${TAIL}`]);
  asked.length = 0;
  expect(await hash()).toBe(0);
  expect(asked).toEqual([]);
});

test('a file that is too short has none, and is not asked for again', async () => {
  const server = await filmServer([], { body: FILM.subarray(0, 60_000) });
  const sourceId = await addSource(server.url);
  await addFile(sourceId, server.url, 'short.mkv', 60_000);
  expect([await hash(), await hashes(), await hash()]).toEqual([1, [null], 0]);
});

test('a server that is away is left after three files, and another is not kept from its hashes', async () => {
  const [away, here] = [await filmServer([]), await filmServer([])];
  const sourceId = await addSource(away.url, 'away');
  for (const name of ['a', 'b', 'c', 'd', 'e']) await addFile(sourceId, away.url, `${name}.mkv`, FILM.length);
  await addFile(await addSource(here.url, 'here'), here.url, 'film.mkv', FILM.length);
  await away.close();
  expect(await hash()).toBe(4);
  expect(await hashes()).toEqual([null, null, null, expected()]);
  await filmServer([], { port: away.port });
  expect(await hash()).toBe(2);
  expect((await hashes()).filter((each) => each === expected())).toHaveLength(3);
});

test('a run that is stopped keeps what it has, and the next goes on', async () => {
  const asked: string[] = [];
  const server = await filmServer(asked);
  const sourceId = await addSource(server.url);
  for (const name of ['a', 'b', 'c']) await addFile(sourceId, server.url, `${name}.mkv`, FILM.length);
  const stopping = new AbortController();
  const stop = setInterval(() => {
    if (asked.some((line) => line.startsWith('/b.mkv'))) stopping.abort(new Error('the program stops'));
  }, 1);
  await expect(hash(stopping.signal)).rejects.toThrow('the program stops');
  clearInterval(stop);
  const kept = (await hashes()).length;
  expect(kept).toBeGreaterThan(0);
  expect(await hash()).toBe(3 - kept);
});
