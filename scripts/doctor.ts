/** `npm run doctor`: looks at everything a first install trips over and prints the exact fix. Ends with 1 when something must be mended. */
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { access, constants, mkdir, readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { finderSecrets } from '../src/features/finders/index.ts';
import { sourceSecrets } from '../src/features/sources/index.ts';
import { SHIPPED_FOLDER } from '../src/ground.ts';
import { ownSpaces } from '../src/platform/cache.ts';
import type { Config } from '../src/platform/config.ts';
import { createCrypto, loadSecrets } from '../src/platform/crypto.ts';
import { openDatabase } from '../src/platform/database.ts';
import { createLog } from '../src/platform/log.ts';
import { createMediaTools } from '../src/platform/media-tools/index.ts';
import { createNet } from '../src/platform/net.ts';
import { serverFacts } from '../src/platform/queries.ts';
import { createRedis } from '../src/platform/redis.ts';
import { createKinds } from '../src/streams/registry.ts';
import { needsOldKeys } from '../src/streams/reseal.ts';
import { BadProviders, parseProviders } from '../src/streams/usenet/providers/parse-providers.ts';
import { checkProviders } from './check-providers.ts';
import { scriptConfig } from './context.ts';
import type { Finding } from './finding.ts';

type Check = (config: Config) => Promise<Finding | readonly Finding[]>;

const ok = (name: string, text: string): Finding => ({ name, state: 'ok', text });
const note = (name: string, text: string): Finding => ({ name, state: 'note', text });
const mend = (name: string, text: string): Finding => ({ name, state: 'mend', text });

const checks: readonly Check[] = [
  node,
  dataDir,
  disk,
  database,
  keys,
  redis,
  tls,
  publicUrl,
  mediaTools,
  usenet,
];

const config = scriptConfig();
const findings: Finding[] = [];
for (const check of checks) {
  const found = await check(config).catch((error: unknown) =>
    mend(check.name, error instanceof Error ? error.message : String(error)),
  );
  for (const finding of [found].flat()) {
    findings.push(finding);
    console.log(`${{ ok: '✔', note: '·', mend: '✘' }[finding.state]} ${finding.name}: ${finding.text}`);
  }
}
process.exit(findings.some((finding) => finding.state === 'mend') ? 1 : 0);

async function node(): Promise<Finding> {
  const major = Number(process.versions.node.split('.')[0]);
  return major >= 24
    ? ok('Node', process.versions.node)
    : mend('Node', `${process.versions.node} runs this; start it with npm, which takes the pinned Node 24.`);
}

async function dataDir({ dataDir }: Config): Promise<Finding> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.W_OK | constants.R_OK);
    return ok('Data folder', dataDir);
  } catch {
    return mend(
      'Data folder',
      `${dataDir} cannot be written. Give it to the user who runs Tributary, or set DATA_DIR to a folder of yours.`,
    );
  }
}

async function disk({ dataDir }: Config): Promise<Finding> {
  const { bavail, bsize } = await statfs(dataDir);
  const freeGib = (bavail * bsize) / 2 ** 30;
  return freeGib < 1
    ? mend('Disk', `only ${freeGib.toFixed(2)} GiB free in the data folder; free some space.`)
    : ok('Disk', `${freeGib.toFixed(0)} GiB free`);
}

async function database(config: Config): Promise<Finding> {
  const opened = await openDatabase({ config, log: createLog('silent'), role: 'visit' });
  try {
    const facts = await serverFacts(opened.db);
    const kind = config.database.url === null ? 'embedded' : 'DATABASE_URL';
    if (facts.versionNumber < 150_000)
      return mend('Database', `Postgres ${facts.version} is too old: 15 or newer is needed.`);
    if (facts.encoding !== 'UTF8')
      return mend('Database', `its encoding is ${facts.encoding}; create it with ENCODING 'UTF8'.`);
    const driftSeconds = Math.abs(facts.now.getTime() - Date.now()) / 1000;
    if (driftSeconds > 5)
      return mend(
        'Clock',
        `this machine and the database differ by ${driftSeconds.toFixed(0)} s; set both clocks by NTP, or links expire at the wrong time.`,
      );
    if (!facts.hasTrigrams)
      return note(
        'Database',
        'its LC_CTYPE knows no letters beyond ASCII: searches with typos in other scripts find less. Create it with a UTF-8 locale.',
      );
    return ok('Database', `Postgres ${facts.version}, ${kind}, clocks agree`);
  } finally {
    await opened.close();
  }
}

async function redis({ redisUrl }: Config): Promise<Finding> {
  if (redisUrl === null) return note('Redis', 'not set; one instance does not need it.');
  const connection = await createRedis({ url: redisUrl, log: createLog('silent') });
  try {
    return (await connection.ping())
      ? ok('Redis', 'answers')
      : mend(
          'Redis',
          'does not answer. Correct REDIS_URL or start it; Tributary works without, only slower.',
        );
  } finally {
    await connection.close();
  }
}

async function tls({ http }: Config): Promise<Finding> {
  if (http.tls === null)
    return note(
      'TLS',
      'this server speaks plain http; set TLS_CERT and TLS_KEY, or put a reverse proxy with https before it.',
    );
  const certificate = new X509Certificate(await readFile(http.tls.cert));
  const days = (new Date(certificate.validTo).getTime() - Date.now()) / 86_400_000;
  if (days < 0) return mend('TLS', 'the certificate has expired. Renew it.');
  return days < 14
    ? note('TLS', `the certificate ends in ${days.toFixed(0)} days; renew it.`)
    : ok('TLS', `certificate for ${days.toFixed(0)} more days`);
}

/** A TV installs an add-on only over https or from 127.0.0.1. */
async function publicUrl({ http, outbound }: Config): Promise<Finding> {
  const { publicUrl: address } = http;
  if (address === null) {
    return note(
      'Public address',
      'PUBLIC_URL is not set: good for this machine only. For TVs and phones set it to an https address that reaches this server.',
    );
  }
  const answer = await askManifest(outbound, address);
  if (answer === null)
    return mend(
      'Public address',
      'PUBLIC_URL does not answer from here. Is the server running, the name in DNS, the port forwarded, the certificate valid?',
    );
  if (answer.status !== 200)
    return mend(
      'Public address',
      `PUBLIC_URL answers the manifest with ${answer.status}; is it this server's address?`,
    );
  if (answer.headers['access-control-allow-origin'] !== '*')
    return mend(
      'Public address',
      'the reverse proxy takes the CORS headers away (Access-Control-Allow-Origin: *); let them through.',
    );
  if (!address.startsWith('https:'))
    return mend(
      'Public address',
      'it is plain http: a TV installs only over https. Set TLS_CERT and TLS_KEY, or let a reverse proxy do https.',
    );
  return ok('Public address', 'the manifest answers over https, with CORS');
}

/** By the guarded dialer, which lets nobody reach this server but this one question; null: no answer. */
async function askManifest({ mode, allow }: Config['outbound'], address: string) {
  const net = createNet({ mode, allow: [...allow, new URL(address).hostname], ownPorts: () => new Set() });
  try {
    const { status, headers, body } = await net.request(`${address}/manifest.json`, {
      signal: AbortSignal.timeout(5000),
    });
    body.on('error', () => {}).destroy();
    return { status, headers };
  } catch {
    return null;
  } finally {
    await net.close();
  }
}

/** Nothing is made here: a first start makes the keys, and prints the admin's token. */
async function keys(config: Config): Promise<Finding> {
  const { dataDir, secretKey, secretKeysOld } = config;
  const [current, former] = ['secret-key', 'secret-key.old'].map((name) => existsSync(join(dataDir, name)));
  const hasOld = secretKeysOld.length > 0 || former || (secretKey !== null && current);
  if (!hasOld || (secretKey === null && !current)) return ok('Keys', 'no old ones');
  const { secretKeys } = await loadSecrets({ ...config, adminToken: 'not asked for here' });
  const log = createLog('silent');
  const opened = await openDatabase({ config, log, role: 'visit' });
  const crypto = createCrypto(secretKeys);
  const net = createNet({ mode: 'listed', allow: [], ownPorts: () => new Set() });
  const { localFolders } = config;
  const kinds = createKinds({
    db: opened.db,
    net,
    log,
    crypto,
    openSpace: ownSpaces(log),
    localFolders,
    shippedFolder: SHIPPED_FOLDER,
  });
  try {
    return (await needsOldKeys(
      { db: opened.db, crypto, kinds: { all: [...kinds.all, finderSecrets, sourceSecrets] } },
      AbortSignal.timeout(30_000),
    ))
      ? note(
          'Keys',
          'old ones are still needed: the running server seals what is stored anew within the hour.',
        )
      : ok(
          'Keys',
          'nothing stored needs the old ones. Links from before the change end when you remove them.',
        );
  } finally {
    await kinds.close();
    await net.close();
    await opened.close();
  }
}

async function mediaTools({ ffmpegPath, cores }: Config): Promise<Finding> {
  const tools = createMediaTools({ ffmpegPath, cores, log: createLog('silent') });
  const state = await tools.available();
  return state.isAvailable
    ? ok('ffmpeg', state.version)
    : note(
        'ffmpeg',
        `${state.reason} Without it: no embedded subtitles, thumbnails, facts of files, or films for players that cannot take their container.`,
      );
}

/** By the guarded dialer, as a stream would reach them. */
async function usenet({ usenet: { providers = '' }, outbound: { mode, allow } }: Config) {
  const name = 'Usenet';
  const net = createNet({ mode, allow, ownPorts: () => new Set() });
  try {
    const parsed = parseProviders(providers, (path) => readFileSync(path, 'utf8'));
    if (parsed.length === 0) return note(name, 'USENET_PROVIDERS is not set: posts are listed, not played.');
    return await checkProviders(net, parsed, { signal: AbortSignal.timeout(30_000) });
  } catch (error) {
    if (error instanceof BadProviders) return mend(name, error.message);
    throw error;
  } finally {
    await net.close();
  }
}
