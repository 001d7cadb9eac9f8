import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { processesOn } from '../support/failed-start.ts';
import { freePort, runProcess, startProcess } from '../support/processes.ts';
import { productEnv, ROOT, startTributary, type Tributary } from '../support/product.ts';
import { openSmallDisk } from '../support/small-disk.ts';
import { get, startTraffic } from '../support/traffic.ts';
import { clipUrl, titlesOf } from '../support/viewer.ts';
import { waitUntil } from '../support/wait-until.ts';

// What a household's machine does to a server: kills, signals, full disks, a script beside it, a backup put back.

const PROMISED_STOP_MS = 10_000;
const LIMITS = { RATE_LIMIT_ADDON: '1000000', RATE_LIMIT_API: '1000000' };

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tributary-test-'));
});
afterEach(async () => {
  await waitUntil(async () => (await processesOn(dataDir)).length === 0, {
    what: 'nothing works on the folder any more',
    timeoutMs: 10_000,
  });
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<Tributary> {
  const product = await startTributary({ dataDir, env: { ...LIMITS, ...env } });
  await waitUntil(async () => (await titles(product)).length >= 20, {
    what: 'the starter catalogue is there',
    timeoutMs: 60_000,
  });
  return product;
}

const titles = async (product: Tributary) => (await titlesOf(product.baseUrl)).map(({ name }) => name);

function post(product: Tributary, path: string, body: object, method = 'POST'): Promise<Response> {
  return product.asAdmin(path, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function postmasterPid(): Promise<number> {
  return Number((await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

describe('the embedded Postgres', () => {
  test('killed under load it comes back by itself; meanwhile answers are 503 with Retry-After; nothing committed is lost', async () => {
    await using product = await start();
    const written: string[] = [];
    const write = async (round: number) => {
      const imdb = `tt${7_000_000 + round}`;
      const response = await post(product, '/api/media', {
        kind: 'movie',
        title: `Film ${round}`,
        ids: { imdb },
      });
      if (response.status === 201) written.push(imdb);
      return response;
    };
    // A search that was never asked before goes to the database.
    const read = (round: number) =>
      get(`${product.baseUrl}/catalog/movie/search/search=film%20${round}.json`);
    const traffic = startTraffic((round) => (round % 2 === 0 ? write(round) : read(round)));
    await sleep(500);
    process.kill(await postmasterPid(), 'SIGKILL');
    const killedAt = performance.now();
    await waitUntil(() => traffic.seen.some(({ status }) => status === 503), {
      what: 'the fault is felt',
      timeoutMs: 5_000,
      everyMs: 5,
    });
    const back = await waitUntil(
      async () => (await get(`${product.baseUrl}/readyz`)).status === 200 && performance.now(),
      { what: 'it is ready again', timeoutMs: 20_000 },
    );
    expect(back - killedAt).toBeLessThan(10_000);
    await sleep(300);
    const seen = await traffic.stop();
    expect(
      seen.filter(
        ({ status, retryAfter }) => ![200, 201].includes(status) && !(status === 503 && retryAfter !== null),
      ),
    ).toEqual([]);
    expect(seen.slice(-20).every(({ status }) => status < 300)).toBe(true);
    expect(written.length).toBeGreaterThan(20);
    for (const imdb of written) expect((await product.asAdmin(`/api/media/${imdb}`)).status, imdb).toBe(200);
    expect(product.output()).not.toContain('nobody handled');
    expect(await product.stop()).toMatchObject({ code: 0, wasKilled: false });
  });

  test('without space for its log it stops, and is back with all that was committed once there is some', async () => {
    await using disk = await openSmallDisk(300);
    await using product = await startTributary({ dataDir: disk.path, env: LIMITS });
    expect(
      (await post(product, '/api/media', { kind: 'movie', title: 'Before', ids: { imdb: 'tt7000001' } }))
        .status,
    ).toBe(201);
    await using server = await connection(disk.path);
    await disk.fill();
    const writing = async () => {
      for (let megabytes = 0; megabytes < 100; megabytes += 1)
        await server.client.query(`SELECT pg_logical_emit_message(true, 'test', repeat('x', 1000000))`);
    };
    await expect(writing()).rejects.toThrow();
    const away = await waitUntil(
      async () => {
        const response = await get(`${product.baseUrl}/readyz`);
        return response.status === 503 && response;
      },
      { what: 'it says that it is not ready', timeoutMs: 10_000 },
    );
    expect(away.headers.get('retry-after')).toMatch(/^\d+$/);
    await disk.free();
    await waitUntil(async () => (await get(`${product.baseUrl}/readyz`)).status === 200, {
      what: 'it is ready again',
      timeoutMs: 25_000,
    });
    expect((await product.asAdmin('/api/media/tt7000001')).status).toBe(200);
    expect(
      (await post(product, '/api/media', { kind: 'movie', title: 'After', ids: { imdb: 'tt7000002' } }))
        .status,
    ).toBe(201);
    expect(await product.stop()).toMatchObject({ code: 0, wasKilled: false });
    expect(await processesOn(disk.path)).toEqual([]);
  });
});

async function connection(folder: string): Promise<AsyncDisposable & { client: Client }> {
  const Credentials = z.object({ port: z.int(), password: z.string() });
  const { port, password } = Credentials.parse(
    JSON.parse(await readFile(join(folder, 'postgres', 'tributary.json'), 'utf8')),
  );
  const client = new Client({ host: '127.0.0.1', port, password, user: 'tributary', database: 'tributary' });
  client.on('error', () => {});
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

describe('the program', () => {
  test('killed, it leaves its Postgres to the next start, which takes it over and stops it in the end', async () => {
    const killed = await start();
    const pid = await postmasterPid();
    expect(
      (await post(killed, '/api/media', { kind: 'movie', title: 'Kept', ids: { imdb: 'tt7100001' } })).status,
    ).toBe(201);
    killed.signal('SIGKILL');
    await waitUntil(() => killed.hasExited(), { what: 'it is gone', timeoutMs: 5_000 });
    expect((await processesOn(dataDir)).length).toBeGreaterThan(0);
    await using next = await start();
    expect(await postmasterPid()).toBe(pid);
    expect((await next.asAdmin('/api/media/tt7100001')).status).toBe(200);
    expect(await next.stop()).toMatchObject({ code: 0, wasKilled: false });
    expect(await processesOn(dataDir)).toEqual([]);
  });

  test('killed together with its Postgres, as by a power cut, it starts again with all that was committed', async () => {
    const cut = await start();
    const written = await post(cut, '/api/media', {
      kind: 'movie',
      title: 'Kept',
      ids: { imdb: 'tt7200001' },
    });
    expect(written.status).toBe(201);
    process.kill(await postmasterPid(), 'SIGKILL');
    cut.signal('SIGKILL');
    await using next = await start();
    expect((await next.asAdmin('/api/media/tt7200001')).status).toBe(200);
    expect(await next.stop()).toMatchObject({ code: 0, wasKilled: false });
  });

  test('SIGTERM under load, with a film running and asked twice: gone within 10 s, code 0, no Postgres left', async () => {
    await using product = await start();
    const film = await get(await clipUrl(product.baseUrl), { signal: AbortSignal.timeout(60_000) });
    expect(film.status).toBe(200);
    const reader = film.body?.getReader();
    // A player that paused: it holds its connection and reads no more.
    await reader?.read();
    const traffic = startTraffic((round) =>
      get(`${product.baseUrl}/catalog/movie/search/search=x${round}.json`),
    );
    await sleep(300);
    const begunAt = performance.now();
    product.signal('SIGTERM');
    await sleep(200);
    product.signal('SIGTERM');
    product.signal('SIGINT');
    await waitUntil(() => product.hasExited(), { what: 'it is gone', timeoutMs: 15_000 });
    expect(performance.now() - begunAt).toBeLessThan(PROMISED_STOP_MS);
    const seen = await traffic.stop();
    expect(seen.filter(({ status }) => status >= 500 && status !== 503)).toEqual([]);
    expect(await product.stop()).toEqual({ code: 0, signal: null, wasKilled: false });
    expect(await processesOn(dataDir)).toEqual([]);
    await reader?.cancel().catch(() => {});
    expect(product.output()).not.toMatch(/nobody handled|could not close/);
  });

  test.each([100, 400, 800])(
    'SIGTERM %i ms after the first start began leaves nothing running and nothing in the way',
    async (afterMs) => {
      const env = { ...productEnv(dataDir), PORT: String(await freePort()) };
      await using starting = await startProcess({
        command: process.execPath,
        args: ['src/main.ts'],
        cwd: ROOT,
        env,
      });
      await sleep(afterMs);
      starting.signal('SIGTERM');
      const exit = await starting.exited;
      // Before the program has a hand on its signals it dies of them, with nothing begun.
      expect(exit.code === 0 || (exit.signal === 'SIGTERM' && afterMs < 200)).toBe(true);
      expect(await processesOn(dataDir)).toEqual([]);
      await using product = await start();
      expect(await product.stop()).toMatchObject({ code: 0, wasKilled: false });
    },
  );
});

describe('beside the running server', () => {
  const run = async (name: string, ...args: string[]) => {
    const ended = await runProcess({
      command: process.execPath,
      args: [join(ROOT, 'scripts', name), ...args],
      env: productEnv(dataDir),
      timeoutMs: 60_000,
      anyCode: true,
    });
    return { code: ended.code, said: ended.stdout.toString(), complained: ended.stderr };
  };
  const Counts = z.object({
    titles: z.int(),
    newTitles: z.int(),
    changedTitles: z.int(),
    streams: z.int(),
    newStreams: z.int(),
    changedStreams: z.int(),
  });

  test('the seed script adds nothing twice, brings back what is missing, and is seen at once', async () => {
    await using product = await start();
    const again = Counts.parse(JSON.parse((await run('seed.ts', 'starter', '--json')).said));
    expect(again).toMatchObject({ newTitles: 0, changedTitles: 0, newStreams: 0, changedStreams: 0 });
    expect(again.titles).toBeGreaterThanOrEqual(20);
    expect((await product.asAdmin('/api/media/tt1254207?force=true', { method: 'DELETE' })).status).toBe(204);
    expect(await titles(product)).not.toContain('Big Buck Bunny');
    const mended = Counts.parse(JSON.parse((await run('seed.ts', 'starter', '--json')).said));
    expect(mended).toMatchObject({ newTitles: 1, changedTitles: 0 });
    expect(await titles(product)).toContain('Big Buck Bunny');
    expect(Counts.parse(JSON.parse((await run('seed.ts', 'starter', '--json')).said))).toMatchObject({
      newTitles: 0,
      newStreams: 0,
    });
    // The script was a guest of the server's Postgres and left it running.
    expect((await get(`${product.baseUrl}/readyz`)).status).toBe(200);
    expect(await product.stop()).toMatchObject({ code: 0 });
  });

  test('a backup made beside it is put back only when it is stopped, with titles, keys and links as they were', async () => {
    const file = join(dataDir, `household-${randomBytes(4).toString('hex')}.gz`);
    const first = await start();
    const link = await clipUrl(first.baseUrl);
    const before = await titles(first);
    expect(await run('backup.ts', file)).toMatchObject({ code: 0, complained: '' });
    expect((await first.asAdmin('/api/media/tt1254207?force=true', { method: 'DELETE' })).status).toBe(204);
    const refused = await run('restore.ts', file);
    expect(refused.code).toBe(1);
    expect(refused.complained).toMatch(/Stop it, then restore/);
    expect(await titles(first)).not.toContain('Big Buck Bunny');
    expect(await first.stop()).toMatchObject({ code: 0 });
    await writeFile(join(dataDir, 'secret-key'), `${randomBytes(32).toString('hex')}\n`);
    const restored = await run('restore.ts', file);
    expect(restored).toMatchObject({ code: 0, complained: '' });
    await using second = await start();
    expect((await titles(second)).sort()).toEqual(before.sort());
    const moved = link.replace(first.baseUrl, second.baseUrl);
    expect((await get(moved, { method: 'HEAD' })).status).toBe(200);
    expect(await second.stop()).toMatchObject({ code: 0 });
  });
});
