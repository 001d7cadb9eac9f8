import { contentTypeOf, extensionOf, isSubtitleName, isVideoName } from '../../kit/content-type.ts';
import type { StreamFile } from '../kind.ts';
import { isBesides } from './besides.ts';
import type { LearnedInner } from './engine.ts';
import { nameOfSubject } from './names/subject.ts';
import type { Nzb, NzbFile } from './nzb/nzb.ts';

/** What yEnc, line ends and headers add to the bytes inside (measured on INN: 3.2 %). */
const OVERHEAD = 1.03;
/** `film.part01.rar`, `film.r00`, `film.7z.001`, `film.z01`, `film.mkv.001`: the set it is a volume of. */
const VOLUME =
  /^(.*?)(?:\.part\d{1,5}\.rar|\.rar|\.[r-z]\d{2,3}|\.7z(?:\.\d{2,5})?|\.zip(?:\.\d{2,5})?|\.z\d{2,3}|\.\d{3,5})$/i;

/** What is known of a posted file before its first article: one file, or a volume of a set. */
type Posted = { index: number; name: string | null; sizeBytes: number };
type Shown = { posted: Posted[]; name: string };

/** Bytes inside, about. */
function sizeOfPosted({ segments, missing }: NzbFile): number {
  const told = segments.reduce((sum, { bytes }) => sum + bytes, 0);
  const parts = segments.length + missing.length;
  return Math.round((told * (parts / Math.max(1, segments.length))) / OVERHEAD);
}

/**
 * The files of a release before anybody looked inside: each posted file by its name, a set of volumes as the one video it nearly
 * always holds, what has no name that tells anything (obfuscated) together as another. Samples, par2 and notes are left out.
 * `release`: what the whole is called, where that is known.
 */
export function filesOfNzb(nzb: Nzb, release: string | null): StreamFile[] {
  const sets = new Map<string, Shown>();
  for (const [index, file] of nzb.files.entries()) {
    const name = nameOfSubject(file.subject);
    if (name !== null && isBesides(name)) continue;
    const { key, shown } = placeOf(name, release);
    const set = sets.get(key) ?? { posted: [], name: shown };
    set.posted.push({ index, name, sizeBytes: sizeOfPosted(file) });
    sets.set(key, set);
  }
  const shown = calledByRelease([...sets.values()], release);
  const indexes = fileIndexes(
    shown.map(({ posted }) => ({ posted: posted.map(({ index }) => index), sizeBytes: sizeOf(posted) })),
  );
  return shown.map(({ posted, name }, place) => ({
    index: indexes[place] ?? 0,
    name,
    sizeBytes: sizeOf(posted),
    contentType: contentTypeOf(name),
  }));
}

function sizeOf(posted: readonly Posted[]): number {
  return posted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** The one video there is, where its own name tells nothing, goes by that of the release. */
function calledByRelease(sets: Shown[], release: string | null): Shown[] {
  const videos = sets.filter(({ name }) => isVideoName(name));
  if (release === null || videos.length !== 1) return sets;
  return sets.map((set) => {
    const extension = extensionOf(set.name);
    const stem = set.name.slice(0, -extension.length - 1);
    return set !== videos[0] || isTelling(stem) ? set : { ...set, name: `${stemOf(release)}.${extension}` };
  });
}

/** A release called by the file in it has an ending already. */
function stemOf(release: string): string {
  return isVideoName(release) ? release.slice(0, -extensionOf(release).length - 1) : release;
}

/** The files of a release that was looked into. */
export function filesOfLearned(files: readonly LearnedInner[]): StreamFile[] {
  const indexes = fileIndexes(
    files.map(({ extents, sizeBytes }) => ({ posted: extents.map(([posted]) => posted), sizeBytes })),
  );
  return files.flatMap(({ path, sizeBytes }, place) =>
    isBesides(path)
      ? []
      : [{ index: indexes[place] ?? 0, name: path, sizeBytes, contentType: contentTypeOf(path) }],
  );
}

/**
 * What the files of a release go by, the same before and after it was looked into: the lowest place in the NZB among the posted
 * files each lies in. Where several lie in one (an archive) the largest has that, which is what the whole was taken for before, and
 * the others the next ones that nobody has.
 */
export function fileIndexes(files: readonly { posted: readonly number[]; sizeBytes: number }[]): number[] {
  const taken = new Set<number>();
  const indexes = files.map(() => 0);
  const largestFirst = [...files.entries()].sort(([, a], [, b]) => b.sizeBytes - a.sizeBytes);
  for (const [place, { posted }] of largestFirst) {
    let index = posted.reduce((lowest, at) => Math.min(lowest, at), posted[0] ?? 0);
    while (taken.has(index)) index += 1;
    taken.add(index);
    indexes[place] = index;
  }
  return indexes;
}

function placeOf(name: string | null, release: string | null): { key: string; shown: string } {
  if (name !== null && (isVideoName(name) || isSubtitleName(name)))
    return { key: `file ${name}`, shown: name };
  const stem = name === null ? null : (VOLUME.exec(name)?.[1] ?? null);
  if (stem === null || stem === '') return { key: 'unnamed', shown: videoName(release ?? name ?? 'Post') };
  // A part of `film.mkv.001` has its ending already.
  const shown = isTelling(stem) || release === null ? stem : release;
  return { key: `set ${stem.toLowerCase()}`, shown: videoName(shown) };
}

/** Hashes and random letters tell nothing; what people name has words, or numbers of a year or an episode. */
function isTelling(stem: string): boolean {
  return /[._ -]/.test(stem) && !/^[\da-f-]{16,}$/i.test(stem);
}

/** Players and the reading of names go by the ending; of what is inside a set it is nearly always this one. */
function videoName(name: string): string {
  return isVideoName(name) ? name : `${name}.mkv`;
}
