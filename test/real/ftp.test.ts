import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { selfSigned } from '../support/certificate.ts';
import { openTempDir } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { CLIP, CLIP_SECONDS } from '../support/real/clip.ts';
import { loginsOf, PURE_LOGIN, startPureFtpd, startVsftpd } from '../support/real/ftp-servers.ts';
import { mpvPlayAndSeek } from '../support/real/mpv.ts';
import { readRange, wrongRanges } from '../support/real/usenet-room.ts';

// Files of servers nobody here wrote, through the whole product.

const film = randomBytes(24_000_017);
const PATH = 'Some films/A film (2024).mkv';
let dir: Awaited<ReturnType<typeof openTempDir>>;
let product: Tributary;
const tls = { certFile: '', keyFile: '' };

beforeAll(async () => {
  dir = await openTempDir();
  const root = join(dir.path, 'root');
  await mkdir(join(root, 'Some films'), { recursive: true });
  await writeFile(join(root, PATH), film);
  await copyFile(CLIP, join(root, 'clip.mp4'));
  for (const path of [dir.path, root, join(root, 'Some films')]) await chmod(path, 0o755);
  for (const path of [PATH, 'clip.mp4']) await chmod(join(root, path), 0o644);
  const { key, cert } = selfSigned('127.0.0.1');
  Object.assign(tls, { certFile: join(dir.path, 'cert.pem'), keyFile: join(dir.path, 'key.pem') });
  await writeFile(tls.certFile, cert);
  await writeFile(tls.keyFile, key, { mode: 0o600 });
  product = await startTributary({ env: { NODE_EXTRA_CA_CERTS: tls.certFile, RATE_LIMIT_API: '1000000' } });
});
afterAll(async () => {
  await product.stop();
  await dir.remove();
});
const root = () => join(dir.path, 'root');

async function linkTo(url: string): Promise<string> {
  const body = JSON.stringify({ url });
  const headers = { 'content-type': 'application/json' };
  const answer = await product.asAdmin('/api/links', { method: 'POST', body, headers });
  return z.object({ playUrl: z.string(), size: z.int() }).parse(await answer.json()).playUrl;
}

test.each([
  ['vsftpd', 'ftp', () => startVsftpd({ root: root() })],
  [
    'vsftpd by explicit TLS, data by resumed sessions only',
    'ftpes',
    () => startVsftpd({ root: root(), tls }),
  ],
  ['vsftpd by implicit TLS', 'ftps', () => startVsftpd({ root: root(), tls: { ...tls, isImplicit: true } })],
  ['pure-ftpd with a login', 'ftp', () => startPureFtpd({ root: root() })],
] as const)('%s: the film inside, and any part of it', async (what, scheme, start) => {
  await using server = await start();
  const { username, password } = PURE_LOGIN;
  const login = what.startsWith('pure') ? `${username}:${encodeURIComponent(password)}@` : '';
  const playUrl = await linkTo(`${scheme}://${login}127.0.0.1:${server.port}/${encodeURI(PATH)}`);
  expect((await readRange(playUrl, 0, film.length)).equals(film)).toBe(true);
  expect(await wrongRanges(playUrl, film, 200, what.length)).toEqual([]);
});

test('mpv plays from vsftpd and seeks', async () => {
  await using server = await startVsftpd({ root: root() });
  const played = await mpvPlayAndSeek(await linkTo(`ftp://127.0.0.1:${server.port}/clip.mp4`), 90);
  expect(Math.abs(played.durationSeconds - CLIP_SECONDS)).toBeLessThan(1);
  expect(played.playedOnToSeconds).toBeGreaterThan(90);
});

test('twenty seeks that are given up are one login, as vsftpd has seen it', async () => {
  await using server = await startVsftpd({ root: root() });
  const playUrl = await linkTo(`ftp://127.0.0.1:${server.port}/${encodeURI(PATH)}`);
  for (let seek = 0; seek < 20; seek += 1) {
    const at = (seek * 7_919_000) % 20_000_000;
    const first = await firstChunk(playUrl, at);
    expect(first.equals(film.subarray(at, at + first.length)), `at ${at}`).toBe(true);
  }
  expect(await loginsOf(server)).toBe(1);
});

/** What comes first of the rest of the file; then the client is gone. */
function firstChunk(url: string, at: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { range: `bytes=${at}-` }, agent: false }, (response) => {
      response.once('data', (chunk: Buffer) => {
        response.destroy();
        resolve(chunk);
      });
      response.on('error', () => {});
    }).on('error', reject);
  });
}
