import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type WebOptions, webRoutes } from '../../src/web/routes.ts';

const INDEX = '<!doctype html><title>Built page</title>';
const SCRIPT = 'console.log("the page");';
let folder = '';
let distDir = '';
let isBuilt = true;
let server: Server | null = null;

beforeEach(async () => {
  isBuilt = true;
  folder = await mkdtemp(join(tmpdir(), 'web-routes-'));
  distDir = join(folder, 'dist');
  await mkdir(join(distDir, 'assets'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"name":"outside"}');
  await writeFile(join(distDir, 'index.html'), INDEX);
  await writeFile(join(distDir, '.stamp'), 'hash');
  await writeFile(join(distDir, 'assets/index-DzDaiRHG.js'), SCRIPT);
  await writeFile(join(distDir, 'assets/index-DzDaiRHG.js.br'), 'brotli bytes');
  await writeFile(join(distDir, 'assets/index-DzDaiRHG.js.gz'), 'gzip bytes');
  await writeFile(join(distDir, 'assets/style-a_b-c9Zx.css'), 'a{}');
  await writeFile(join(distDir, 'assets/plain.svg'), '<svg/>');
  await writeFile(join(distDir, 'assets/.hidden'), 'secret');
});

afterEach(async () => {
  const open = server;
  server = null;
  await new Promise((resolve) => (open ? open.close(resolve) : resolve(null)));
  await rm(folder, { recursive: true, force: true });
});

test.each(['/', '/configure'])(
  '%s answers the built page with strict headers and asks to be revalidated',
  async (path) => {
    const base = await serve();
    const response = await fetch(base + path);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(INDEX);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expectPageHeaders(response);
    // fetch() would add no-cache to a conditional request.
    const again = await raw(base, path, { headers: { 'if-none-match': response.headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
  },
);

test('the page may ask the file servers it measures, and no origin that could change the policy', async () => {
  const policyWith = async (measuredOrigins: () => Promise<readonly string[]>) => {
    const open = server;
    await new Promise((resolve) => (open ? open.close(resolve) : resolve(null)));
    return (await fetch(await serve({ measuredOrigins }))).headers.get('content-security-policy') ?? '';
  };
  const hostile = ['http://a;script-src', 'http://a b', 'javascript://a', "'unsafe-inline'", '*'];
  expect(await policyWith(async () => ['http://nas.example:8080', ...hostile, 'https://b.example'])).toMatch(
    /; connect-src 'self' http:\/\/nas\.example:8080 https:\/\/b\.example$/,
  );
  expect(await policyWith(async () => hostile)).not.toContain('connect-src');
  expect(await policyWith(() => Promise.reject(new Error('no database')))).not.toContain('connect-src');
});

test('the policy lets in no foreign script and no frame around the page', async () => {
  const policy = (await fetch(await serve())).headers.get('content-security-policy') ?? '';
  const rules = new Map(
    policy.split('; ').map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1).join(' ')]),
  );
  expect(rules.get('default-src')).toBe("'self'");
  expect(rules.has('script-src')).toBe(false);
  expect(rules.get('img-src')).toBe("'self' https: data:");
  expect(rules.get('style-src')).toBe("'self' 'unsafe-inline'");
  expect(rules.get('frame-ancestors')).toBe("'none'");
});

test('files named by their hash are kept for a year, others are asked for again', async () => {
  const base = await serve();
  const script = await fetch(`${base}/assets/index-DzDaiRHG.js`, {
    headers: { 'accept-encoding': 'identity' },
  });
  expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(script.headers.get('content-type')).toMatch(/^text\/javascript/);
  expect(script.headers.get('x-content-type-options')).toBe('nosniff');
  expect(script.headers.get('referrer-policy')).toBe('no-referrer');
  expect(await script.text()).toBe(SCRIPT);
  const style = await fetch(`${base}/assets/style-a_b-c9Zx.css`);
  expect(style.headers.get('cache-control')).toContain('immutable');
  expect(style.headers.get('content-type')).toMatch(/^text\/css/);
  expect((await fetch(`${base}/assets/plain.svg`)).headers.get('cache-control')).toBe('no-cache');
});

test('the precompressed file is sent to those who take it, brotli first', async () => {
  const base = await serve();
  const cases = {
    br: 'brotli bytes',
    'gzip, br': 'brotli bytes',
    gzip: 'gzip bytes',
    identity: SCRIPT,
    'br;q=0, gzip;q=0': SCRIPT,
  };
  for (const [accepted, body] of Object.entries(cases)) {
    const answer = await raw(base, '/assets/index-DzDaiRHG.js', { headers: { 'accept-encoding': accepted } });
    expect(answer.body, accepted).toBe(body);
    expect(answer.headers['content-type'], accepted).toMatch(/^text\/javascript/);
    expect(answer.headers.vary, accepted).toBe('Accept-Encoding');
  }
  const style = await raw(base, '/assets/style-a_b-c9Zx.css', { headers: { 'accept-encoding': 'br' } });
  expect(style.headers['content-encoding']).toBeUndefined();
  expect(style.body).toBe('a{}');
});

test.each([
  '/assets/..%2f..%2fpackage.json',
  '/assets/..%2findex.html',
  '/assets/%2e%2e%2f.stamp',
  '/assets/..%5c..%5cpackage.json',
  '/assets/../../package.json',
  '/assets/../.stamp',
  '/assets//etc/passwd',
  '/assets/%2fetc%2fpasswd',
  '/assets/index-DzDaiRHG.js%00.css',
  '/assets/.hidden',
  '/assets/..',
  '/assets/',
  '/assets',
  '/assets/absent-DzDaiRHG.js',
  '/.stamp',
  '/index.html',
])('%s is not found', async (path) => {
  const answer = await raw(await serve(), path);
  expect(answer.status).toBe(404);
  expect(answer.body).not.toContain('outside');
  expect(answer.body).not.toContain('secret');
  expect(answer.headers['cache-control'] ?? '').not.toContain('immutable');
});

test('HEAD answers the headers of GET without a body', async () => {
  const base = await serve();
  for (const path of ['/', '/assets/index-DzDaiRHG.js', '/assets/plain.svg']) {
    const headers = { 'accept-encoding': 'identity' };
    const [head, get] = [
      await raw(base, path, { method: 'HEAD', headers }),
      await raw(base, path, { headers }),
    ];
    expect(head.status).toBe(200);
    expect(head.body).toBe('');
    for (const name of ['content-length', 'content-type', 'cache-control', 'etag']) {
      expect(head.headers[name], `${path} ${name}`).toBe(get.headers[name]);
    }
  }
});

test('before the first build the page says so, shows how to install and reloads itself', async () => {
  isBuilt = false;
  const base = await serve();
  const response = await fetch(base);
  const html = await response.text();
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expectPageHeaders(response);
  expect(html).toContain('is being built');
  expect(html).toContain('http-equiv="refresh"');
  expect(html).toContain(`<code>${base}/manifest.json</code>`);
  expect(html).toContain(`href="${base.replace('http:', 'stremio:')}/manifest.json"`);
  expect(html).not.toContain('<script');
  isBuilt = true;
  expect(await (await fetch(base)).text()).toBe(INDEX);
});

test('the waiting page shows the manifest URL it is given, escaped, and stops waiting when no build comes', async () => {
  isBuilt = false;
  const base = await serve({
    manifestUrl: () => 'https://films.example.org/manifest.json?a="b"&c',
    isBuilding: () => false,
  });
  const html = await (await fetch(base)).text();
  expect(html).toContain('https://films.example.org/manifest.json?a=&#34;b&#34;&#38;c');
  expect(html).toContain('stremio://films.example.org/manifest.json');
  expect(html).toContain('could not be built');
  expect(html).not.toContain('http-equiv="refresh"');
});

test('a forged Host header puts no markup into the waiting page', async () => {
  isBuilt = false;
  const base = await serve();
  for (const host of ['"><script>alert(1)</script>', 'evil.example/x?', 'a b']) {
    const answer = await raw(base, '/', { headers: { host } });
    expect(answer.body).not.toContain('<script');
    expect(answer.body).not.toContain('evil.example/x');
  }
});

test('while a new build is swapped in, a request gets the waiting page instead of an error', async () => {
  const base = await serve();
  await rm(join(distDir, 'index.html'));
  const response = await fetch(base);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('is being built');
});

function expectPageHeaders(response: Response) {
  expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  expect(response.headers.get('x-frame-options')).toBe('DENY');
}

async function serve(options: Partial<WebOptions> = {}): Promise<string> {
  const app = express();
  app.use(webRoutes({ distDir, isBuilt: () => isBuilt, ...options }));
  const started = createServer(app);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

type RawAnswer = { status: number; headers: Record<string, string | string[] | undefined>; body: string };

/** As `fetch`, but the path and the headers go out as they are written. */
function raw(
  base: string,
  path: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<RawAnswer> {
  const { port } = new URL(base);
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path, agent: false, signal: AbortSignal.timeout(5_000), ...options },
      (res) => {
        res.setEncoding('utf8');
        let body = '';
        res.on('data', (chunk: string) => {
          body += chunk;
        });
        res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body }));
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}
