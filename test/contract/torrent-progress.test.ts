import { randomBytes } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { createMetrics } from '../../src/platform/metrics.ts';
import { asReadable } from '../../src/streams/kind.ts';
import { torrentKind } from '../../src/streams/torrent/index.ts';
import { openKindDeps } from '../support/kind-deps.ts';
import { type Manners, makeTorrent, startSeedPeer } from '../support/seed-peer.ts';
import { waitUntil } from '../support/wait-until.ts';

// What a kind tells of a torrent while somebody waits for it, plays it, or got nothing; and what the metrics are told.

const MIB = 1024 * 1024;
const NEVER = new AbortController().signal;
const FILM = makeTorrent(randomBytes(16 * MIB), 256 * 1024);
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function begin(manners: readonly Partial<Manners>[], deadMs = 1500) {
  const held = await openKindDeps();
  const metrics = createMetrics();
  const kind = torrentKind({ ...held.deps, torrentMetrics: metrics.torrents }, { deadMs });
  const seeds = await Promise.all(
    manners.map((one, index) => startSeedPeer(FILM, `127.0.3.${index + 1}`, one)),
  );
  closers.push(
    () => held.close(),
    () => metrics.close(),
    () => Promise.all(seeds.map((seed) => seed.stop())),
    () => kind.close?.(),
  );
  const detailOf = (infoHash: string) => {
    const peers = seeds.map(({ host, port }) => `&x.pe=${host}:${port}`).join('');
    return kind.parse({ url: `magnet:?xt=urn:btih:${infoHash}${peers}` });
  };
  const open = (infoHash = FILM.infoHash, signal = NEVER) =>
    kind.open?.({ detail: detailOf(infoHash), fileIndex: null }, signal) ??
    Promise.reject(new Error('no open'));
  const progress = (infoHash = FILM.infoHash) => kind.progress?.(kind.resource(detailOf(infoHash))) ?? null;
  const figure = async (name: string) => {
    const line = (await metrics.render()).body
      .split('\n')
      .find((each) => each.startsWith(`tributary_${name} `));
    return Number(line?.split(' ').at(-1));
  };
  return { seeds, open, progress, figure };
}

const soon = { timeoutMs: 10_000, everyMs: 20 };

test('a torrent starts, with its peers, until the first byte; then it runs, and a while after nothing is told', async () => {
  const { seeds, open, progress } = await begin([{ isChoking: true }, { isChoking: true }], 20_000);
  expect(progress()).toBeNull();
  const opening = open();
  await waitUntil(async () => progress()?.state === 'starting', {
    ...{ what: 'it is told before there is an answer', timeoutMs: 10_000, everyMs: 1 },
  });
  const source = await opening;
  const stop = new AbortController();
  const readable = asReadable(source, { start: 0, end: source.size ?? 0 }, stop.signal);
  readable.on('error', () => {});
  const starting = await waitUntil(
    async () => {
      const told = progress();
      return told?.state === 'starting' && told.swarm?.peers === 2 && told;
    },
    { what: 'both peers are told of', ...soon },
  );
  expect(starting.swarm).toMatchObject({
    giving: 0,
    piecesHeld: 0,
    pieceCount: FILM.bytes.length / FILM.pieceBytes,
  });
  for (const seed of seeds) {
    seed.manners.isChoking = false;
    await seed.leave();
    await seed.comeBack();
  }
  await waitUntil(async () => progress()?.state === 'running', { what: 'it runs', ...soon });
  stop.abort(new Error('the viewer has left'));
  expect(progress()?.state).toBe('running');
  await source.close();
  await waitUntil(async () => progress() === null, { what: 'it is over', ...soon });
});

test('what gave nothing is told with its time, until it gives', async () => {
  const { seeds, open, progress, figure } = await begin([{ isChoking: true }]);
  const source = await open();
  const readable = asReadable(source, { start: 0, end: MIB }, NEVER);
  await expect(readable.toArray()).rejects.toMatchObject({ status: 504 });
  expect(progress()).toEqual({ state: 'failed', at: expect.any(Date), reason: 'no peer gave anything' });
  expect(await figure('torrent_dead_total')).toBe(1);
  const [seed] = seeds;
  if (seed !== undefined) seed.manners.isChoking = false;
  await seed?.leave();
  await seed?.comeBack();
  const bytes = Buffer.concat(await asReadable(source, { start: 0, end: MIB }, NEVER).toArray());
  expect(bytes.equals(FILM.bytes.subarray(0, MIB))).toBe(true);
  expect(progress()?.state).toBe('running');
  await source.close();
});

test('a magnet nobody knows is told as failed; a viewer who leaves before that is not', async () => {
  const { open, progress, figure } = await begin([{}], 1000);
  const [unknown, left] = ['ab'.repeat(20), 'cd'.repeat(20)];
  await expect(open(left, AbortSignal.timeout(100))).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(progress(left)).toBeNull();
  await expect(open(unknown)).rejects.toMatchObject({ status: 504 });
  expect(progress(unknown)).toMatchObject({ state: 'failed', reason: 'no peer told what is in it' });
  expect(await figure('torrent_dead_total')).toBe(1);
});

test('of failures the last five hundred are known', async () => {
  const { open, progress } = await begin([], 1);
  const hashes = Array.from({ length: 520 }, () => randomBytes(20).toString('hex'));
  await Promise.allSettled(hashes.map((hash) => open(hash)));
  const last = randomBytes(20).toString('hex');
  await expect(open(last)).rejects.toMatchObject({ status: 504 });
  const known = [...hashes, last].filter((hash) => progress(hash)?.state === 'failed');
  expect(known).toHaveLength(500);
  expect(known.at(-1)).toBe(last);
});

test('the metrics know peers, bytes, waste, bans and memory', async () => {
  // The others need a second for the film: the liar is asked for some of it, however late it is heard.
  const honest = { bytesPerSecond: 8 * MIB };
  const { open, figure } = await begin([honest, honest, { isLiar: true }], 10_000);
  expect(await figure('torrent_memory_limit_bytes')).toBe(64 * MIB);
  const source = await open();
  const readable = asReadable(source, { start: 0, end: source.size ?? 0 }, NEVER);
  let bytes = 0;
  for await (const chunk of readable) bytes += chunk.length;
  expect(bytes).toBe(FILM.bytes.length);
  await waitUntil(async () => (await figure('torrent_downloaded_bytes_total')) >= FILM.bytes.length, {
    ...{ what: 'the bytes are counted', ...soon },
  });
  expect(await figure('torrents_open')).toBe(1);
  expect(await figure('torrent_peers{state="connected"}')).toBe(2);
  expect(await figure('torrent_peers{state="giving"}')).toBe(2);
  expect(await figure('torrent_banned_peers_total')).toBe(1);
  expect(await figure('torrent_wasted_bytes_total')).toBeGreaterThanOrEqual(3 * FILM.pieceBytes);
  expect(await figure('torrent_memory_bytes')).toBeGreaterThanOrEqual(FILM.bytes.length);
  expect(await figure('torrent_cache_bytes')).toBe(0);
  await source.close();
});
