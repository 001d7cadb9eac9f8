import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCrypto, isSameSecret, loadSecrets } from '../../src/platform/crypto.ts';

const OLD = 'an old secret key of more than 32 characters';
const NEW = 'a newer secret key of more than 32 characters';
const LINK = {
  streamId: 42,
  fileIndex: 0,
  filename: 'Größe – 映画.mkv',
  subject: 'public',
  expiresAt: 2_000_000_000,
};

describe('sealed secrets', () => {
  const crypto = createCrypto([NEW]);

  test('open to the bytes that were sealed, text and binary, the empty one included', () => {
    const binary = Buffer.from([0, 255, 10, 13, 128]);
    expect(crypto.open('stream.headers', crypto.seal('stream.headers', binary))).toEqual(binary);
    expect(crypto.open('stream.headers', crypto.seal('stream.headers', 'Größe'))?.toString()).toBe('Größe');
    expect(crypto.open('stream.headers', crypto.seal('stream.headers', ''))).toHaveLength(0);
  });

  test('do not show what is in them and differ each time', () => {
    const [first, second] = [crypto.seal('a', 'the secret'), crypto.seal('a', 'the secret')];
    expect(first.equals(second)).toBe(false);
    expect(first.includes('secret')).toBe(false);
  });

  test('open to null when any single byte was changed, cut off or added', () => {
    const sealed = crypto.seal('stream.magnet', 'magnet:?xt=urn:btih:abc');
    for (let at = 0; at < sealed.length; at += 1) {
      const bad = Buffer.from(sealed);
      bad.writeUInt8(bad.readUInt8(at) ^ 1, at);
      expect(crypto.open('stream.magnet', bad), `byte ${at}`).toBeNull();
      expect(crypto.open('stream.magnet', sealed.subarray(0, at)), `cut at ${at}`).toBeNull();
    }
    expect(crypto.open('stream.magnet', Buffer.concat([sealed, Buffer.from([0])]))).toBeNull();
  });

  test('open under their own purpose only', () => {
    expect(crypto.open('stream.magnet', crypto.seal('stream.headers', 'x'))).toBeNull();
  });
});

describe('tokens', () => {
  const crypto = createCrypto([NEW]);

  test('carry an object through a URL and stay short', () => {
    const token = crypto.sealToken('play', LINK);
    expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(crypto.openToken('play', token)).toEqual(LINK);
    expect(token.length).toBeLessThanOrEqual(
      Math.ceil((Buffer.byteLength(JSON.stringify(LINK)) + 33) * (4 / 3)),
    );
  });

  test('are the same for the same object, so that pages of links can be cached, and differ by purpose', () => {
    expect(crypto.sealToken('play', LINK)).toBe(crypto.sealToken('play', { ...LINK }));
    expect(crypto.sealToken('play', LINK)).not.toBe(crypto.sealToken('install', LINK));
    expect(crypto.sealToken('play', LINK)).not.toBe(crypto.sealToken('play', { ...LINK, streamId: 43 }));
  });

  test('open to null when any character was changed, dropped or added: one link has one spelling', () => {
    const token = crypto.sealToken('play', LINK);
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === 'A' ? 'B' : 'A';
      expect(
        crypto.openToken('play', token.slice(0, at) + other + token.slice(at + 1)),
        `character ${at}`,
      ).toBeNull();
    }
    for (const bad of [
      `${token}A`,
      `${token}=`,
      `${token} `,
      token.slice(1),
      token.slice(0, -1),
      '',
      '!',
      'x'.repeat(9000),
    ])
      expect(crypto.openToken('play', bad)).toBeNull();
  });

  test('do not open under another purpose, and a token is no stored secret', () => {
    const token = crypto.sealToken('play', LINK);
    expect(crypto.openToken('install', token)).toBeNull();
    expect(crypto.open('play', Buffer.from(token, 'base64url'))).toBeNull();
  });
});

describe('a changed key', () => {
  test('still opens what the old one sealed, seals with the new one, and forgets once the old one is gone', () => {
    const before = createCrypto([OLD]);
    const [sealed, token] = [before.seal('a', 'text'), before.sealToken('play', LINK)];
    const during = createCrypto([NEW, OLD]);
    expect(during.open('a', sealed)?.toString()).toBe('text');
    expect(during.openToken('play', token)).toEqual(LINK);
    expect(createCrypto([NEW]).openToken('play', during.sealToken('play', LINK))).toEqual(LINK);
    expect(createCrypto([NEW]).open('a', sealed)).toBeNull();
    expect(createCrypto([NEW]).openToken('play', token)).toBeNull();
  });
});

test('a mac has 32 bytes and depends on key, purpose and text', () => {
  const crypto = createCrypto([NEW]);
  const mac = crypto.mac('play.subject', '192.0.2.1');
  expect(mac).toHaveLength(32);
  expect(crypto.mac('play.subject', '192.0.2.1').equals(mac)).toBe(true);
  expect(crypto.mac('play.subject', '192.0.2.2').equals(mac)).toBe(false);
  expect(crypto.mac('rate-limit', '192.0.2.1').equals(mac)).toBe(false);
  expect(createCrypto([OLD]).mac('play.subject', '192.0.2.1').equals(mac)).toBe(false);
});

test('secrets are compared whole, whatever their lengths', () => {
  expect(isSameSecret('abc', 'abc')).toBe(true);
  expect(isSameSecret('abc', 'abd')).toBe(false);
  expect(isSameSecret('abc', 'abcd')).toBe(false);
  expect(isSameSecret('', 'abc')).toBe(false);
});

describe('the keys of the data folder', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'secrets-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));
  const load = (
    name: string,
    more: { secretKey?: string; secretKeysOld?: string[]; adminToken?: string } = {},
  ) =>
    loadSecrets({ dataDir: join(root, name), secretKey: null, secretKeysOld: [], adminToken: null, ...more });

  test('are made once, readable by the owner only, and read again by the next start', async () => {
    const first = await load('fresh');
    expect(first.adminTokenIsNew).toBe(true);
    expect(first.adminToken.length).toBeGreaterThanOrEqual(32);
    expect(await load('fresh')).toEqual({ ...first, adminTokenIsNew: false });
    for (const file of ['secret-key', 'admin-token'])
      expect((await stat(join(root, 'fresh', file))).mode & 0o777).toBe(0o600);
  });

  test('are the same for all of twelve starts that race, and one of them says it made the token', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => load('race')));
    expect(new Set(all.map(({ secretKeys }) => secretKeys.join())).size).toBe(1);
    expect(new Set(all.map(({ adminToken }) => adminToken)).size).toBe(1);
    expect(all.filter(({ adminTokenIsNew }) => adminTokenIsNew)).toHaveLength(1);
  });

  test('leave nothing behind but their two files', async () => {
    expect((await readdir(join(root, 'race'))).sort()).toEqual(['admin-token', 'secret-key']);
  });

  test('give way to the settings, under which the file key still opens', async () => {
    const { secretKeys } = await load('fresh');
    const set = await load('fresh', { secretKey: NEW, adminToken: 'a token from the settings' });
    expect(set).toEqual({
      secretKeys: [NEW, ...secretKeys],
      adminToken: 'a token from the settings',
      adminTokenIsNew: false,
    });
  });

  test('stand behind the old ones of the settings, each once', async () => {
    const { secretKeys } = await load('fresh');
    const set = await load('fresh', { secretKey: NEW, secretKeysOld: [OLD, NEW, ...secretKeys] });
    expect(set.secretKeys).toEqual([NEW, OLD, ...secretKeys]);
  });

  test('change by moving the line to secret-key.old', async () => {
    const { secretKeys } = await load('rotated');
    await writeFile(join(root, 'rotated', 'secret-key.old'), `${OLD}\n\n${secretKeys[0]}\n`);
    await rm(join(root, 'rotated', 'secret-key'));
    const after = await load('rotated');
    expect(after.secretKeys).toHaveLength(3);
    expect(after.secretKeys.slice(1)).toEqual([OLD, secretKeys[0]]);
    expect((await readFile(join(root, 'rotated', 'secret-key'), 'utf8')).trim()).toBe(after.secretKeys[0]);
  });

  test('that are damaged stop the start with what to do', async () => {
    await mkdir(join(root, 'damaged'));
    await writeFile(join(root, 'damaged', 'secret-key'), 'short\n');
    await expect(load('damaged')).rejects.toThrow(/secret-key is damaged.*backup/);
  });

  test('that cannot be kept stop the start with what to do', async () => {
    await writeFile(join(root, 'a-file'), '');
    await expect(load('a-file')).rejects.toThrow(/data folder .*cannot be used: .*Set DATA_DIR/);
    await expect(load('a-file/below')).rejects.toThrow(/data folder .*cannot be used: .*Set DATA_DIR/);
  });
});
