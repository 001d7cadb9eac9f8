import { extensionOf, isSubtitleName, isVideoName } from '../../../kit/content-type.ts';
import { ArchiveRefused, type Volume } from '../archives/archive.ts';
import type { Guesses } from '../archives/guesses.ts';
import { type OpenArchive, openArchive } from '../archives/open-archive.ts';
import { groupVolumes } from '../archives/sets.ts';
import { createPadding } from '../articles/padding.ts';
import type { LearnedFile } from '../articles/part.ts';
import type { SeekableFile } from '../articles/posted-file.ts';
import type { Learned, LearnedInner, UsenetSpec } from '../engine.ts';
import { isObfuscated } from '../names/obfuscation.ts';
import type { NzbFile } from '../nzb/nzb.ts';
import { fileIndexes } from '../posted-files.ts';
import { findNames, type NamedPost } from './find-names.ts';
import { overMembers } from './over-members.ts';
import { plainLayout } from './plain-layout.ts';
import { isHole } from './refusals.ts';
import type { Release, ReleaseEntry } from './release.ts';

export type OpenReleaseDeps = {
  /** A posted file, whose articles nobody has asked for yet; `onLearned` says that more is known of it. */
  posted(file: NzbFile, learned: LearnedFile | null, onLearned: () => void): SeekableFile;
};

/** A file that was found, and the posted files it lies in. */
type Found = Omit<ReleaseEntry, 'index' | 'padding'> & { inner(): LearnedInner };
/** What makes one archive, or a posted file alone. */
type Group = { members: readonly number[]; known: readonly LearnedInner[] | null; isPlain: boolean };

/**
 * Finds the files inside: by what was learned, without a question; else by names, and by the first articles of what has none, the
 * headers of archives. Throws ArchiveRefused where nothing can be played, HoleInFile where what it needs is gone.
 */
export async function openRelease(
  spec: UsenetSpec,
  deps: OpenReleaseDeps,
  signal: AbortSignal,
): Promise<Release> {
  const { nzb, password, learned } = spec;
  let hasNews = learned?.files == null;
  const onLearned = () => {
    hasNews = true;
  };
  const posted = nzb.files.map((file, index) => deps.posted(file, learnedOf(learned, index), onLearned));
  const known = learned?.files ?? null;
  const named =
    known === null ? titled(await findNames(nzb.files, posted, signal), nzb.title) : nameless(posted);
  const groups = known === null ? groupsOf(named) : groupsOfKnown(known, posted);
  const inside = { posted, named, password: password ?? nzb.password, signal, onLearned };
  const found = await filesOf(groups, inside);
  const indexes = fileIndexes(
    found.map((file) => ({
      posted: file.inner().extents.map(([index]) => index),
      sizeBytes: file.sizeBytes,
    })),
  );
  return {
    posted,
    files: found.map((file, place) => ({ ...file, index: indexes[place] ?? 0, padding: paddingOf(file) })),
    hasNews: () => hasNews,
    learned() {
      hasNews = false;
      return {
        version: 1,
        posted: posted.map((file) => postedNews(file)),
        files: found.map((file) => file.inner()),
      };
    },
  };
}

/** A lone video that goes by noise is called what the whole is called. */
function titled(named: readonly NamedPost[], title: string | null): readonly NamedPost[] {
  const worth = named.filter(({ name, isWorth }) => isWorth && !isSubtitleName(name));
  const [only, another] = worth;
  const isNoise =
    only !== undefined && another === undefined && isVideoName(only.name) && isObfuscated(only.name);
  if (!isNoise || title === null || title === '') return named;
  const stem = title.replace(/\.nzb$/i, '');
  const name = isVideoName(stem) ? stem : `${stem}.${extensionOf(only.name)}`;
  return named.map((one) => (one === only ? { ...one, name } : one));
}

/** Players get over a hole in these; encrypted ones turn to noise behind it. */
const FILLABLE = new Set(['mkv', 'mp4', 'm4v', 'webm']);

function paddingOf({ path, sizeBytes, cipher }: Found) {
  return cipher === null && FILLABLE.has(extensionOf(path)) ? createPadding(sizeBytes) : null;
}

function learnedOf(learned: Learned | null, index: number): LearnedFile | null {
  const { sizeBytes, partBytes = null, anchors = [] } = learned?.posted[index] ?? {};
  return sizeBytes === undefined ? null : { sizeBytes, partBytes, anchors };
}

function postedNews(file: SeekableFile): Learned['posted'][number] {
  const known = file.learned();
  return known === null ? null : { name: file.name, ...known };
}

function nameless(posted: readonly SeekableFile[]): NamedPost[] {
  return posted.map(({ name }) => ({ name, isRar: false, isWorth: true }));
}

function groupsOf(named: readonly NamedPost[]): Group[] {
  const worth = named.flatMap((file, index) => (file.isWorth ? [{ ...file, index }] : []));
  const placeOf = (member: number) => worth[member]?.index ?? -1;
  const sets = groupVolumes(worth);
  const inSets = new Set(sets.flatMap(({ members }) => members));
  const alone = worth.flatMap(({ index, name }, member) =>
    inSets.has(member) || !(isVideoName(name) || isSubtitleName(name)) ? [] : [index],
  );
  return [
    ...sets.map(({ members }) => ({ members: members.map(placeOf), known: null, isPlain: false })),
    ...alone.map((index) => ({ members: [index], known: null, isPlain: true })),
  ];
}

/** Files that share posted files are of one archive. */
function groupsOfKnown(known: readonly LearnedInner[], posted: readonly SeekableFile[]): Group[] {
  const groups: { members: Set<number>; known: LearnedInner[] }[] = [];
  for (const inner of known) {
    const volumes = inner.extents.map(([volume]) => volume);
    const group = groups.find(({ members }) => volumes.some((volume) => members.has(volume)));
    const { members, known: files } = group ?? { members: new Set(), known: [] };
    for (const volume of volumes) members.add(volume);
    files.push(inner);
    if (group === undefined) groups.push({ members, known: files });
  }
  return groups.map(({ members, known: files }) => ({
    members: [...members].sort((one, other) => one - other),
    known: files,
    isPlain: files.length === 1 && isWhole(files[0], posted),
  }));
}

function isWhole(inner: LearnedInner | undefined, posted: readonly SeekableFile[]): boolean {
  const [extent, more] = inner?.extents ?? [];
  if (inner === undefined || extent === undefined || more !== undefined || inner.isEncrypted) return false;
  const [volume, offset, length] = extent;
  return offset === 0 && length === posted[volume]?.sizeBytes;
}

type Inside = {
  posted: readonly SeekableFile[];
  named: readonly NamedPost[];
  password: string | null;
  signal: AbortSignal;
  onLearned(): void;
};

/** What can be played of all groups; where that is nothing, why. */
async function filesOf(groups: readonly Group[], inside: Inside): Promise<Found[]> {
  const results = await Promise.allSettled(
    groups.map((group) => (group.isPlain ? plainFile(group, inside) : archiveFiles(group, inside))),
  );
  inside.signal.throwIfAborted();
  const found = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const failed = results.find((result) => result.status === 'rejected');
  // A provider that is away hides nothing: what it would have given must not be missing from what is kept.
  const isPassing = results.some((result) => result.status === 'rejected' && !isFinal(result.reason));
  if (failed !== undefined && (found.length === 0 || isPassing))
    throw lostOf(failed.reason, inside.named) ?? failed.reason;
  if (found.length === 0)
    throw new ArchiveRefused('unsupported', 'There is neither a video nor an archive in this post.');
  return found;
}

/** The volume that an archive lacks is one that has no name, as its articles are gone. */
function lostOf(refusal: unknown, named: readonly NamedPost[]): unknown {
  const isIncomplete = refusal instanceof ArchiveRefused && refusal.reason === 'incomplete';
  return isIncomplete ? named.find(({ hole, isWorth }) => hole != null && !isWorth)?.hole : null;
}

function isFinal(error: unknown): boolean {
  return error instanceof ArchiveRefused || isHole(error);
}

async function plainFile(
  { members: [index = 0] }: Group,
  { posted, named, signal }: Inside,
): Promise<Found[]> {
  const file = posted[index];
  if (file === undefined) return [];
  const { sizeBytes } = await file.open(signal);
  const path = named[index]?.name ?? file.name;
  const inner = (): LearnedInner => ({
    path,
    sizeBytes,
    extents: [[index, 0, sizeBytes, 0]],
    isEncrypted: false,
  });
  return [{ path, sizeBytes, layout: plainLayout(index, sizeBytes), cipher: null, guesses: null, inner }];
}

async function archiveFiles({ members, known }: Group, inside: Inside): Promise<Found[]> {
  const { posted, named, password, signal, onLearned } = inside;
  const volumes = members.flatMap((index) => {
    const file = posted[index];
    return file === undefined ? [] : [volumeOf(file, named[index]?.name ?? file.name)];
  });
  const placed = known?.map((inner) => ({ ...inner, extents: inner.extents.map(within(members)) }));
  const archive = await openArchive(volumes, { password, signal, ...(placed ? { known: placed } : {}) });
  return archive.map.files.map(({ path, sizeBytes, cipher }, place) => ({
    ...{ path, sizeBytes, cipher },
    layout: overMembers(archive.layoutOf(place), members),
    guesses: tellingOf(archive.guesses(place), onLearned),
    inner: () => innerOf(archive, place, members),
  }));
}

function tellingOf(guesses: Guesses, onLearned: () => void): Guesses {
  return {
    next: (offset) => guesses.next(offset),
    async look(offset, signal) {
      await guesses.look(offset, signal);
      onLearned();
    },
  };
}

function volumeOf(file: SeekableFile, name: string): Volume {
  return {
    name,
    get sizeBytes() {
      return file.sizeBytes;
    },
    read: (offset, length, signal, lane) => file.read(offset, length, signal, lane),
  };
}

type LearnedExtent = LearnedInner['extents'][number];

function within(members: readonly number[]) {
  return ([index, offset, length, guessed]: LearnedExtent): LearnedExtent => [
    ...([members.indexOf(index), offset, length, guessed] as const),
  ];
}

function innerOf(archive: OpenArchive, place: number, members: readonly number[]): LearnedInner {
  const file = archive.map.files[place];
  if (file === undefined) throw new RangeError(`there is no file ${place}`);
  const extents = file.extents.map(
    ({ volume, offset, length, isGuessed }): LearnedExtent => [
      ...([members[volume] ?? 0, offset, length, isGuessed ? 1 : 0] as const),
    ],
  );
  return { path: file.path, sizeBytes: file.sizeBytes, extents, isEncrypted: file.cipher !== null };
}
