import { fileExtension } from '../../kit/release-stem.ts';

type Named = {
  linkId: number;
  kind: string;
  fileName: string | null;
  /** Counts where the file has none. */
  name: string | null;
  sizeBytes: number | null;
  partNumber: number | null;
};

/** What a post weighs is told with its encoding and its repair files. */
const POST_TOLERANCE = 0.05;
/** A copy is the same bytes; some servers round what they tell. */
const COPY_TOLERANCE = 0.001;

/**
 * Links to what a better one gives too, by that one: the same release as a torrent, a post and a file on a server is told by its name and
 * size; another part of a film is none, whose folders alone may tell them apart (`CD1/film.avi`). One of unknown size is never taken for another. `ranked` is best first.
 */
export function sameReleases(ranked: readonly Named[]): ReadonlyMap<number, number> {
  const kept = new Map<string, Named[]>();
  const same = new Map<number, number>();
  const near = nearSizes(ranked);
  for (const candidate of ranked) {
    // Names are what takes time here, and most releases are as large as no other.
    if (candidate.sizeBytes === null || !near.has(candidate.sizeBytes)) continue;
    const key = keyOf(candidate);
    const known = kept.get(key) ?? [];
    const better = key === '' ? undefined : known.find((other) => isSameSize(candidate, other));
    if (better !== undefined) same.set(candidate.linkId, better.linkId);
    else if (known.push(candidate) === 1) kept.set(key, known);
  }
  return same;
}

/** Sizes that may pass for that of another: at least all of them. */
function nearSizes(candidates: readonly Named[]): ReadonlySet<number> {
  const sizes = Float64Array.from(candidates.flatMap(({ sizeBytes }) => sizeBytes ?? [])).sort();
  const tolerance = candidates.some(({ kind }) => kind === 'usenet') ? POST_TOLERANCE : COPY_TOLERANCE;
  const near = new Set<number>();
  let before = Number.NEGATIVE_INFINITY;
  for (const size of sizes) {
    // Twice: what a size is compared with may be larger than its next, and the tolerance is of the larger.
    if (size - before <= 2 * tolerance * size) near.add(before).add(size);
    before = size;
  }
  return near;
}

function keyOf(candidate: Named): string {
  const name = plainName(candidate);
  return candidate.partNumber === null || name === '' ? name : `${name}/${candidate.partNumber}`;
}

const ASCII = /^[\0-\x7f]*$/;

/** The file's own name, else the release's, without its ending and however its words are separated. */
export function plainName({ name, fileName }: Pick<Named, 'name' | 'fileName'>): string {
  const told = (fileName ?? name ?? '').split('/').findLast((part) => part !== '') ?? '';
  const extension = fileExtension(told);
  const stem = extension === null ? told : told.slice(0, -extension.length - 1);
  const small = stem.toLowerCase();
  // Nearly all names are ASCII, where the same pattern without Unicode's tables takes half the time.
  return small.replace(ASCII.test(small) ? /[^a-z\d]+/g : /[^\p{L}\p{N}]+/gu, ' ').trim();
}

function isSameSize(a: Named, b: Named): boolean {
  if (a.sizeBytes === null || b.sizeBytes === null) return false;
  const tolerance = a.kind === 'usenet' || b.kind === 'usenet' ? POST_TOLERANCE : COPY_TOLERANCE;
  return Math.abs(a.sizeBytes - b.sizeBytes) <= tolerance * Math.max(a.sizeBytes, b.sizeBytes);
}
