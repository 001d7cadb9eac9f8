// The image's last step: the program starts once with nothing let out, is asked for what a first visitor asks for, and is
// stopped. Node writes what it compiled to NODE_COMPILE_CACHE at the end of a process; it is of use to a program with the same flags of V8
// only, which are the arguments. An image that cannot start is not made.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Half a second of work each; an emulated processor takes twenty times as long, a busy one longer. */
const DEADLINE_MS = 300_000;

const { NODE_COMPILE_CACHE: cacheDir } = process.env;
if (cacheDir === undefined) throw new Error('NODE_COMPILE_CACHE is not set: there is nothing to warm up.');
const dataDir = await mkdtemp(join(tmpdir(), 'warm-up-'));
const settings = { DATA_DIR: dataDir, HOST: '127.0.0.1', PORT: '0', OUTBOUND: 'listed', LOG_LEVEL: 'warn' };
const program = spawn(process.execPath, [...process.argv.slice(2), 'src/main.ts'], {
  env: { ...process.env, ...settings },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const deadline = setTimeout(() => program.kill('SIGKILL'), DEADLINE_MS);
const ended = once(program, 'exit').then(([code, signal]) => signal ?? code);
let said = '';
program.stdout.setEncoding('utf8').on('data', (text) => {
  said += text;
});
try {
  const baseUrl = await Promise.race([address(), ended.then(tooSoon)]);
  await Promise.race([visit(baseUrl), ended.then(tooSoon)]);
  program.kill('SIGTERM');
  const how = await ended;
  if (how !== 0) throw new Error(`The program was told to stop and ended with ${how}.`);
} catch (error) {
  console.error(said);
  throw error;
} finally {
  clearTimeout(deadline);
  program.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
}
console.log(`compiled modules kept: ${(await readdir(cacheDir, { recursive: true })).length}`);

function tooSoon(how) {
  throw new Error(`The program ended by itself with ${how}.`);
}

/** The printed one. */
async function address() {
  for (;;) {
    const [, baseUrl] = /Open\s+(http:\/\/\S+)\/\s/.exec(said) ?? [];
    if (baseUrl !== undefined) return baseUrl;
    await sleep(50);
  }
}

/** The page, the add-on's answers, and the first bytes of a film that comes with the program. */
async function visit(baseUrl) {
  const ask = (path, headers = {}) => answerOf(new URL(path, baseUrl), headers);
  for (const path of ['/', '/readyz', '/manifest.json', '/api/health']) await ask(path);
  const { newest } = await starter(ask);
  const { id, playUrl } = newest.find((title) => title.playUrl !== null) ?? tooFew();
  const { metas } = await ask('/catalog/movie/popular.json');
  for (const { id: meta } of metas.slice(0, 3))
    for (const resource of ['meta', 'stream', 'subtitles'])
      await ask(`/${resource}/movie/${encodeURIComponent(meta)}.json`);
  await ask(`/api/titles/${id}/playlist.m3u`);
  await ask(playUrl, { range: 'bytes=0-99999' });
}

/** The films that come with the program are added beside its first answers. */
async function starter(ask) {
  for (;;) {
    const overview = await ask('/api/overview');
    if (overview.newest.length > 0) return overview;
    await sleep(200);
  }
}

function tooFew() {
  throw new Error('No film that comes with the program can be played.');
}

async function answerOf(url, headers) {
  const answer = await fetch(url, { headers });
  const body = Buffer.from(await answer.arrayBuffer());
  if (!answer.ok) throw new Error(`${url.pathname} answered ${answer.status}: ${body.subarray(0, 500)}`);
  return answer.headers.get('content-type')?.includes('json') ? JSON.parse(body) : body;
}
