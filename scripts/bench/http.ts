/**
 * The play links of HTTP streams beside nginx, this program with everything on (sealed link, guarded dialer, limits, metrics).
 * Interleaved, at least 5 rounds, the order turned each round; ratios are medians of the rounds' pairs to the first system of
 * a load. What is measured:
 * - whole films and 64 KiB ranges beside `proxy_pass` from the same origin, nginx tuned (256 KiB buffers) and with its defaults,
 *   both with `proxy_buffering off`; from an https origin beside nginx with its defaults;
 * - a film whose origin cuts the connection at 10 random places, beside the same film from the same origin that does not
 *   (`http-cuts.ts`);
 * - HLS segments from memory beside a `proxy_cache` that has them (`http-segments.ts`).
 */
import type { Bench } from '../bench.ts';
import { measureCuts } from './http-cuts.ts';
import { type HttpGround, onHttpGround } from './http-ground.ts';
import { type How, type Load, measure, type System } from './http-rounds.ts';
import { measureSegments } from './http-segments.ts';

const LOADS: readonly Load[] = [
  { name: '1 stream', connections: 1, requests: 16, rangeBytes: 0 },
  { name: '50 streams', connections: 50, requests: 50, rangeBytes: 0 },
  { name: '64 KiB ranges, 50 connections', connections: 50, requests: 15_000, rangeBytes: 64 * 1024 },
];
const TLS_LOADS: readonly Load[] = [
  { name: 'https origin, 50 streams', connections: 50, requests: 50, rangeBytes: 0 },
];

export const benchHttp: Bench = ({ quick }) =>
  onHttpGround(async (ground) => {
    const how: How = { rounds: quick ? 1 : 5, quick };
    return [
      ...(await measureProxies(ground, how)),
      ...(await measureCuts(ground, how)),
      // Last: what its cache keeps stays in this program's memory.
      ...(await measureSegments(ground, how)),
    ];
  });

async function measureProxies(ground: HttpGround, how: How) {
  const { film } = ground;
  const nginx = async (name: string, to: 'http' | 'https', settings = ''): Promise<System> => ({
    name,
    ...(await ground.nginxProxy(to, `proxy_buffering off; ${settings}`)),
    files: [{ path: '/film.mp4', file: film }],
  });
  const ours = async (origin: string): Promise<System> => {
    const { port, pathname } = await ground.playUrl(`${origin}/film.mp4`);
    return {
      name: 'Tributary',
      port: Number(port),
      pid: ground.pid,
      files: [{ path: pathname, file: film }],
    };
  };
  const http = [
    await nginx(
      'nginx, tuned',
      'http',
      'proxy_buffer_size 256k; proxy_buffers 8 256k; proxy_busy_buffers_size 512k;',
    ),
    await nginx('nginx, default', 'http'),
    await ours(ground.origin.http),
  ];
  const https = [await nginx('nginx, default', 'https'), await ours(ground.origin.https)];
  return [...(await measure(http, LOADS, how)), ...(await measure(https, TLS_LOADS, how))];
}
