import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { noteScan } from '../../src/features/source-health/index.ts';
import { insertReports } from '../../src/features/source-health/queries/reports.ts';
import { settle } from '../../src/features/source-health/settle.ts';
import { command, rows } from '../../src/platform/db.ts';
import { addonStreamsRoom } from '../support/addon-streams-room.ts';

// The same film on two file servers: which link is offered first.

const room = addonStreamsRoom();
const { file, add, firstLines } = room;

let [a, b] = [0, 0];
const deps = () => ({ db: room.server.db, settings: { get: () => ({ sourceDisableBelow: 20 }) } });

beforeEach(async () => {
  const { db } = room.server;
  await db.query(command('test.sources')`TRUNCATE source CASCADE`);
  const added = await db.any(rows('test.add_sources', z.object({ id: z.int() }))`
    INSERT INTO source (name, base_url, is_active) VALUES ('a', 'https://a.example/', true), ('b', 'https://b.example/', true)
    RETURNING id
  `);
  [a = 0, b = 0] = added.map(({ id }) => id);
});

async function addOn(sourceId: number, name: string, more: object = {}): Promise<void> {
  const streamId = await add(file(name, more));
  await room.server.db.query(command('test.place')`
    UPDATE stream_http SET source_id = ${sourceId}, file_path = ${name} WHERE stream_id = ${streamId}
  `);
}

/** Two clients of one provider say so, and it is thought about. */
async function reported(sourceId: number, isReachable: boolean): Promise<void> {
  const report = { sourceId, ispName: 'Home', isReachable, responseMs: 20, isVote: true };
  for (const each of [report, report]) await insertReports(room.server.db, [each]);
  await settle(deps(), [sourceId]);
  await room.server.settled();
}

const setSource = async (sourceId: number, priority: number) => {
  await room.server.db.query(
    command('test.priority')`UPDATE source SET priority = ${priority} WHERE id = ${sourceId}`,
  );
  await room.server.settled();
};

describe('scenario F10, the order', () => {
  beforeEach(async () => {
    await addOn(a, 'The.Matrix.1999.1080p.BluRay.x264.mkv');
    await addOn(b, 'The.Matrix.1999.720p.WEB-DL.mkv');
  });

  test('both servers up: the sharper first; A unreachable: B first and A last; A back: as before', async () => {
    const sharper = ['The.Matrix.1999.1080p.BluRay.x264.mkv', 'The.Matrix.1999.720p.WEB-DL.mkv'];
    expect(await firstLines()).toEqual(sharper);
    await reported(a, false);
    expect(await firstLines()).toEqual(sharper.toReversed());
    await room.server.db.query(command('test.forget')`DELETE FROM source_health_report`);
    await reported(a, true);
    expect(await firstLines()).toEqual(sharper);
  });

  test('a server that rests because of its scans is behind all others, and wakes with a scan that goes well', async () => {
    for (let failed = 0; failed < 9; failed += 1) await noteScan(deps(), a, false);
    await room.server.settled();
    expect((await firstLines())[0]).toContain('720p');
    await noteScan(deps(), a, true);
    await room.server.settled();
    expect((await firstLines())[0]).toContain('1080p');
  });
});

test('of equal streams the one on the server of lower priority is first, then the one on the healthier', async () => {
  const twice = (server: string) => `Film.2008.1080p-${server}.mkv`;
  await addOn(a, twice('A'));
  await addOn(b, twice('B'));
  expect(await firstLines()).toEqual([twice('A'), twice('B')]);
  for (let failed = 0; failed < 2; failed += 1) await noteScan(deps(), a, false);
  await room.server.settled();
  expect(await firstLines()).toEqual([twice('B'), twice('A')]);
  await setSource(b, 1);
  expect(await firstLines()).toEqual([twice('A'), twice('B')]);
});

test('one release on two servers is one entry, on the server that is reached', async () => {
  await addOn(a, 'Film.2008.1080p-X.mkv', { sizeBytes: 5_000_000_000 });
  await addOn(b, 'Film.2008.1080p-X.mkv', { sizeBytes: 5_000_000_000 });
  const urlOf = async () => (await room.streamsOf()).map(({ url }) => url?.split('/').at(-3));
  // However much its owner prefers it.
  await setSource(a, -5);
  const before = await urlOf();
  await reported(a, false);
  const after = await urlOf();
  expect([before.length, after.length]).toEqual([1, 1]);
  expect(after).not.toEqual(before);
});

test('a file is offered through here, straight from its server, or both ways, as its owner says', async () => {
  await addOn(a, 'Film.2008.1080p-X.mkv');
  const change = async (offers: string, username: string | null) => {
    await room.server.db.query(
      command('test.offers')`UPDATE source SET offers = ${offers}, username = ${username} WHERE id = ${a}`,
    );
    await room.server.settled();
  };
  const ways = async () =>
    (await room.streamsOf()).map(({ url = '', description }) => [
      url.startsWith('https://files.example/') ? 'direct' : new URL(url).pathname.split('/')[1],
      description.includes('Straight from its own server'),
    ]);
  expect(await ways()).toEqual([['play', false]]);
  await change('both', null);
  expect(await ways()).toEqual([
    ['play', false],
    ['direct', true],
  ]);
  await change('direct', null);
  expect(await ways()).toEqual([['direct', true]]);
  const [{ behaviorHints } = { behaviorHints: undefined }] = await room.streamsOf();
  expect(behaviorHints).toMatchObject({ filename: 'Film.2008.1080p-X.mkv', notWebReady: true });
  // No player is told the owner's login.
  await change('direct', 'owner');
  expect(await ways()).toEqual([['play', false]]);
});
