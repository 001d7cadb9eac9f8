import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { runProcess } from '../support/processes.ts';
import { productEnv, ROOT, startTributary, type Tributary } from '../support/product.ts';
import { get } from '../support/traffic.ts';
import { waitUntil } from '../support/wait-until.ts';

// A new key while films play: two instances that know both keys, then one that knows the new one only.

const [OLD, NEW, FOREIGN] = ['old', 'new', 'foreign'].map(
  (name) => `${name}-key-of-the-rotation-test-0123456789`,
);
const BYTES = Buffer.from('the bytes of a film behind a password');
const PASSWORD = { headers: { Authorization: 'Bearer let-me-in' } };

let origin: Origin;
let database: TestDatabase;
/** Seals with the old key and opens both; its jobs do not run. */
let old: Tributary;
/** Seals with the new key and opens both. */
let both: Tributary;

beforeAll(async () => {
  origin = await startOrigin(BYTES);
  database = await freshDatabase({ isEmpty: true });
  const known = await start({ SECRET_KEY: OLD ?? '' });
  await waitUntil(() => known.output().includes('starter catalogue added'), {
    what: 'the starter catalogue',
    timeoutMs: 60_000,
  });
  await known.stop();
  old = await start({ SECRET_KEY: OLD ?? '', SECRET_KEYS_OLD: NEW ?? '', ROLE: 'web' });
  both = await start({ SECRET_KEY: NEW ?? '', SECRET_KEYS_OLD: OLD ?? '', TRUST_PROXY: '127.0.0.0/8' });
});
afterAll(async () => {
  await Promise.all([old?.stop(), both?.stop()]);
  await origin?.stop();
  await database?.close();
});

function start(env: Record<string, string>): Promise<Tributary> {
  return startTributary({ env: { DATABASE_URL: database.url, PUBLIC_CATALOG: 'all', ...env } });
}

async function post(product: Tributary, path: string, body: object): Promise<unknown> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await product.asAdmin(path, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(response.status).toBe(201);
  return response.json();
}

/** The path of a new play link; every instance is asked for it at its own address. */
async function makeLink(product: Tributary, more: object = {}): Promise<string> {
  const made = await post(product, '/api/links', { url: origin.url, ...PASSWORD, ...more });
  return new URL(z.object({ playUrl: z.string() }).parse(made).playUrl).pathname;
}

async function play(product: Tributary, path: string, headers: Record<string, string> = {}) {
  const response = await get(product.baseUrl + path, { headers });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

const PLAYED = { status: 200, body: BYTES.toString() };

describe('while two keys are known', () => {
  let ofOld: string;
  let ofNew: string;
  let stored: string;

  test('what one instance seals the other opens, links and stored access alike', async () => {
    ofOld = await makeLink(old);
    ofNew = await makeLink(both);
    await post(old, '/api/media', { kind: 'movie', title: 'Sealed', ids: { imdb: 'tt9100001' } });
    await post(old, '/api/streams', { mediaId: 'tt9100001', url: `${origin.url}?stored`, ...PASSWORD });
    const { streams } = z
      .object({ streams: z.array(z.object({ url: z.string() })) })
      .parse(await (await get(`${both.baseUrl}/stream/movie/tt9100001.json`)).json());
    stored = new URL(streams[0]?.url ?? '').pathname;
    for (const product of [old, both])
      for (const path of [ofOld, ofNew, stored]) expect(await play(product, path)).toMatchObject(PLAYED);
    expect(origin.requests.map(({ headers }) => headers.authorization)).not.toContain(undefined);
  });

  test('the job seals what is stored with the newest key and says so; then the old key may go', async () => {
    const doctor = () =>
      runProcess({
        command: process.execPath,
        args: [join(ROOT, 'scripts/doctor.ts')],
        anyCode: true,
        env: {
          ...productEnv(both.dataDir),
          ...{ DATABASE_URL: database.url, SECRET_KEY: NEW ?? '', SECRET_KEYS_OLD: OLD ?? '' },
          ...{ PUBLIC_URL: both.baseUrl, OUTBOUND_ALLOW: '' },
        },
        timeoutMs: 60_000,
      });
    expect((await doctor()).stdout.toString()).toContain('Keys: old ones are still needed');
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query("SELECT graphile_worker.add_job('upkeep.reseal', '{}')").finally(() => client.end());
    await waitUntil(() => both.output().includes('sealed with the newest key now'), {
      what: 'stored secrets are sealed anew',
      timeoutMs: 20_000,
    });
    const stdout = (await doctor()).stdout.toString();
    expect(stdout).toContain('Keys: nothing stored needs the old ones');
    // Nothing may go out, and yet the server's own address is asked: this one question has leave.
    expect(stdout).toContain('Public address: it is plain http');
    await using after = await start({ SECRET_KEY: NEW ?? '', TRUST_PROXY: '' });
    expect(await play(after, stored)).toMatchObject(PLAYED);
    expect(await play(after, ofNew)).toMatchObject(PLAYED);
    expect((await play(after, ofOld)).status).toBe(403);
  });
});

describe('a link that may not be used', () => {
  test('is refused in the same words whatever is wrong with it', async () => {
    await using stranger = await start({ SECRET_KEY: FOREIGN ?? '', ROLE: 'web' });
    const good = await makeLink(both);
    const [, , resource = '', token = ''] = good.split('/');
    const expired = await makeLink(both, { expiresIn: 1 });
    const elsewhere = await makeLink(both, { cidr: '203.0.113.0/24' });
    const foreign = await makeLink(stranger);
    await waitUntil(async () => (await play(both, expired)).status === 403, {
      what: 'the link has expired',
      timeoutMs: 5000,
    });
    const bad = {
      tampered: good.replace(token, `${token.slice(0, -2)}${token.endsWith('AA') ? 'BB' : 'AA'}`),
      expired,
      foreign,
      'of another resource': good.replace(
        resource,
        `${resource.slice(0, -1)}${resource.endsWith('_') ? '-' : '_'}`,
      ),
      'from another network': elsewhere,
      nonsense: '/play/a/b',
    };
    const answers = new Set<string>();
    for (const [what, path] of Object.entries(bad)) {
      const { status, body, headers } = await play(both, path);
      expect(status, what).toBe(403);
      answers.add(JSON.stringify([body, [...headers].filter(([name]) => name !== 'date')]));
    }
    expect([...answers]).toHaveLength(1);
    expect(await play(both, good)).toMatchObject(PLAYED);
  });

  test('is one replayed from another address, whatever the client says of itself', async () => {
    const path = await makeLink(both, { cidr: '203.0.113.0/24' });
    const statusOf = async (forwardedFor: string) =>
      (await play(both, path, { 'X-Forwarded-For': forwardedFor })).status;
    // The proxy puts the address it sees at the right end; what stands left of it its client wrote.
    expect(await statusOf('203.0.113.9')).toBe(200);
    expect(await statusOf('198.51.100.7, 203.0.113.9, 127.0.0.5')).toBe(200);
    for (const forged of [
      '198.51.100.7',
      '203.0.113.9, 198.51.100.7',
      '203.0.113.9, 198.51.100.7, 127.0.0.5',
      '203.0.113.9 198.51.100.7',
      '203.0.113.9:80',
      '::ffff:198.51.100.7',
      'unknown',
      '127.0.0.1',
    ])
      expect(await statusOf(forged), forged).toBe(403);
    expect((await play(both, path)).status).toBe(403);
    // Who trusts no proxy believes no header.
    expect((await play(old, path, { 'X-Forwarded-For': '203.0.113.9' })).status).toBe(403);
    for (const header of ['X-Real-IP', 'Forwarded', 'X-Client-IP', 'CF-Connecting-IP', 'True-Client-IP'])
      expect((await play(both, path, { [header]: '203.0.113.9' })).status, header).toBe(403);
  });

  test('a protocol that a proxy hands on unread gets into no link', async () => {
    for (const proto of ['javascript', 'http://evil.example/?', 'ftp'])
      expect((await play(both, '/manifest.json', { 'X-Forwarded-Proto': proto })).status, proto).toBe(400);
    expect((await play(both, '/manifest.json', { 'X-Forwarded-Proto': 'https' })).status).toBe(200);
  });
});
