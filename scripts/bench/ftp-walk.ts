import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ftpListing } from '../../src/finders/ftp-listing/index.ts';
import { walkFolders } from '../../src/finders/walk-folders.ts';
import { createNet } from '../../src/platform/net.ts';
import { REAL_FTP_PARTS, startVsftpd } from '../../test/support/real/ftp-servers.ts';
import type { BenchRow } from '../bench.ts';
import { median } from './measure.ts';

const run = promisify(execFile);
const SHOWS = 20;
const SEASONS = 10;
const EPISODES = 100;

/** 20,000 files in 221 folders of one vsftpd, walked by 8 connections here and by `lftp find`, in turns. */
export async function walkRow(folder: string, rounds: number): Promise<BenchRow> {
  const root = join(folder, 'tree');
  for (let show = 0; show < SHOWS; show += 1)
    for (let season = 0; season < SEASONS; season += 1) {
      const path = join(root, `Show ${show}`, `Season ${season}`);
      await mkdir(path, { recursive: true });
      const names = Array.from({ length: EPISODES }, (_, at) => `Show.${show}.S${season}E${at}.1080p.mkv`);
      await Promise.all(names.map((name) => writeFile(join(path, name), 'x')));
    }
  await chmod(root, 0o755);
  await using server = await startVsftpd({ root });
  const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  const [own, other]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    const ours = async () => void own.push(await timed(() => ourWalk(net, server.port)));
    const theirs = async () => void other.push(await timed(() => lftpFind(server.port)));
    for (const walk of round % 2 === 0 ? [ours, theirs] : [theirs, ours]) await walk();
  }
  await net.close();
  const ratios = own.map((ms, at) => ms / (other[at] ?? 1));
  return {
    ...{
      what: 'walk of 20,000 files, ms',
      own: Math.round(median(own)),
      'lftp find': Math.round(median(other)),
    },
    ratio: Number(median(ratios).toFixed(2)),
  };
}

async function ourWalk(net: ReturnType<typeof createNet>, port: number): Promise<number> {
  const place = { baseUrl: `ftp://127.0.0.1:${port}/`, username: null, password: null, config: {} };
  const lister = ftpListing({ net }, place);
  let count = 0;
  for await (const { files } of walkFolders(lister, { starts: [''], signal: new AbortController().signal }))
    count += files.length;
  await lister.close();
  return count;
}

async function lftpFind(port: number): Promise<number> {
  const { stdout } = await run(`${REAL_FTP_PARTS}/bin/lftp`, ['-c', `open ftp://127.0.0.1:${port}; find /`], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split('\n').filter((line) => line.endsWith('.mkv')).length;
}

async function timed(walk: () => Promise<number>): Promise<number> {
  const begun = performance.now();
  const count = await walk();
  if (count !== SHOWS * SEASONS * EPISODES) throw new Error(`${count} files were found`);
  return performance.now() - begun;
}
