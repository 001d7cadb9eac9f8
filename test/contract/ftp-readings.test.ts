import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createBudget } from '../../src/platform/budget.ts';
import { DataFlow } from '../../src/platform/ftp/data-flow.ts';
import { createFtpPool } from '../../src/platform/ftp/pool.ts';
import { createFtpPools } from '../../src/platform/ftp/pools.ts';
import { FtpSession } from '../../src/platform/ftp/session.ts';
import { createReadBuffers } from '../../src/platform/http1/read-buffers.ts';
import { createNet } from '../../src/platform/net.ts';
import { Parked } from '../../src/streams/ftp/parked.ts';
import { Reading, type Taker } from '../../src/streams/ftp/reading.ts';
import { filmOf, MIB, NEVER } from '../support/ftp-room.ts';
import { type FtpServer, startFtpServer } from '../support/ftp-server.ts';
import { waitUntil } from '../support/wait-until.ts';

const film = filmOf(8 * MIB);
const files = new Map([
  ['/film.mkv', film],
  ['/short.mkv', film.subarray(0, 5000)],
]);
const times = { replyMs: 5000, loginMs: 5000, idleMs: 5000, cutMs: 500 };

async function openServer() {
  const server = await startFtpServer(files);
  const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  onTestFinished(async () => {
    await net.close();
    await server.stop();
  });
  return { server, net, place: placeOf(server) };
}

const placeOf = ({ port }: FtpServer) =>
  ({ host: '127.0.0.1', port, tls: 'none', username: 'me', password: 'word' }) as const;

/** Takes so many bytes; what it hears is told by name. */
function takerOf(most: number, heard: string[], onEnough = () => {}): Taker {
  let left = most;
  return {
    wants: () => left,
    take(chunk, release) {
      left -= chunk.length;
      release();
      return true;
    },
    onEnough() {
      heard.push('enough');
      onEnough();
    },
    onEnd: (error) => heard.push(error === null ? 'end' : 'error'),
    onYield: () => heard.push('yield'),
  };
}

test('who comes to a reading that was cut meanwhile is told to begin another', async () => {
  const { net, place } = await openServer();
  const pool = createFtpPool(net, times);
  onTestFinished(() => pool.close());
  const reading = await Reading.begin(await pool.lease(place, NEVER), 'film.mkv', 0);
  reading.cut();
  const heard: string[] = [];
  reading.feed(takerOf(10, heard));
  expect(heard).toEqual(['yield']);
});

test.each(['film', 'short'])(
  'what a file (%s) has beyond the end that was told is given back, and the session too',
  async (name) => {
    const { net, place } = await openServer();
    const buffers = createReadBuffers();
    const session = await FtpSession.open(place, { net, buffers, times }, NEVER);
    onTestFinished(() => session.close());
    let released = 0;
    const release = () => {
      released += 1;
    };
    const lease = { session, hold: () => {}, release };
    const reading = await Reading.begin(lease, `${name}.mkv`, 0);
    const heard: string[] = [];
    reading.feed(takerOf(4000, heard, () => reading.finish()));
    await waitUntil(() => released > 0, { what: 'the session is given back', timeoutMs: 5000, everyMs: 5 });
    expect([heard, buffers.heldBytes()]).toEqual([['enough'], 0]);
    expect((await session.ask('NOOP')).code).toBe(200);
  },
);

test('of all files together 64 readings wait for what follows: the oldest goes for the next', async () => {
  const { server, net, place } = await openServer();
  const pool = createFtpPool(net, { ...times, mostPerPlace: 70 });
  const parked = new Parked(createBudget({ limitBytes: 256 * MIB }));
  onTestFinished(() => {
    parked.close();
    pool.close();
  });
  for (let at = 0; at < 66; at += 1) {
    const lease = await pool.lease(place, NEVER);
    parked.put(`file ${at}`, await Reading.begin(lease, 'film.mkv', at));
  }
  const isThere = (at: number) => parked.take(`file ${at}`, at, 0) !== null;
  expect([0, 1, 2, 65].map(isThere)).toEqual([false, false, true, true]);
  await waitUntil(() => server.commands.filter((line) => line === 'ABOR').length === 2, {
    what: 'two are cut',
    timeoutMs: 5000,
  });
});

test('what waiting readings keep counts in the memory budget, and gives way to streams, the oldest first', async () => {
  const { net, place } = await openServer();
  const pool = createFtpPool(net, { ...times, mostPerPlace: 10 });
  const budget = createBudget({ limitBytes: 16 * MIB });
  const parked = new Parked(budget);
  onTestFinished(() => {
    parked.close();
    pool.close();
  });
  for (let at = 0; at < 5; at += 1)
    parked.put(`file ${at}`, await Reading.begin(await pool.lease(place, NEVER), 'film.mkv', at));
  // Half of the budget is for what is kept.
  expect(budget.cachedBytes()).toBe(8 * MIB);
  const isThere = (at: number) => parked.take(`file ${at}`, at, 0) !== null;
  expect([0, 1].map(isThere)).toEqual([false, true]);
  expect(budget.cachedBytes()).toBe(6 * MIB);
  const stream = budget.open(16 * MIB);
  stream.hold(12 * MIB);
  expect([budget.cachedBytes(), ...[2, 3, 4].map(isThere)]).toEqual([4 * MIB, false, true, true]);
  expect(budget.cachedBytes()).toBe(0);
  stream.hold(4 * MIB);
  const late = await Reading.begin(await pool.lease(place, NEVER), 'film.mkv', 5);
  parked.put('file 5', late);
  const heard: string[] = [];
  late.feed(takerOf(1, heard));
  expect([parked.take('file 5', 5, 0), heard]).toEqual([null, ['yield']]);
});

test('a data connection that ended before it was looked at has ended', async () => {
  const { server } = await openServer();
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
  await once(socket, 'close');
  const heard: (Error | null)[] = [];
  const reader = { onData: () => true, onEnd: (error: Error | null) => void heard.push(error) };
  const flow = new DataFlow(createReadBuffers(), reader, false);
  onTestFinished(() => flow.cut());
  flow.attach(socket, 1000);
  expect(heard).toEqual([null]);
});

test('what is read fast is read by large pieces, paused after each of them or not', async () => {
  const bytes = filmOf(64 * MIB);
  const server = createServer((socket) => void socket.on('error', () => {}).end(bytes)).listen(
    0,
    '127.0.0.1',
  );
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  const lengths: number[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<Error | null>();
  const reader = {
    onData(chunk: Buffer, release: () => void) {
      lengths.push(chunk.length);
      release();
      setImmediate(() => flow.resume());
      return false;
    },
    onEnd: resolve,
  };
  const flow = new DataFlow(createReadBuffers(), reader, false);
  onTestFinished(() => flow.cut());
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  flow.attach(connect({ host: '127.0.0.1', port, onread: flow.onread }), 5000);
  expect(await ended).toBeNull();
  expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(bytes.length);
  expect(Math.max(...lengths)).toBeGreaterThan(256 * 1024);
});

test('a way out by which nobody has a session any more is forgotten, one that is used is not', async () => {
  const { net, place } = await openServer();
  const pools = createFtpPools({ ...times, keepMs: 50 });
  onTestFinished(() => pools.close());
  const ways = Array.from({ length: 5 }, () => ({ dial: net.dial }));
  const leases = await Promise.all(ways.map((way) => pools.for(way).lease(place, NEVER)));
  const [first, ...others] = leases;
  for (const lease of others) lease.release();
  const idle = () => ways.filter((way) => pools.for(way).isIdle()).length;
  await waitUntil(() => idle() === 4, { what: 'four have no session', timeoutMs: 5000 });
  pools.for({ dial: net.dial });
  expect(pools.count()).toBe(2);
  first?.release();
});
