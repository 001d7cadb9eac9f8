import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTempDir } from '../support/processes.ts';
import { startTributary } from '../support/product.ts';
import { get } from '../support/traffic.ts';

describe('headers', () => {
  test('pages allow no foreign script, frame or sniffing, and nothing says what serves them', async () => {
    await using product = await startTributary();
    for (const path of ['/', '/configure']) {
      const { headers } = await get(product.baseUrl + path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'self'");
      expect(policy).toContain("object-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/script-src[^;]*(unsafe|\*)|default-src[^;]*(unsafe|\*)/);
      expect(headers.get('x-frame-options')).toBe('DENY');
    }
    for (const path of [
      '/',
      '/manifest.json',
      '/api/overview',
      '/healthz',
      '/play/a/b',
      '/assets/none.js',
      '/nothing',
    ]) {
      const { headers } = await get(product.baseUrl + path);
      expect(headers.get('x-content-type-options'), path).toBe('nosniff');
      expect(headers.get('referrer-policy'), path).toBe('no-referrer');
      expect([headers.get('x-powered-by'), headers.get('server')], path).toEqual([null, null]);
    }
  });
});

describe('the keys of a first start', () => {
  test('are made once, told once, and readable by their owner only', async () => {
    await using folder = await openTempDir();
    const dataDir = join(folder.path, 'data');
    const fileOf = (name: string) => readFile(join(dataDir, name), 'utf8').then((text) => text.trim());
    const first = await startTributary({ dataDir, adminToken: '' });
    const token = await fileOf('admin-token');
    expect(first.output().split(token)).toHaveLength(2);
    const asAdmin = await get(`${first.baseUrl}/api/media`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    expect(asAdmin.status).toBe(200);
    await first.stop();
    await using second = await startTributary({ dataDir, adminToken: '' });
    expect(await fileOf('admin-token')).toBe(token);
    expect(second.output()).not.toContain(token);
    for (const product of [first, second]) expect(product.output()).not.toContain(await fileOf('secret-key'));
    for (const name of ['admin-token', 'secret-key'])
      expect((await stat(join(dataDir, name))).mode & 0o777, name).toBe(0o600);
    expect((await stat(dataDir)).mode & 0o077).toBe(0);
    expect((await stat(join(dataDir, 'postgres'))).mode & 0o077).toBe(0);
  });
});
