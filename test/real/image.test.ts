import { chmod, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Env } from '../../src/platform/config.ts';
import { ignoreRules } from '../support/dockerfile.ts';
import { buildImage, type Image, inImage, oneShot } from '../support/image.ts';
import {
  freePort,
  openTempDir,
  type ProcessResult,
  plainEnv,
  type RunningProcess,
  runProcess,
  startProcess,
} from '../support/processes.ts';
import { ROOT } from '../support/product.ts';
import { startArguments } from '../support/start-command.ts';

// The image without an engine: docker/Dockerfile is followed by hand in a folder, and what it makes is started there as an
// ordinary user without privileges.

let folder: Awaited<ReturnType<typeof openTempDir>>;
let image: Image;
let compiledAtBuild: number;

beforeAll(async () => {
  folder = await openTempDir();
  await chmod(folder.path, 0o755);
  image = await buildImage(folder.path);
  compiledAtBuild = await compiled();
});
afterAll(() => folder?.remove());

const text = (path: string) => readFile(join(ROOT, path), 'utf8');
const inApp = (path: string) => join(image.root, 'app', path);

async function compiled(): Promise<number> {
  return (await readdir(image.env.NODE_COMPILE_CACHE ?? '', { recursive: true })).length;
}

/** Starts a container of the image and waits for its manifest. */
async function startContainer(settings: Readonly<Record<string, string>> = {}): Promise<Container> {
  const port = String(await freePort());
  const env = {
    PORT: port,
    HOST: '127.0.0.1',
    OUTBOUND: 'listed',
    OUTBOUND_ALLOW: '127.0.0.0/8,::1',
    ...settings,
  };
  const container = { ...image, env: { ...image.env, ...env } };
  const baseUrl = `http://127.0.0.1:${port}`;
  const running = await startProcess({
    ...inImage(container, folder.path, container.start),
    readyWhen: async () => (await fetch(`${baseUrl}/manifest.json`).catch(() => null))?.status === 200,
    timeoutMs: 60_000,
    stopTimeoutMs: 15_000,
  });
  return { image: container, baseUrl, running };
}
type Container = { image: Image; baseUrl: string; running: RunningProcess };

/** As `docker exec` does. */
function exec({ image: container }: { image: Image }, command: readonly string[]): Promise<ProcessResult> {
  return runProcess({ ...oneShot(container, folder.path, command), anyCode: true });
}

/** Of the program under the image's init. */
async function residentMib({ running: { pid } }: Container): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const status = await readFile(`/proc/${children.trim().split(' ')[0]}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

describe('a container of the image', () => {
  // Before anything else is run in it: scripts are compiled for themselves, as they run without the program's flags.
  test('starts from what was compiled when the image was made', async () => {
    expect(compiledAtBuild).toBeGreaterThan(500);
    const { running } = await startContainer();
    await running.stop();
    expect(await compiled()).toBeLessThan(compiledAtBuild * 1.05);
  });

  test('runs as nobody in particular: add-on, page and health check answer, and SIGTERM stops it in time', async () => {
    expect(image.user).toBe('node');
    const container = await startContainer();
    const { baseUrl, running } = container;
    expect(await (await fetch(`${baseUrl}/manifest.json`)).json()).toMatchObject({ name: 'Tributary' });
    const page = await (await fetch(baseUrl)).text();
    const [script = ''] = /\/assets\/[^"]+\.js/.exec(page) ?? [];
    const asset = await fetch(baseUrl + script, { headers: { 'Accept-Encoding': 'br' } });
    expect([asset.status, asset.headers.get('content-encoding')]).toEqual([200, 'br']);
    expect(await residentMib(container)).toBeLessThan(250);
    expect(await exec(container, image.healthCheck)).toMatchObject({ code: 0, stderr: '' });

    // What an owner does in it.
    const backup = await exec(container, ['node', 'scripts/backup.ts']);
    expect(backup).toMatchObject({ code: 0 });
    expect(await readdir(join(image.root, 'data/backups'))).toHaveLength(1);

    expect(await running.stop()).toMatchObject({ code: 0, wasKilled: false });
    expect((await exec(container, image.healthCheck)).code).toBe(1);
  });

  test('starts again on its data', async () => {
    const { running } = await startContainer();
    expect(running.output()).not.toContain('starter catalogue added');
    await running.stop();
  });

  test('is healthy with a certificate of its own too', async () => {
    const data = join(image.root, 'data');
    const [key, cert] = [join(data, 'key.pem'), join(data, 'cert.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    await runProcess({
      command: 'openssl',
      args: ['req', '-x509', ...curve, '-subj', '/CN=films.example.org', '-keyout', key, '-out', cert],
    });
    await chmod(key, 0o644);
    const port = String(await freePort());
    const env = {
      ...image.env,
      PORT: port,
      HOST: '127.0.0.1',
      OUTBOUND: 'listed',
      TLS_CERT: cert,
      TLS_KEY: key,
    };
    const container = { image: { ...image, env } };
    await using _ = await startProcess({
      ...inImage(container.image, folder.path, image.start),
      readyWhen: async () => (await exec(container, image.healthCheck)).code === 0,
      timeoutMs: 60_000,
    });
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  });

  test('starts the program with the flags of npm start', () => {
    const args = startArguments();
    expect(image.start.slice(-args.length - 1)).toEqual(['node', ...args]);
  });

  test('holds what the program needs and nothing else', async () => {
    expect((await readdir(inApp('.'))).sort()).toEqual(
      [
        '.cache',
        'LICENSE',
        'addon-manifest.json',
        'docker',
        'node_modules',
        'package.json',
        'scripts',
        'sql',
        'src',
      ].sort(),
    );
    const lock = z
      .object({ packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })) })
      .parse(JSON.parse(await text('package-lock.json')));
    const development = Object.keys(lock.packages).filter((path) => lock.packages[path]?.dev === true);
    expect(development.length).toBeGreaterThan(100);
    for (const path of development) await expect(stat(inApp(path)), path).rejects.toThrow('ENOENT');
    for (const path of ['src/main.ts', 'node_modules/express', 'sql/migrations']) {
      const { code } = await exec({ image }, ['test', '-w', inApp(path)]);
      if (process.getuid?.() === 0) expect(code, path).toBe(1);
    }
  });
});

test('nothing of the owner’s and nothing built on this machine reaches the builder', async () => {
  const isIgnored = ignoreRules(await text('.dockerignore'));
  for (const path of [
    ...[
      '.env',
      'docker/.env',
      'src/.env',
      'data/secret-key',
      'data/postgres/PG_VERSION',
      'backup.gz',
      '.git/config',
    ],
    ...[
      'node_modules/pg/package.json',
      'src/web/dist/index.html',
      'src/web/dist.tmp-1/index.html',
      'src/debug.log',
    ],
    ...['test/vitest.config.ts', 'docker/Dockerfile', 'films/holiday.mp4'],
  ])
    expect(isIgnored(path), path).toBe(true);
  for (const path of [
    'src/main.ts',
    'src/web/ui/main.tsx',
    'sql/migrations/0001_foundation.sql',
    'package.json',
  ])
    expect(isIgnored(path), path).toBe(false);
});

describe('compose files', () => {
  const secrets = { POSTGRES_PASSWORD: 'secret', SECRET_KEY: 'k'.repeat(32), ADMIN_TOKEN: 't'.repeat(16) };
  const config = (file: string, env: Readonly<Record<string, string>> = {}) =>
    runProcess({
      command: 'docker-compose',
      args: ['-f', join(ROOT, 'docker', file), 'config'],
      env: { ...plainEnv(), ...env },
      anyCode: true,
    });

  test('are valid', async () => {
    expect(await config('compose.yaml')).toMatchObject({ code: 0 });
    expect(await config('compose.scale.yaml', secrets)).toMatchObject({ code: 0 });
  });

  test('of many instances do not start without the secrets all of them share', async () => {
    for (const name of Object.keys(secrets)) {
      const { code, stderr } = await config('compose.scale.yaml', { ...secrets, [name]: '' });
      expect(code).not.toBe(0);
      expect(stderr).toContain(name);
    }
  });

  /** What the image or the file itself decides. */
  const FIXED = {
    'compose.yaml': ['PORT', 'HOST', 'DATA_DIR', 'CACHE_DIR', 'FFMPEG_PATH', 'ROLE'],
    // Between the balancer and the web processes there is no TLS.
    'compose.scale.yaml': ['PORT', 'HOST', 'DATA_DIR', 'CACHE_DIR', 'FFMPEG_PATH', 'TLS_CERT', 'TLS_KEY'],
  } as const;

  test.each(Object.entries(FIXED))(
    '%s hands every setting on, and sets none that was not set',
    async (file, fixed) => {
      const settings = Object.keys(Env.shape).filter((name) => !new Set<string>(fixed).has(name));
      const yaml = await text(`docker/${file}`);
      const handed = [...yaml.matchAll(/^ {2,6}([A-Z_]+): (.*)$/gm)].filter(
        ([, name = '']) => name in Env.shape,
      );
      expect(new Set(handed.map(([, name]) => name))).toEqual(new Set(settings));
      // One that is set in the environment cannot be changed while the server runs.
      const own = ['DATABASE_URL', 'REDIS_URL', 'ROLE', 'TRUST_PROXY', 'SECRET_KEY', 'ADMIN_TOKEN'];
      for (const [, name = '', value = ''] of handed)
        if (file === 'compose.yaml' || !own.includes(name)) expect(value).toBe(`\${${name}:-}`);
    },
  );
});
