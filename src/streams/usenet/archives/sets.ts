import { missingOf, type SetKind, type VolumeName, volumeNameOf } from './volume-name.ts';

/** Posted files that make one archive. */
export type VolumeSet = {
  kind: SetKind;
  /** What their names share. */
  name: string;
  /** Indexes into what was given, in the order of their numbers, each number once. */
  members: readonly number[];
  /** Volumes lacking between those there are, from 1 on. */
  missing: readonly number[];
};

/** `isRar`: by its first bytes. Names that say nothing are then taken for one archive, whose headers tell the order. */
export type NamedFile = { readonly name: string; readonly isRar?: boolean };

/** Sorts a flat list of posted files into archives. What belongs to none is in none. */
export function groupVolumes(files: readonly NamedFile[]): VolumeSet[] {
  const groups = new Map<string, { first: VolumeName; numbers: Map<number, number> }>();
  const nameless: number[] = [];
  for (const [index, file] of files.entries()) {
    const found = volumeNameOf(file.name);
    if (!found && file.isRar) nameless.push(index);
    if (!found) continue;
    const id = `${found.kind}:${found.base.toLowerCase()}`;
    const group = groups.get(id) ?? { first: found, numbers: new Map() };
    // The same number again is the same volume posted twice.
    if (!group.numbers.has(found.number)) group.numbers.set(found.number, index);
    groups.set(id, group);
  }
  const sets = [...groups.values()].filter(isArchive).map(({ first, numbers }) => setOf(first, numbers));
  return joinNameless(sets, nameless, files);
}

function isArchive({ first, numbers }: { first: VolumeName; numbers: Map<number, number> }): boolean {
  return first.kind === 'rar' || numbers.has(0) || numbers.has(-1);
}

function setOf({ kind, base }: VolumeName, numbers: ReadonlyMap<number, number>): VolumeSet {
  const sorted = [...numbers].sort(([one], [other]) => one - other);
  const name = base.replace(/\.part$/i, '');
  return { kind, name, members: sorted.map(([, index]) => index), missing: missingOf([...numbers.keys()]) };
}

/** Volumes named at random: no two share a name. Three single ones are taken for one archive, two may be a film and its subtitles. */
function joinNameless(
  sets: readonly VolumeSet[],
  nameless: readonly number[],
  files: readonly NamedFile[],
): VolumeSet[] {
  const isLone = ({ kind, members }: VolumeSet) =>
    kind === 'rar' && members.length === 1 && files[members[0] ?? 0]?.isRar === true;
  const lone = sets.filter(isLone);
  const isOne = nameless.length > 0 || lone.length > 2;
  if (!isOne) return [...sets];
  const members = [...nameless, ...lone.flatMap((set) => set.members)].sort((one, other) => one - other);
  const name = files[members[0] ?? 0]?.name ?? '';
  return [...sets.filter((set) => !isLone(set)), { kind: 'rar', name, members, missing: [] }];
}
