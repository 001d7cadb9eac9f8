import { once } from 'node:events';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import { freePort, openTempDir } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { type Nginx, startNginx } from '../support/real/nginx.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Criteria 48 and 49 on the running product: what viewers cost that do not read, and how fast one who leaves is forgotten. */
const MIB = 1024 * 1024;
const VIEWERS = 100;
const WINDOW_MIB = 0.5;
const ABORTS = Math.ceil(1000 * Number(process.env.LONG_SHARE ?? 0.1));

let folder: Awaited<ReturnType<typeof openTempDir>>;
let nginx: Nginx;
let origin: Origin;
let product: Tributary;
let nginxPort: number;
beforeAll(async () => {
  folder = await openTempDir();
  nginxPort = await freePort();
  await writeFile(join(folder.path, 'film.mp4'), '');
  // Sparse: 4 GiB that take no room.
  await truncate(join(folder.path, 'film.mp4'), 4096 * MIB);
  nginx = await startNginx({
    port: nginxPort,
    http: `server { listen 127.0.0.1:${nginxPort}; root ${folder.path}; }`,
  });
  origin = await startOrigin(Buffer.alloc(64 * MIB));
  product = await startTributary();
});
afterAll(async () => {
  await product.stop();
  await origin.stop();
  await nginx.stop();
  await folder[Symbol.asyncDispose]();
});

async function playUrl(url: string): Promise<URL> {
  const answer = await product.asAdmin('/api/links', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url }),
  });
  const link: unknown = await answer.json();
  if (typeof link !== 'object' || link === null || !('playUrl' in link)) throw new Error('no play link');
  return new URL(String(link.playUrl));
}

/** Asks for the whole and reads nothing until told. */
async function open(url: URL): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: Number(url.port) });
  socket.on('error', () => {});
  socket.pause();
  await once(socket, 'connect');
  socket.write(`GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
  return socket;
}

async function rssMib(): Promise<number> {
  const status = await readFile(`/proc/${product.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

const isEverythingClosed = async () => {
  return countOf(await (await product.asAdmin('/api/live')).json()) === 0;
};

function countOf(body: unknown): number {
  return typeof body === 'object' && body !== null && 'streams' in body && Array.isArray(body.streams)
    ? body.streams.length
    : Number.NaN;
}

test(`48: ${VIEWERS} viewers of 4 GiB who stopped reading cost their windows and no more, a second time too`, async () => {
  const url = await playUrl(`http://127.0.0.1:${nginxPort}/film.mp4`);
  // What a running server has anyway: compiled code, a heap that has seen some seeks.
  for (let count = 0; count < 2000; count += 1)
    await (
      await fetch(url, { headers: { Range: `bytes=${count * MIB}-${count * MIB + 999}` } })
    ).arrayBuffer();
  const idle = await rssMib();
  const peaks: number[] = [];
  for (let round = 0; round < 2; round += 1) {
    const viewers = await Promise.all(Array.from({ length: VIEWERS }, () => open(url)));
    await sleep(4000);
    peaks.push(await rssMib());
    for (const viewer of viewers) viewer.destroy();
    await waitUntil(isEverythingClosed, { what: 'all streams are closed', timeoutMs: 5000 });
  }
  const [first = 0, second = 0] = peaks;
  console.log(
    `idle ${idle.toFixed(0)} MiB, ${VIEWERS} stalled ${first.toFixed(0)}, again ${second.toFixed(0)} MiB`,
  );
  expect(first).toBeLessThan(idle + 30 + 1.2 * VIEWERS * WINDOW_MIB);
  expect(second).toBeLessThan(first * 1.1);
});

test(`49: of ${ABORTS} who leave, the origin is rid of each within 50 ms (p99)`, async () => {
  const url = await playUrl(origin.url);
  const delays: number[] = [];
  for (let count = 0; count < ABORTS; count += 1) {
    const asked = origin.requests.length;
    const socket = await open(url);
    const request = await waitUntil(
      () => origin.requests.slice(asked).find(({ method, sent }) => method === 'GET' && sent > 0),
      { what: 'the origin is asked', timeoutMs: 5000, everyMs: 2 },
    );
    const leftAt = performance.now();
    socket.destroy();
    const hungUpAt = await waitUntil(() => request.hungUpAtMs ?? undefined, {
      ...{ what: 'the origin is hung up on', timeoutMs: 5000, everyMs: 1 },
    });
    delays.push(hungUpAt - leftAt);
  }
  delays.sort((a, b) => a - b);
  const p99 = delays[Math.floor(delays.length * 0.99)] ?? Number.NaN;
  console.log(
    `abort → origin closed: median ${delays[Math.floor(delays.length / 2)]?.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
  );
  expect(p99).toBeLessThan(50);
  expect(origin.openBodies()).toBe(0);
  await waitUntil(isEverythingClosed, { what: 'all streams are closed', timeoutMs: 5000 });
});
