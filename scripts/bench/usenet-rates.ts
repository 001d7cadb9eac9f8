import type { BenchRow } from '../bench.ts';
import { median } from './measure.ts';
import { type Film, makeFilm, rssMib } from './play-client.ts';
import {
  FAR,
  type Ground,
  type Link,
  MIB,
  type Pair,
  plainFile,
  post,
  readInTurns,
  readRelease,
  startReader,
} from './usenet-ground.ts';

const round = (value: number, digits: number) => Number(value.toFixed(digits));
const rateOf = ({ bytes }: Film, { seconds }: { seconds: number }) => bytes.length / seconds;

type Scene = { name: string; filmBytes: number; link: Link | null; goal: number; warming: number };

const SCENES: readonly Scene[] = [
  { name: '50 ms, 5 MB/s a connection', filmBytes: 200 * MIB, link: FAR, goal: 0.9, warming: 1 },
  // What counts is CPU, and V8 compiles as it goes: the first film takes 0.93 s of it, the fifth 0.7, from the eighth on 0.6.
  { name: 'loopback', filmBytes: 400 * MIB, link: null, goal: 0.4, warming: 6 },
];

/** Whole films beside the raw puller. `ratio`: bytes of the film over raw bytes of the wire, 3 % of which are yEnc, so 0.97 is all there is. */
export async function besideRaw(ground: Ground): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { name, filmBytes, link, goal, warming } of SCENES) {
    const film = await makeFilm(ground.folder, 'film.mkv', filmBytes);
    const releases = await post(ground, [plainFile(film)], ground.rounds + warming);
    await using reader = await startReader(ground, [link]);
    const pairs = await readInTurns(reader, film, releases, warming);
    const of = (read: (pair: Pair) => number) => median(pairs.map(read));
    rows.push({
      scene: name,
      'MB/s': round(of(({ mine }) => rateOf(film, mine)) / 1e6, 1),
      'raw MB/s': round(of(({ rawBytesPerSecond }) => rawBytesPerSecond) / 1e6, 1),
      ratio: round(
        of(({ mine, rawBytesPerSecond }) => rateOf(film, mine) / rawBytesPerSecond),
        2,
      ),
      goal: `>= ${goal}`,
      'of what raw carried': round(
        of((pair) => (rateOf(film, pair.mine) / pair.rawBytesPerSecond) * (pair.wireBytes / filmBytes)),
        2,
      ),
      'link ms': Math.round(of(({ openMs }) => openMs)),
      'first byte ms': Math.round(of(({ mine }) => mine.firstMs)),
      'CPU s/GB': round(
        of(({ mine }) => mine.cpuSeconds / (filmBytes / 1e9)),
        2,
      ),
      'loop p99 ms': round(
        of(({ mine }) => mine.loopP99Ms),
        1,
      ),
      'RSS MiB': await rssMib(reader.server.pid),
    });
  }
  return rows;
}

/** A provider that stalls every 25th article for 3 s, alone and with another one behind it: what a viewer sees of it. */
export async function besideStalls(ground: Ground): Promise<BenchRow[]> {
  const film = await makeFilm(ground.folder, 'film.mkv', 100 * MIB);
  const stalling = { ...FAR, faults: { stall: { every: 25, seconds: 3 } } };
  const rows: BenchRow[] = [];
  for (const [name, links] of [
    ['every 25th article stalls 3 s', [stalling]],
    ['that, and a second provider', [stalling, FAR]],
  ] as const) {
    const releases = await post(ground, [plainFile(film)], ground.rounds);
    await using reader = await startReader(ground, links);
    const gaps: number[] = [];
    const seconds: number[] = [];
    for (const release of releases) {
      const { mine } = await readRelease(reader.server, film, release);
      gaps.push(mine.longestGapMs);
      seconds.push(mine.seconds);
    }
    rows.push({
      scene: name,
      'longest gap ms': Math.round(Math.max(...gaps)),
      'at most': 1000,
      'MB/s': round(film.bytes.length / median(seconds) / 1e6, 1),
    });
  }
  return rows;
}
