import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { startOrigin } from './origin.ts';
import { startTributary } from './product.ts';
import { get } from './traffic.ts';
import { waitUntil } from './wait-until.ts';

const FILM = Buffer.alloc(64 * 1024 * 1024, 7);
/** Less than any film needs: everything between the origin and the client fills up. */
const BYTES_A_SECOND = 16 * 1024;
const PROBES = 30;

export type SlowFigures = {
  clients: number;
  /** Clients that had a head with 200 or 206. */
  served: number;
  rssBeforeMib: number;
  rssDuringMib: number;
  healthMedianMs: number;
  healthMaxMs: number;
  /** Bodies the origin still sent 5 s after the last client had gone. */
  leftOpen: number;
};

/** So many viewers at once, each of its own address behind a proxy, that read a play link by drops for a while. */
export async function watchSlowly(clients: number): Promise<SlowFigures> {
  await using origin = await startOrigin(FILM);
  await using product = await startTributary({ env: { TRUST_PROXY: '127.0.0.0/8' } });
  const made = await product.asAdmin('/api/links', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url: origin.url }),
  });
  const { playUrl } = z.object({ playUrl: z.string() }).parse(await made.json());
  const rssBeforeMib = await rssMib(product.pid);
  const viewers: Viewer[] = [];
  try {
    for (let index = 0; index < clients; index += 1) {
      viewers.push(watch(playUrl, index));
      // A listen queue holds 511.
      if (index % 50 === 49) await sleep(50);
    }
    await waitUntil(() => viewers.every(({ status }) => status() !== 0), {
      what: 'every viewer has an answer',
      timeoutMs: 60_000,
    });
    const health: number[] = [];
    for (let probe = 0; probe < PROBES; probe += 1) {
      const begunAt = performance.now();
      await (await get(`${product.baseUrl}/healthz`)).text();
      health.push(performance.now() - begunAt);
      await sleep(100);
    }
    const rssDuringMib = await rssMib(product.pid);
    for (const viewer of viewers) viewer.leave();
    await waitUntil(() => origin.openBodies() === 0, { what: 'all is closed', timeoutMs: 5000 }).catch(
      () => {},
    );
    health.sort((one, other) => one - other);
    return {
      ...{ clients, rssBeforeMib, rssDuringMib },
      served: viewers.filter(({ status }) => status() === 200 || status() === 206).length,
      healthMedianMs: Math.round(health[Math.floor(PROBES / 2)] ?? 0),
      healthMaxMs: Math.round(health.at(-1) ?? 0),
      leftOpen: origin.openBodies(),
    };
  } finally {
    for (const viewer of viewers) viewer.leave();
  }
}

type Viewer = { status(): number; leave(): void };

function watch(playUrl: string, index: number): Viewer {
  const { hostname, port, host, pathname } = new URL(playUrl);
  const socket = connect(Number(port), hostname);
  let status = 0;
  socket.on('error', () => {});
  socket.once('data', (head: Buffer) => {
    status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head.toString('latin1', 0, 20))?.[1] ?? -1);
    socket.pause();
  });
  const drop = setInterval(() => {
    if (status !== 0) socket.read(BYTES_A_SECOND);
  }, 1000);
  socket.once('close', () => clearInterval(drop));
  const from = `198.51.${100 + (index >> 8)}.${index & 255}`;
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-For: ${from}\r\n\r\n`);
  return { status: () => status, leave: () => socket.destroy() };
}

async function rssMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024);
}

/** Sends a head by one header a second and never ends it. How long until the server hangs up (ms), and its last words. */
export async function sendSlowHead(baseUrl: string): Promise<{ tookMs: number; said: string }> {
  const { hostname, port, host } = new URL(baseUrl);
  const socket: Socket = connect(Number(port), hostname);
  const begunAt = performance.now();
  let said = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    said += text;
  });
  socket.on('error', () => {});
  socket.write(`GET /manifest.json HTTP/1.1\r\nHost: ${host}\r\n`);
  const trickle = setInterval(() => socket.write('X: y\r\n'), 1000);
  await once(socket, 'close');
  clearInterval(trickle);
  return { tookMs: performance.now() - begunAt, said };
}
