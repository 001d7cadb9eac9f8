import type { PostOptions } from '../../test/support/nzb-post.ts';
import { writeRar } from '../../test/support/rar-writer.ts';
import type { BenchRow } from '../bench.ts';
import { median } from './measure.ts';
import { type Film, makeFilm } from './play-client.ts';
import {
  ARTICLE_BYTES,
  type Ground,
  MIB,
  plainFile,
  post,
  readRelease,
  startReader,
} from './usenet-ground.ts';
import type { Shape } from './usenet-seeks.ts';

const round = (value: number, digits: number) => Number(value.toFixed(digits));
const rateOf = ({ bytes }: Film, { seconds }: { seconds: number }) => bytes.length / seconds;

/** A volume's own headers are less. */
const HEADER_BYTES = 500;

/** RAR5, stored. */
function volumes({ bytes }: Film, count: number): PostOptions[] {
  const volumeBytes = Math.ceil(bytes.length / count) + HEADER_BYTES;
  const written = writeRar([{ path: 'film.mkv', bytes }], { version: 5, volumeBytes });
  if (written.length !== count) throw new Error(`${written.length} volumes instead of ${count}`);
  return written.map((volume) => ({ ...volume, partBytes: ARTICLE_BYTES }));
}

export const ARCHIVED: readonly Shape[] = [
  { name: 'RAR5, 20 volumes', files: (film) => volumes(film, 20), openAtMost: 22 },
  {
    name: 'RAR5, 120 volumes, once looked at',
    files: (film) => volumes(film, 120),
    openAtMost: 3,
    isLookedAt: true,
  },
];

/** The same film in an archive and as it is, in turns. */
export async function besidePlain(ground: Ground): Promise<BenchRow> {
  const film = await makeFilm(ground.folder, 'film.mkv', 200 * MIB);
  const plain = await post(ground, [plainFile(film)], ground.rounds + 1);
  const archived = await post(ground, volumes(film, 20), ground.rounds + 1);
  await using reader = await startReader(ground, [null]);
  const rates: { archived: number; plain: number }[] = [];
  for (let turn = 0; turn <= ground.rounds; turn += 1) {
    const rate = async (posted: typeof plain) => {
      const release = posted[turn];
      if (release === undefined) throw new Error('every copy has been read');
      return rateOf(film, (await readRelease(reader.server, film, release)).mine);
    };
    const first = turn % 2 === 0 ? await rate(plain) : null;
    const inArchive = await rate(archived);
    rates.push({ archived: inArchive, plain: first ?? (await rate(plain)) });
  }
  // The first is for warming up.
  const counted = rates.slice(1);
  return {
    scene: 'RAR5, 20 volumes, loopback',
    'MB/s': round(median(counted.map((one) => one.archived)) / 1e6, 1),
    'plain MB/s': round(median(counted.map((one) => one.plain)) / 1e6, 1),
    ratio: round(median(counted.map((one) => one.archived / one.plain)), 2),
    goal: '>= 0.95',
  };
}
