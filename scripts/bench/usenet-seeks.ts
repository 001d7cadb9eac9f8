import type { PostOptions } from '../../test/support/nzb-post.ts';
import type { BenchRow } from '../bench.ts';
import { median, quantile } from './measure.ts';
import { type Film, makeFilm, seekTo } from './play-client.ts';
import {
  ARTICLE_BYTES,
  bodiesAt,
  FAR,
  type Ground,
  linkToNzb,
  MIB,
  plainFile,
  post,
  type Reader,
  startReader,
} from './usenet-ground.ts';

const FILM_BYTES = 200 * MIB;
/** Small, so that it lies in one article but for one place in 170. */
const PROBE_BYTES = 4096;
const SEEK_BYTES = 256 * 1024;

export type Shape = {
  name: string;
  files: (film: Film) => readonly PostOptions[];
  openAtMost: number;
  /** What was guessed when it was opened is looked at in the background, from a second after the first bytes on: seeks are counted when that is over. */
  isLookedAt?: boolean;
};

/** Background articles come two at a time. */
const LOOK_QUIET_MS = 2500;

export const PLAIN: readonly Shape[] = [
  { name: 'plain', files: (film) => [plainFile(film)], openAtMost: 1 },
  {
    name: 'parts of 300 to 700 kB',
    files: (film) => [{ ...plainFile(film), partBytes: (part) => 300_000 + ((part * 7919) % 400_000) }],
    openAtMost: 1,
  },
];

/** Articles that an opening and a cold seek take, counted at a relay: nothing of the release is known, each place is new. */
export async function countArticles(ground: Ground, shapes: readonly Shape[]): Promise<BenchRow[]> {
  const film = await makeFilm(ground.folder, 'film.mkv', FILM_BYTES);
  await using reader = await startReader(ground, [{}]);
  const rows: BenchRow[] = [];
  for (const { name, files, openAtMost, isLookedAt = false } of shapes) {
    const [release] = await post(ground, files(film), 1);
    await bodiesAt(reader.relay);
    const url = await linkToNzb(reader.server, release?.nzb ?? '');
    const opened = await bodiesAt(reader.relay);
    const looked = isLookedAt ? await afterLooks(reader, url, film) : null;
    const counts: number[] = [];
    for (const start of newPlaces(film, 2 * ARTICLE_BYTES, ground.quick ? 10 : 50)) {
      await seekTo(url, film, start, PROBE_BYTES, start + PROBE_BYTES);
      counts.push((await bodiesAt(reader.relay)).length);
    }
    const mean = counts.reduce((sum, one) => sum + one, 0) / counts.length;
    rows.push({
      scene: `${name}: articles`,
      'to open': opened.length,
      'at most': openAtMost,
      'a cold seek': Number(mean.toFixed(2)),
      goal: '<= 1.1',
      most: Math.max(...counts),
      'most, goal': 2,
      ...(looked === null ? {} : { 'looked at before': looked.articles, 'in s': looked.seconds }),
    });
  }
  return rows;
}

/** The first bytes, and then nothing until the background is done. */
async function afterLooks({ relay }: Reader, url: string, film: Film) {
  const begun = performance.now();
  await seekTo(url, film, 0, PROBE_BYTES, PROBE_BYTES);
  const articles = (await bodiesAt(relay, 0, LOOK_QUIET_MS)).length;
  return { articles, seconds: Number(((performance.now() - begun - LOOK_QUIET_MS) / 1000).toFixed(1)) };
}

/** To the first byte, far from the server: elsewhere in a film that is open, from rest and from the middle of playing. */
export async function timeSeeks(ground: Ground): Promise<BenchRow[]> {
  const film = await makeFilm(ground.folder, 'film.mkv', FILM_BYTES);
  const [rested, playing] = await post(ground, [plainFile(film)], 2);
  await using reader = await startReader(ground, [FAR]);
  const open = async (nzb = '') => {
    const url = await linkToNzb(reader.server, nzb);
    await seekTo(url, film, 0, SEEK_BYTES, SEEK_BYTES);
    await bodiesAt(reader.relay);
    return url;
  };
  const url = await open(rested?.nzb);
  const warm: number[] = [];
  for (const start of newPlaces(film, 3 * ARTICLE_BYTES, ground.quick ? 5 : 30)) {
    warm.push(await seekTo(url, film, start, SEEK_BYTES, start + SEEK_BYTES));
    await bodiesAt(reader.relay);
  }
  const busy: number[] = [];
  const watched = await open(playing?.nzb);
  // From behind to the front: what is read ahead lies behind the next place.
  for (let place = 9; place >= 0; place -= 1) {
    const start = Math.floor(((place + 0.5) / 10) * FILM_BYTES);
    busy.push(await seekTo(watched, film, start, 4 * MIB, FILM_BYTES));
  }
  const row = (scene: string, times: number[], goal: number) => ({
    scene,
    'first byte p50 ms': Math.round(median(times)),
    'at most': goal,
    'p95 ms': Math.round(quantile(times, 0.95)),
  });
  return [
    row('50 ms, 5 MB/s a connection: a seek', warm, 250),
    // The first comes from rest.
    row('a seek while reading ahead', busy.slice(1), 400),
  ];
}

/** Places no two of which lie within `apart` bytes, in no order. */
function newPlaces({ bytes }: Film, apart: number, count: number): number[] {
  const slots = Math.floor(bytes.length / apart) - 1;
  return Array.from({ length: slots }, (_, slot) => ({ slot: slot + 1, order: Math.random() }))
    .sort((one, other) => one.order - other.order)
    .slice(0, count)
    .map(({ slot }) => Math.floor((slot + Math.random() / 2) * apart));
}
