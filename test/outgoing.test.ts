import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

// One way out: whoever opens a connection does it by platform/net.ts, so that no rule is forgotten.

const ROOT = new URL('..', import.meta.url).pathname;

/** Modules that can open a connection or ask a name server. */
const NETWORK =
  /^(node:)?(net|tls|http|https|http2|dns|dns\/promises|dgram|inspector)$|^(undici|got|axios|node-fetch|cross-fetch.*|ws|superagent|needle|request|basic-ftp|ftp|nntp.*|socks.*|webtorrent|bittorrent-.*|torrent-.*|pg|slonik|ioredis|redis|node-pg-migrate|graphile-worker|fluent-ffmpeg|nodemailer|openid-client)$/;

/** Who may import one of them, and why it is no way round the dialer. */
const ALLOWED: Readonly<Record<string, string>> = {
  'scripts/dump-schema.ts': 'a database of its own, to read its schema',
  'src/listen.ts': 'listens',
  'src/platform/address-rules.ts': 'parses addresses',
  'src/platform/config-torrents.ts': 'parses addresses',
  'src/platform/config-values.ts': 'parses addresses',
  'src/platform/copier.ts': 'the owner’s database',
  'src/platform/db.ts': 'the owner’s database',
  'src/platform/backup/index.ts': 'the owner’s database',
  'src/platform/dial.ts': 'the dialer',
  'src/platform/embedded-postgres/hold.ts': 'the embedded database, by an inherited socket',
  'src/platform/embedded-postgres/port.ts': 'looks for a free port by listening',
  'src/platform/ftp/control.ts': 'a control connection over sockets that `net.dial` opened',
  'src/platform/http1/direct-answer.ts': 'names of statuses, for answers on connections that came in',
  'src/platform/guarded-agents.ts': 'agents whose connections `net.dial` opens',
  'src/platform/jobs-queue.ts': 'the owner’s database',
  'src/platform/json-api.ts': 'got by the agents of `guarded-agents.ts`',
  'src/features/accounts/external/oauth-provider.ts': 'openid-client over `guarded-fetch.ts`',
  'src/features/accounts/external/routes.ts': 'makes random values by openid-client',
  'src/platform/guarded-fetch.ts': 'got by the agents of `guarded-agents.ts`',
  'src/platform/mail.ts': 'SMTP over sockets that `net.dial` opened',
  'src/platform/media-tools/command.ts':
    'command lines of ffmpeg, which gets one address of this machine only',
  'src/platform/migrate.ts': 'the owner’s database',
  'src/platform/net-check.ts': 'the dialer’s rules',
  'src/platform/net-request.ts': 'the dialer’s requests',
  'src/platform/net.ts': 'the dialer',
  'src/platform/notify.ts': 'the owner’s database',
  'src/platform/rate-limit.ts': 'the owner’s database',
  'src/play/lend.ts': 'listens, for ffmpeg',
  'src/streams/torrent/dht/rpc-socket.ts': 'datagrams to addresses that passed `net.addressesOf`, each time',
  'src/streams/torrent/swarm/listener.ts': 'listens, for peers',
  'src/streams/torrent/torrent-stream/known-peers.ts': 'parses addresses',
  'src/streams/torrent/torrent-stream/library.ts':
    'the library dials what `known-peers.ts` tells it, an address of `net.addressesOf` each time',
  'src/streams/torrent/trackers/udp-socket.ts':
    'datagrams to an address of `net.addressesOf`, which is connected to',
  'src/streams/torrent/trackers/web-socket.ts': 'WebSockets by `net.dispatcher`',
  'src/streams/torrent/utp/socket.ts': 'datagrams to addresses of `net.addressesOf`, and to no other',
  'src/platform/pg-results.ts': 'dials nothing: how queries of the owner’s database answer',
  'src/platform/redis.ts': 'the owner’s Redis',
};
/** Not the server: a browser’s page, measurements of a server on loopback, and the image’s own health check. */
const NOT_THE_SERVER = /^(src\/web\/(ui|dist(\.tmp-[^/]*)?)\/|scripts\/bench|docker\/)/;

async function files(): Promise<string[]> {
  const found = await Promise.all(
    ['src', 'scripts', 'docker'].map(async (folder) =>
      (await readdir(join(ROOT, folder), { recursive: true })).map((file) => `${folder}/${file}`),
    ),
  );
  return found.flat().filter((file) => /\.(ts|tsx|js|mjs|cjs)$/.test(file) && !/\.d\.ts$/.test(file));
}

/** Network modules a text imports for more than their types, by import, require or `await import`. */
function networkModules(text: string): string[] {
  const code = withoutComments(text);
  const imports = [
    ...code.matchAll(/^(?:import|export)\s+(?!type\b)[^;'"]*from\s*['"]([^'"]+)['"]/gm),
    ...code.matchAll(/^import\s+['"]([^'"]+)['"]/gm),
    ...code.matchAll(/\b(?:import|require|getBuiltinModule)\(\s*['"`]([^'"`]+)['"`]/g),
  ];
  return imports.map(([, name = '']) => name).filter((name) => NETWORK.test(name));
}

/** Global ways out that need no import. */
function globalWays(text: string): string[] {
  const code = withoutComments(text);
  return [...code.matchAll(/(?<![.\w$])(?:globalThis\.)?(fetch|WebSocket|EventSource|XMLHttpRequest)\s*\(/g)]
    .map(([, name = '']) => name)
    .concat(/from 'parse-torrent'/.test(code) && /\bremote\b/.test(code) ? ['parse-torrent remote'] : []);
}

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

test('only the dialer, the owner’s database and Redis, and the listener touch the network', async () => {
  const found = new Map<string, string[]>();
  for (const file of await files()) {
    if (NOT_THE_SERVER.test(file)) continue;
    const text = await readFile(join(ROOT, file), 'utf8');
    const ways = [...networkModules(text), ...globalWays(text)];
    if (ways.length > 0) found.set(file, ways);
  }
  expect([...found].filter(([file]) => !(file in ALLOWED))).toEqual([]);
  expect(Object.keys(ALLOWED).filter((file) => !found.has(file))).toEqual([]);
});

test.each([
  "import { connect } from 'node:net';",
  "import { connect } from 'net';",
  "import { request, type Dispatcher } from 'undici';",
  "import {\n  lookup,\n} from 'node:dns/promises';",
  "export { request } from 'node:https';",
  "const { createSocket } = await import('node:dgram');",
  "require('http')",
  "process.getBuiltinModule('node:net')",
])('%s is seen', (line) => {
  expect(networkModules(line)).toHaveLength(1);
});

test('a global fetch is seen, and a type, a comment or a method of that name is not', () => {
  for (const line of ['await fetch(url)', 'new WebSocket(url)', 'globalThis.fetch(url)'])
    expect(globalWays(line), line).toHaveLength(1);
  for (const line of ['cache.fetch(key)', '// fetch(url)', '/* fetch(url) */', 'prefetch(url)'])
    expect(globalWays(line), line).toEqual([]);
  expect(networkModules("import type { Dispatcher } from 'undici';")).toEqual([]);
});
