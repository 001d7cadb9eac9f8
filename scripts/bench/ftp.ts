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
    await bodies(ground, 'FTP body', play, [direct], rounds),
    await bodies(ground, 'FTPS body', safe, curlSafe, rounds),
    ...(await seeks(play, direct, film)),
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

async function curl(args: readonly string[]): Promise<{ mbps: number; firstByteMs: number }> {
  const format = '%{speed_download} %{time_starttransfer}';
  const { stdout } = await run('curl', ['-sS', '-o', '/dev/null', '-w', format, ...args]);
  const [speed = 0, first = 0] = stdout.split(' ').map(Number);
  return { mbps: speed / 1e6, firstByteMs: first * 1000 };
}

async function bodies(
  ground: HttpGround,
  what: string,
  play: URL,
  theirs: readonly string[],
  rounds: number,
): Promise<BenchRow> {
  const pairs: { own: number; other: number }[] = [];
  const cpu = { before: await cpuSeconds(ground.pid), bytes: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const measured = { own: 0, other: 0 };
    const order = round % 2 === 0 ? (['own', 'other'] as const) : (['other', 'own'] as const);
    for (const who of order) measured[who] = (await curl(who === 'own' ? [play.href] : theirs)).mbps;
    pairs.push(measured);
  }
  const cpuS = (await cpuSeconds(ground.pid)) - cpu.before;
  const { size } = await headOf(play);
  return {
    ...{
      what,
      'MB/s': median(pairs.map(({ own }) => own)),
      'curl MB/s': median(pairs.map(({ other }) => other)),
    },
    ratio:
      Math.round(
        median(
          pairs.map(({ own, other }) => own / other),
          1000,
        ) * 1000,
      ) / 1000,
    'CPU s/GB': Math.round((cpuS / ((rounds * size) / GB)) * 100) / 100,
  };
}

async function seeks(play: URL, direct: string, film: Buffer): Promise<BenchRow[]> {
  const agent = new Agent({ keepAlive: true });
  const [warm, cold]: [number[], number[]] = [[], []];
  for (let seek = 0; seek < 40; seek += 1) {
    const at = Math.floor((film.length - 1) * ((seek * 0.618) % 1));
    const own = await range(play, agent, at, 1);
    if (own.bytes[0] !== film[at]) throw new Error(`another byte at ${at}`);
    warm.push(own.firstByteMs);
    cold.push((await curl(['-r', `${at}-${at}`, direct])).firstByteMs);
  }
  agent.destroy();
  const round = (values: number[]) => Math.round(median(values, 1000) * 100) / 100;
  return [{ what: 'seek to first byte, ms', warm: round(warm), 'curl cold': round(cold) }];
}

/** As a player seeks: the request is given up after its first bytes. */
async function abortedSeeks(play: URL, size: number): Promise<void> {
  for (let seek = 0; seek < 20; seek += 1)
    await new Promise<void>((resolve, reject) => {
      const headers = { range: `bytes=${Math.floor(size * ((seek * 0.618) % 0.9))}-` };
      get(play, { headers, agent: false }, (response) => {
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
    const { bytes } = await range(play, agent, at, RANGE_BYTES);
    if (!bytes.equals(film.subarray(at, at + RANGE_BYTES))) throw new Error(`other bytes at ${at}`);
  }
  agent.destroy();
  return Math.round(count / ((performance.now() - begun) / 1000));
}

function range(
  url: URL,
  agent: Agent,
  at: number,
  length: number,
): Promise<{ bytes: Buffer; firstByteMs: number }> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { range: `bytes=${at}-${at + length - 1}` } }, (response) => {
      const chunks: Buffer[] = [];
      let firstByteMs = 0;
      response.on('data', (chunk: Buffer) => {
        if (chunks.length === 0) firstByteMs = performance.now() - begun;
        chunks.push(chunk);
      });
      response.on('end', () => resolve({ bytes: Buffer.concat(chunks), firstByteMs }));
      response.on('error', reject);
    }).on('error', reject);
  });
}

async function hashOf(url: URL): Promise<string> {
  const hash = createHash('sha256');
  const response = await fetch(url);
  for await (const chunk of response.body ?? []) hash.update(chunk);
  return hash.digest('hex');
}

async function headOf(url: URL): Promise<{ size: number }> {
  const response = await fetch(url, { method: 'HEAD' });
  return { size: Number(response.headers.get('content-length')) };
}

async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function median(values: readonly number[], digits = 1): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? 0) * digits) / digits;
}
