import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProcess } from '../../test/support/processes.ts';
import type { BenchRow } from '../bench.ts';
import type { Result } from './http-client.ts';
import type { HttpGround } from './http-ground.ts';
import { type How, type Load, measure, type System } from './http-rounds.ts';

const SEGMENT_SECONDS = 4;
const SEGMENTS = 6;
/** 800 × 3 MiB: a second and more at 2 GB/s. */
const LOAD: Load = {
  name: 'warm HLS segments, 16 connections',
  connections: 16,
  requests: 800,
  rangeBytes: 0,
};

/**
 * HLS segments that were asked for before: nginx from its `proxy_cache`, this program from memory by the links of its own
 * playlist. Both are filled here, and the origin must not be asked at all in what follows.
 */
export async function measureSegments(ground: HttpGround, how: How): Promise<BenchRow[]> {
  const folder = join(ground.files, 'hls');
  await makeHls(folder);
  const names = segmentsOf(await readFile(join(folder, 'index.m3u8'), 'utf8'));
  const fileOf = (index: number) => join(folder, names[index] ?? '');
  const around = async (_requests: number, runClient: () => Promise<Result>) => {
    const before = await ground.originRequests();
    const result = await runClient();
    const asked = (await ground.originRequests()) - before - 1;
    if (asked !== 0) throw new Error(`${asked} segments did not come from the cache`);
    return result;
  };

  const nginx = await ground.nginxProxy(
    'http',
    `proxy_cache segments; proxy_cache_valid 200 1h; add_header X-Cache $upstream_cache_status;`,
    `proxy_cache_path ${ground.folder}/cache keys_zone=segments:1m;`,
  );
  const paths = names.map((name) => `/hls/${name}`);
  await fill(paths.map((path) => `http://127.0.0.1:${nginx.port}${path}`));
  for (const path of paths) await assertHit(`http://127.0.0.1:${nginx.port}${path}`);

  const playUrl = await ground.playUrl(`${ground.origin.http}/hls/index.m3u8`);
  const links = segmentsOf(await (await fetch(playUrl)).text()).map((line) => new URL(line, playUrl));
  if (links.length !== names.length) throw new Error(`${links.length} links to ${names.length} segments`);
  await fill(links);

  const systems: System[] = [
    {
      name: 'nginx, proxy_cache',
      ...nginx,
      files: paths.map((path, index) => ({ path, file: fileOf(index) })),
      around,
    },
    {
      name: 'Tributary',
      port: Number(playUrl.port),
      pid: ground.pid,
      files: links.map(({ pathname, search }, index) => ({ path: pathname + search, file: fileOf(index) })),
      around,
    },
  ];
  return await measure(systems, [LOAD], how);
}

/** 6 Mbit/s in 4 s each: 3 MiB, with noise because the test picture alone takes no 6 Mbit/s. */
async function makeHls(folder: string): Promise<void> {
  await mkdir(folder);
  const seconds = SEGMENT_SECONDS * SEGMENTS;
  const args = [
    ...['-nostdin', '-v', 'error'],
    ...['-f', 'lavfi', '-i', `testsrc2=s=1280x720:r=25:d=${seconds},noise=alls=20:allf=t`],
    ...['-f', 'lavfi', '-i', `sine=440:d=${seconds}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
    ...['-g', String(25 * SEGMENT_SECONDS), '-sc_threshold', '0'],
    ...['-b:v', '6M', '-maxrate', '6M', '-bufsize', '6M', '-c:a', 'aac'],
    ...['-f', 'hls', '-hls_time', String(SEGMENT_SECONDS), '-hls_playlist_type', 'vod'],
    join(folder, 'index.m3u8'),
  ];
  await runProcess({ command: 'ffmpeg', args, timeoutMs: 120_000 });
}

function segmentsOf(playlist: string): string[] {
  return playlist.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

async function fill(urls: readonly (string | URL)[]): Promise<void> {
  for (const url of urls) await (await fetch(url)).arrayBuffer();
}

async function assertHit(url: string): Promise<void> {
  const answer = await fetch(url);
  await answer.arrayBuffer();
  const status = answer.headers.get('x-cache');
  if (status !== 'HIT') throw new Error(`nginx does not keep ${url}: ${status}`);
}
