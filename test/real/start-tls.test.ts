import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, type RequestInit, fetch as secureFetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ended, expectRefusalOn, processesOn, startAndEnd } from '../support/failed-start.ts';
import { freePort, openTempDir, runProcess, startProcess } from '../support/processes.ts';
import { productEnv, ROOT, startTributary } from '../support/product.ts';

// Certificates that are none, and those that are.

let folder: Awaited<ReturnType<typeof openTempDir>>;
let dataDir: string;

beforeAll(async () => {
  folder = await openTempDir();
  dataDir = join(folder.path, 'data');
  await (await startTributary({ dataDir })).stop();
  await makeCertificate('one');
  await makeCertificate('two');
});
afterAll(() => folder.remove());

async function makeCertificate(name: string): Promise<void> {
  const files = ['-keyout', pem(name, 'key'), '-out', pem(name, 'cert')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const kind = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ];
  await runProcess({ command: 'openssl', args: [...kind, ...files, ...subject] });
}
const pem = (name: string, part: string) => join(folder.path, `${name}.${part}.pem`);

const expectRefusal = (ended: Ended, words: RegExp) => expectRefusalOn(dataDir, ended, words);

describe('TLS', () => {
  test('a certificate and a key that do not belong together are refused', async () => {
    const env = { TLS_CERT: pem('one', 'cert'), TLS_KEY: pem('two', 'key') };
    await expectRefusal(await startAndEnd(dataDir, { env }), /TLS_CERT and TLS_KEY do not belong together/);
  });

  test('files that are no PEM are refused', async () => {
    const rubbish = join(folder.path, 'rubbish.pem');
    await writeFile(rubbish, 'rubbish');
    const env = { TLS_CERT: rubbish, TLS_KEY: rubbish };
    await expectRefusal(await startAndEnd(dataDir, { env }), /TLS_CERT or TLS_KEY .* PEM/);
  });

  test('with a self-signed certificate the manifest is served over TLS, with links of https', async () => {
    const port = await freePort();
    const env = {
      ...productEnv(dataDir),
      ADMIN_TOKEN: 'admin-token-over-tls',
      PORT: String(port),
      TLS_CERT: pem('one', 'cert'),
      TLS_KEY: pem('one', 'key'),
    };
    await using running = await startProcess({
      command: process.execPath,
      args: ['src/main.ts'],
      cwd: ROOT,
      env,
      readyWhen: /Tributary is running/,
      timeoutMs: 60_000,
    });
    expect(running.output()).toContain(`https://127.0.0.1:${port}/manifest.json`);
    // The certificate is the only one trusted: an answer proves that it was presented.
    const tls = new Agent({ connect: { ca: await readFile(pem('one', 'cert'), 'utf8') } });
    const overTls = (path: string, init: RequestInit = {}) =>
      secureFetch(`https://127.0.0.1:${port}${path}`, { dispatcher: tls, ...init });
    const manifest = await overTls('/manifest.json');
    expect(manifest.status).toBe(200);
    expect(await manifest.json()).toMatchObject({ logo: `https://127.0.0.1:${port}/logo.png` });
    const signIn = await overTls('/api/admin-session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token: env.ADMIN_TOKEN }),
    });
    expect(signIn.status).toBe(204);
    expect(signIn.headers.get('set-cookie')?.split('; ')).toContain('Secure');
    await tls.close();
    // http on the https port: refused at once, not a hang.
    await expect(
      fetch(`http://127.0.0.1:${port}/manifest.json`, { signal: AbortSignal.timeout(5_000) }),
    ).rejects.toThrow(/fetch failed/);
    expect(await running.stop()).toMatchObject({ code: 0, wasKilled: false });
    expect(await processesOn(dataDir)).toEqual([]);
  });
});
