import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loginsOf, startVsftpd } from '../../test/support/real/ftp-servers.ts';
import type { Bench, BenchRow } from '../bench.ts';
import { walkRow } from './ftp-walk.ts';
import { type HttpGround, onHttpGround } from './http-ground.ts';
import { cpuSeconds, median } from './measure.ts';

const run = promisify(execFile);
const FILM_BYTES = 1024 * 1024 * 1024;
const RANGE_BYTES = 64 * 1024;
const GB = 1e9;

/** Films from vsftpd through this program, in turns with curl from the same vsftpd; what is told of both are medians of pairs. */
export const benchFtp: Bench = ({ quick }) => onHttpGround((ground) => rowsOn(ground, quick));

async function rowsOn(ground: HttpGround, quick: boolean): Promise<BenchRow[]> {
  const root = join(ground.folder, 'ftp');
  await mkdir(root);
  const film = randomBytes(quick ? FILM_BYTES / 8 : FILM_BYTES);
  await writeFile(join(root, 'film.mkv'), film);
  await Promise.all([chmod(ground.folder, 0o755), chmod(root, 0o755), chmod(join(root, 'film.mkv'), 0o644)]);
  const files = { certFile: join(ground.folder, 'cert.pem'), keyFile: join(ground.folder, 'key.pem') };
  const [plain, tls] = [await startVsftpd({ root }), await startVsftpd({ root, tls: files })];
  ground.onClose(plain.stop);
  ground.onClose(tls.stop);
  const rounds = quick ? 3 : 7;
  const direct = `ftp://127.0.0.1:${plain.port}/film.mkv`;
  const play = await wholeLink(ground, direct, film);
  const safe = await wholeLink(ground, `ftpes://127.0.0.1:${tls.port}/film.mkv`, film);
  const curlSafe = ['--ssl-reqd', '--cacert', files.certFile, `ftp://127.0.0.1:${tls.port}/film.mkv`];
  const rows: BenchRow[] = [
    await bodies(ground, 'FTP body', { play, size: film.length }, [direct], rounds),
    await bodies(ground, 'FTPS body', { play: safe, size: film.length }, curlSafe, rounds),
    ...(await seeks(ground.folder, play, direct, film)),
  ];
  const before = await loginsOf(plain);
  await abortedSeeks(play, film.length);
  rows.push({ what: 'further logins of 20 seeks given up', count: (await loginsOf(plain)) - before });
  const perSecond = await rangesASecond(play, film, quick ? 1000 : 4000);
  rows.push({ what: '64 KiB ranges/s, one connection', count: perSecond });
  rows.push(await walkRow(ground.folder, rounds));
  return rows;
}

/** A play link that gave all bytes of the film once. */
async function wholeLink(ground: HttpGround, url: string, film: Buffer): Promise<URL> {
  const play = await ground.playUrl(url);
  if ((await hashOf(play)) !== createHash('sha256').update(film).digest('hex'))
    throw new Error(`${url}: other bytes than the file has`);
  return play;
}

type Got = { mbps: number; firstByteMs: number; cpuS: number };

/** Of one run of curl, which fails where it is refused or anything but `size` bytes came. */
async function curl(args: readonly string[], size: number, to = '/dev/null'): Promise<Got> {
  const format = '%{size_download} %{speed_download} %{time_starttransfer}';
  const timed = 'TIMEFORMAT="%U %S"; time curl "$@"';
  const own = ['-sSf', '-o', to, '-w', format];
  const { stdout, stderr } = await run('bash', ['-c', timed, 'curl', ...own, ...args]);
  const [got, speed = 0, first = 0] = stdout.split(' ').map(Number);
  if (got !== size) throw new Error(`curl had ${got} bytes of ${size}`);
  const [user = 0, system = 0] = stderr.trim().split(' ').map(Number);
  return { mbps: speed / 1e6, firstByteMs: first * 1000, cpuS: user + system };
}

/** Once each, the second one first in every other round. */
async function inTurns<T>(round: number, own: () => Promise<T>, other: () => Promise<T>): Promise<[T, T]> {
  if (round % 2 === 0) return [await own(), await other()];
  const second = await other();
  return [await own(), second];
}

async function bodies(
  ground: HttpGround,
  what: string,
  { play, size }: { play: URL; size: number },
  theirs: readonly string[],
  rounds: number,
): Promise<BenchRow> {
  const pairs: [Got, Got][] = [];
  const before = await cpuSeconds(ground.pid);
  for (let round = 0; round < rounds; round += 1)
    pairs.push(
      await inTurns(
        round,
        () => curl([play.href], size),
        () => curl(theirs, size),
      ),
    );
  const cpuS = (await cpuSeconds(ground.pid)) - before;
  const rounded = (value: number, digits: number) => Number(value.toFixed(digits));
  return {
    what,
    'MB/s': Math.round(median(pairs.map(([own]) => own.mbps))),
    'curl MB/s': Math.round(median(pairs.map(([, other]) => other.mbps))),
    ratio: rounded(median(pairs.map(([own, other]) => own.mbps / other.mbps)), 3),
    'CPU s/GB': rounded(cpuS / ((rounds * size) / GB), 2),
    "curl's": rounded(median(pairs.map(([, other]) => other.cpuS)) / (size / GB), 2),
  };
}

/** Both asked by curl, each by a connection of its own: one by a session that waits, the other by a login. */
async function seeks(folder: string, play: URL, direct: string, film: Buffer): Promise<BenchRow[]> {
  const pairs: [Got, Got][] = [];
  const to = join(folder, 'byte');
  for (let seek = 0; seek < 60; seek += 1) {
    const at = Math.floor((film.length - 1) * ((seek * 0.618) % 1));
    const byteOf = async (url: string) => {
      const got = await curl(['-r', `${at}-${at}`, url], 1, to);
      if ((await readFile(to))[0] !== film[at]) throw new Error(`another byte at ${at}`);
      return got;
    };
    pairs.push(
      await inTurns(
        seek,
        () => byteOf(play.href),
        () => byteOf(direct),
      ),
    );
  }
  const ms = (of: (pair: [Got, Got]) => Got) =>
    Number(median(pairs.map((pair) => of(pair).firstByteMs)).toFixed(2));
  const sooner = pairs.filter(([own, other]) => own.firstByteMs < other.firstByteMs).length;
  const what = 'seek to first byte, ms';
  return [
    { what, warm: ms(([own]) => own), 'curl cold': ms(([, other]) => other), sooner: `${sooner} of 60` },
  ];
}

/** As a player seeks: the request is given up after its first bytes. */
async function abortedSeeks(play: URL, size: number): Promise<void> {
  for (let seek = 0; seek < 20; seek += 1)
    await new Promise<void>((resolve, reject) => {
      const headers = { range: `bytes=${Math.floor(size * ((seek * 0.618) % 0.9))}-` };
      get(play, { headers, agent: false }, (response) => {
        if (response.statusCode !== 206) reject(new Error(`a seek was answered with ${response.statusCode}`));
        response.once('data', () => response.destroy());
        response.once('close', resolve);
        response.on('error', () => {});
      }).on('error', reject);
    });
}

async function rangesASecond(play: URL, film: Buffer, count: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const begun = performance.now();
  for (let index = 0; index < count; index += 1) {
    const at = index * RANGE_BYTES;
    const bytes = await range(play, agent, at, RANGE_BYTES);
    if (!bytes.equals(film.subarray(at, at + RANGE_BYTES))) throw new Error(`other bytes at ${at}`);
  }
  agent.destroy();
  return Math.round(count / ((performance.now() - begun) / 1000));
}

function range(url: URL, agent: Agent, at: number, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { range: `bytes=${at}-${at + length - 1}` } }, (response) => {
      if (response.statusCode !== 206) reject(new Error(`a range was answered with ${response.statusCode}`));
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks)));
      response.on('error', reject);
    }).on('error', reject);
  });
}

async function hashOf(url: URL): Promise<string> {
  const hash = createHash('sha256');
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the film was answered with ${response.status}`);
  for await (const chunk of response.body ?? []) hash.update(chunk);
  return hash.digest('hex');
}
