import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BadSettings, loadConfig, readEnvironment } from '../src/platform/config.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tributary-config-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function complaint(env: Record<string, string>): string {
  try {
    loadConfig(env, folder);
  } catch (error) {
    if (error instanceof BadSettings) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('settings', () => {
  test('have defaults for everything', () => {
    const config = loadConfig({}, folder);
    expect(config).toMatchObject({
      http: { port: 7000, host: '0.0.0.0', publicUrl: null, tls: null },
      dataDir: join(folder, 'data'),
      database: { url: null, poolMax: 10 },
      role: 'all',
      outbound: { mode: 'all', allow: [] },
      publicCatalog: 'licensed',
    });
    expect(config.fromEnvironment.size).toBe(0);
  });

  test('of the DHT are a switch, and first nodes as host:port', () => {
    const { isOn, bootstrap } = loadConfig({}, folder).dht;
    expect([isOn, bootstrap[0]]).toEqual([true, 'router.bittorrent.com:6881']);
    const own = loadConfig({ DHT: 'off', DHT_BOOTSTRAP: '10.0.0.1:6881, node.example.org:1' }, folder).dht;
    expect(own).toEqual({ isOn: false, bootstrap: ['10.0.0.1:6881', 'node.example.org:1'] });
    for (const bad of ['node.example.org', 'a:b', 'http://a:1', 'a:1/b'])
      expect(complaint({ DHT_BOOTSTRAP: bad })).toContain('DHT_BOOTSTRAP: every entry must be host:port');
  });

  test('of Usenet are providers as they were written, and how much is kept', () => {
    expect(loadConfig({}, folder).usenet).toEqual({
      providers: undefined,
      cache: { folder: join(folder, 'data', 'usenet'), maxBytes: 2 * 1024 ** 3 },
    });
    const own = loadConfig(
      { USENET_PROVIDERS: '/etc/news.json', USENET_CACHE_MAX_BYTES: '0' },
      folder,
    ).usenet;
    expect([own.providers, own.cache.maxBytes]).toEqual(['/etc/news.json', 0]);
    expect(complaint({ USENET_CACHE_MAX_BYTES: 'much' })).toContain('USENET_CACHE_MAX_BYTES');
  });

  test('of metadata are who is asked, most trusted first, and their keys', () => {
    const { providers, keys, perDay } = loadConfig({}, folder).metadata;
    expect([providers[0], providers.length, keys, perDay]).toEqual(['tmdb', 10, {}, { omdb: 1000 }]);
    const own = {
      METADATA_PROVIDERS: 'kitsu, tvdb',
      TVDB_API_KEY: 'key:pin',
      OMDB_REQUESTS_PER_DAY: '100000',
    };
    expect(loadConfig(own, folder).metadata).toEqual({
      providers: ['kitsu', 'tvdb'],
      keys: { tvdb: 'key:pin' },
      perDay: { omdb: 100_000 },
    });
    expect(loadConfig({ METADATA_PROVIDERS: 'none' }, folder).metadata.providers).toEqual([]);
    for (const bad of ['imdb.com', 'kitsu,kitsu', 'kitsu,none'])
      expect(complaint({ METADATA_PROVIDERS: bad })).toContain('METADATA_PROVIDERS: every entry');
    expect(complaint({ TVDB_API_KEY: `secret${'x'.repeat(500)}` })).not.toContain('secret');
  });

  test('that are empty count as absent, and names nobody knows are not ours', () => {
    expect(loadConfig({ PORT: '', REDIS_URL: '', HOME: '/x' }, folder).http.port).toBe(7000);
  });

  test('sizes are bytes or powers of 1024', () => {
    const bytesOf = (size: string) => loadConfig({ STREAM_MEMORY_MAX: size }, folder).streamMemoryBytes;
    expect(['512M', '1.5 GiB', '268435456', '64000k'].map(bytesOf)).toEqual([
      512 * 1024 ** 2,
      1.5 * 1024 ** 3,
      268_435_456,
      64_000 * 1024,
    ]);
    expect(loadConfig({}, folder).streamMemoryBytes).toBeLessThanOrEqual(1024 ** 3);
    for (const wrong of ['7M', 'much', '-1', '1e9'])
      expect(complaint({ STREAM_MEMORY_MAX: wrong })).toContain('STREAM_MEMORY_MAX');
  });

  test('that are wrong are all named at once, and no value is shown', () => {
    const message = complaint({
      PORT: 'seventy',
      PUBLIC_CATALOG: 'sometimes',
      ADMIN_TOKEN: 'hunter2',
      SECRET_KEY: 'short-secret',
      DATABASE_URL: 'mysql://u:pa55@h/db',
      TRUST_PROXY: '10.0.0.0/99',
      OUTBOUND_ALLOW: 'http://nas',
      LOCAL_FOLDERS: 'films=relative',
      TLS_CERT: '/nowhere/cert.pem',
    });
    for (const name of ['PORT', 'PUBLIC_CATALOG', 'ADMIN_TOKEN', 'SECRET_KEY', 'DATABASE_URL'])
      expect(message).toContain(name);
    expect(message).not.toMatch(/seventy|sometimes|hunter2|short-secret|pa55/);
  });

  test.each([
    [{ TRUST_PROXY: '10.0.0.0/99' }, 'TRUST_PROXY'],
    [{ OUTBOUND_ALLOW: 'http://nas' }, 'OUTBOUND_ALLOW'],
    [{ LOCAL_FOLDERS: 'films=relative' }, 'LOCAL_FOLDERS'],
    [{ LOCAL_FOLDERS: 'starter=/srv' }, 'LOCAL_FOLDERS'],
    [{ LOCAL_FOLDERS: 'a=/x,a=/y' }, 'LOCAL_FOLDERS'],
    [{ TLS_CERT: '/nowhere/cert.pem' }, 'TLS_CERT'],
    [{ PUBLIC_URL: 'ftp://x' }, 'PUBLIC_URL'],
    [{ DB_POOL_MAX: '0' }, 'DB_POOL_MAX'],
  ])('%j is refused and named', (env, name) => {
    expect(complaint(env)).toContain(name);
  });

  test('come from .env too, and the environment wins over it', async () => {
    await writeFile(
      join(folder, '.env'),
      'PORT=7101\nHOST=127.0.0.1\n# a comment\nCATALOG_LANGUAGE="pt-BR"\n',
    );
    const config = loadConfig(readEnvironment(folder, { PORT: '7102' }), folder);
    expect([config.http.port, config.http.host, config.catalogLanguage]).toEqual([
      7102,
      '127.0.0.1',
      'pt-BR',
    ]);
    // The language's own country, where none is named.
    expect(config.catalogRegion).toBe('BR');
    expect(loadConfig({ CATALOG_LANGUAGE: 'pt-BR', CATALOG_REGION: 'DE' }).catalogRegion).toBe('DE');
    expect(loadConfig({}).catalogRegion).toBeUndefined();
  });

  test('name folders of the owner', () => {
    const { localFolders } = loadConfig({ LOCAL_FOLDERS: 'films=/srv/films, series=/srv/series/' }, folder);
    expect([...localFolders]).toEqual([
      ['films', '/srv/films'],
      ['series', '/srv/series'],
    ]);
  });
});
