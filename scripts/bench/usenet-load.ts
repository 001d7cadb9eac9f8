import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchRow } from '../bench.ts';
import { median } from './measure.ts';
import { makeFilm, rssMib } from './play-client.ts';
import { FAR, type Ground, linkToNzb, MIB, plainFile, post, startReader } from './usenet-ground.ts';

const RUNNING = 10;
const STALLED = 100;

type Viewer = { leave(): void };

/** Reads a range to its end, or one chunk and no more. */
function watch(url: string, start: number, isStalled: boolean, index: number): Promise<Viewer> {
  const headers = { Range: `bytes=${start}-`, 'X-Forwarded-For': `10.1.${index >> 8}.${index & 255}` };
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, agent: false }, (answer: IncomingMessage) => {
      if (answer.statusCode !== 206) reject(new Error(`answered ${answer.statusCode}`));
      answer.on('error', () => {});
      answer.on('data', () => {
        if (isStalled) answer.pause();
        resolve({ leave: () => request.destroy() });
      });
    });
    request.on('error', reject);
  });
}

/** Ten films are read as fast as they come, over all connections: when does an eleventh have its first article asked for? */
export async function besideTen(ground: Ground): Promise<BenchRow> {
  const film = await makeFilm(ground.folder, 'film.mkv', 100 * MIB);
  const tries = ground.quick ? 2 : 10;
  const releases = await post(ground, [plainFile(film)], RUNNING + tries);
  await using reader = await startReader(ground, [FAR]);
  const urls: string[] = [];
  for (const { nzb } of releases) urls.push(await linkToNzb(reader.server, nzb));
  // All of them are still running when the last has begun: ten films of 100 MiB take 26 s.
  const viewers = await Promise.all(urls.slice(0, RUNNING).map((url, index) => watch(url, 0, false, index)));
  await sleep(1000);
  const times: number[] = [];
  for (let turn = RUNNING; turn < releases.length; turn += 1) {
    const ids = new Set(releases[turn]?.ids.flat());
    await reader.relay.tell(0, { isCleared: true });
    const begun = performance.timeOrigin + performance.now();
    const viewer = await watch(urls[turn] ?? '', film.bytes.length / 2, true, turn);
    const { bodies } = await reader.relay.tell(0, { isCleared: true });
    const first = bodies.find(([id]) => ids.has(id))?.[1];
    if (first === undefined) throw new Error('bytes of a film that were never asked for');
    times.push(first - begun);
    viewer.leave();
    await sleep(200);
  }
  for (const viewer of viewers) viewer.leave();
  return {
    scene: 'a new film beside 10: its first BODY, ms',
    p50: Math.round(median(times)),
    most: Math.round(Math.max(...times)),
    'at most': 50,
  };
}

/** What a process holds that reads nothing, one film, and a hundred for viewers that take nothing; and ten seconds after. */
export async function memory(ground: Ground): Promise<BenchRow> {
  const film = await makeFilm(ground.folder, 'film.mkv', 200 * MIB);
  const releases = await post(ground, [plainFile(film)], 5);
  await using reader = await startReader(ground, [null]);
  const rss = () => rssMib(reader.server.pid);
  const urls: string[] = [];
  await sleep(2000);
  const idle = await rss();
  for (const { nzb } of releases) urls.push(await linkToNzb(reader.server, nzb));
  const [first = ''] = urls;
  const one = await watch(first, 0, false, STALLED);
  await sleep(1000);
  const streaming = await rss();
  one.leave();
  const viewers: Viewer[] = [];
  for (let index = 0; index < STALLED; index += 1) {
    const start = Math.floor((index / STALLED) * 0.8 * film.bytes.length);
    viewers.push(await watch(urls[index % urls.length] ?? '', start, true, index));
  }
  await sleep(5000);
  const stalled = await rss();
  for (const viewer of viewers) viewer.leave();
  await sleep(10_000);
  return {
    scene: `memory, RSS MiB`,
    idle,
    '1 film': streaming,
    '100 stalled viewers': stalled,
    '10 s later': await rss(),
  };
}
