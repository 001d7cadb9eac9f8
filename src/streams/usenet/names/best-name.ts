import { volumeNameOf } from '../archives/volume-name.ts';
import { type Magic, magicOf } from './magic.ts';
import { isObfuscated } from './obfuscation.ts';
import { md5Of16k, type Par2File } from './par2.ts';
import { hasEnding, readSubject, repaired } from './subject.ts';

/** All that is known of a posted file's name. */
export type NameSources = {
  subject: string;
  /** By `=ybegin`; null: no article of it was read. */
  yencName: string | null;
  /** Its first 16 KiB, or all it has; null: not read. */
  head: Buffer | null;
  sizeBytes: number | null;
  /** Of the release's par2 files. */
  par2: readonly Par2File[];
};

export type BestName = { name: string; from: 'par2' | 'subject' | 'yenc' | 'magic'; magic: Magic | null };

/** Endings by what such a file begins with. Of others nothing is known. */
const ENDINGS: Readonly<Record<Magic['kind'], RegExp>> = {
  rar4: /^(rar|[r-y]\d{2,3}|\d{3,5}|exe|cb[rz])$/,
  rar5: /^(rar|[r-y]\d{2,3}|\d{3,5}|exe|cb[rz])$/,
  '7z': /^(7z|\d{3,5}|exe)$/,
  zip: /^(zip|z\d\d|\d{3,5}|exe|jar|epub|cb[rz])$/,
  par2: /^par2$/,
  mkv: /^(mkv|webm|mka|mks|mk3d|\d{3,5})$/,
  mp4: /^(mp4|m4v|m4a|mov|3gp|qt|\d{3,5})$/,
  avi: /^(avi|divx|\d{3,5})$/,
  ts: /^(ts|m2t|mts|trp|tp|\d{3,5})$/,
  m2ts: /^(m2ts|mts|\d{3,5})$/,
  iso: /^(iso|img|\d{3,5})$/,
  wmv: /^(wmv|asf|wma|\d{3,5})$/,
  flv: /^(flv|f4v|\d{3,5})$/,
  mpg: /^(mpg|mpeg|vob|m2v|mpe|dat|\d{3,5})$/,
  srt: /^(srt|txt)$/,
};

/** Chooses a posted file's name: what was made up loses, and what contradicts the file's first bytes. */
export function bestName(sources: NameSources): BestName {
  const magic = sources.head && magicOf(sources.head);
  const candidates = candidatesOf(sources);
  const ranked = candidates.map((candidate) => ({ ...candidate, points: pointsOf(candidate.name, magic) }));
  // The first of equals: par2 knows names from before they were hidden, a subject more than yEnc.
  const [best] = ranked.toSorted((one, other) => other.points - one.points);
  if (!best) return { name: `unnamed.${magic?.extension ?? 'bin'}`, from: 'magic', magic };
  if (!magic || fits(best.name, magic)) return { name: best.name, from: best.from, magic };
  return { name: `${best.name}.${magic.extension}`, from: 'magic', magic };
}

type Candidate = { name: string; from: BestName['from'] };

function candidatesOf({ subject, yencName, head, sizeBytes, par2 }: NameSources): Candidate[] {
  const md5 = par2.length > 0 && head ? md5Of16k(head) : null;
  const described = par2.find(
    (file) => file.md5Of16k === md5 && (sizeBytes === null || file.sizeBytes === sizeBytes),
  );
  const names: [BestName['from'], string | null | undefined][] = [
    ['par2', described?.name],
    ['subject', readSubject(subject).name],
    ['yenc', yencName === null ? null : lastPart(repaired(yencName))],
  ];
  return names.flatMap(([from, name]) => (name ? [{ from, name }] : []));
}

function lastPart(name: string): string {
  return (name.split(/[\\/]/).at(-1) ?? '').replace(/\p{Cc}/gu, '').trim();
}

function pointsOf(name: string, magic: Magic | null): number {
  const isReal = isObfuscated(name) ? 0 : 4;
  const isEnded = hasEnding(name) || volumeNameOf(name) ? 1 : 0;
  return isReal + isEnded + (magic === null || fits(name, magic) ? 2 : 0);
}

/** Whether the ending is one that a file with this beginning may have. */
function fits(name: string, { kind }: Magic): boolean {
  return ENDINGS[kind].test(endingOf(name));
}

function endingOf(name: string): string {
  return /\.([a-z0-9]{2,5})$/i.exec(name)?.[1]?.toLowerCase() ?? '';
}
