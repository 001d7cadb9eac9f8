import { languageOf } from '../../kit/language.ts';
import { parseReleaseName } from '../../kit/release-name.ts';
import type { Db, Pool } from '../../platform/db.ts';
import { type StreamRow, streamRows } from './queries/answers.ts';
import { addLanguages, insertLanguages, keepAudio, type LanguageRow } from './queries/parts.ts';
import { type StreamColumns, updateStreams } from './queries/streams.ts';
import { scoreStreams } from './score-streams.ts';
import { toldIn } from './stream-columns.ts';

/** What the bytes of a stream say of it; null: they do not say. */
export type SeenFacts = {
  sizeBytes: number | null;
  resolution: string | null;
  codec: string | null;
  hdr: readonly string[] | null;
  audio: readonly string[];
  channels: readonly string[];
  /** Codes of our languages. */
  languages: readonly string[];
  subtitleLanguages: readonly string[];
};

/**
 * Writes what was seen over what the release name said (or nobody), never over what a person said: a stored value that is
 * not what the name reads as was said by one, unless `ours` names its column as set from an earlier look. Names of audio and
 * channels only fill gaps: a release name says `Atmos` where the container says `TrueHD`. Answers the columns that are ours.
 */
export async function applySeenFacts(
  db: Pool,
  streamId: number,
  seen: SeenFacts,
  ours: readonly string[],
): Promise<readonly string[]> {
  return await db.transaction(async (tx) => {
    const [row] = await streamRows(tx, [streamId]);
    if (row === undefined) return [];
    const parsed = parseReleaseName(row.name);
    const given = columnsOf(seen, row, parsed, ours);
    const named = parsed.languages.flatMap((language) => languageOf(language)?.code ?? []);
    const spoken = isFree(ours, 'languages', row.languages, named) ? seen.languages : [];
    const told = [...toldIn(given), ...(spoken.length > 0 ? ['languages'] : [])];
    await updateStreams(tx, [{ streamId, given, found: {}, told }]);
    await scoreStreams(tx, [streamId]);
    await writeLanguages(tx, streamId, spoken, seen.subtitleLanguages);
    return [...Object.keys(given), ...(spoken.length > 0 ? ['languages'] : [])];
  });
}

type Named = ReturnType<typeof parseReleaseName>;

function columnsOf(seen: SeenFacts, row: StreamRow, named: Named, ours: readonly string[]): StreamColumns {
  const hdr = seen.hdr === null ? null : exactHdr(seen.hdr, row.hdrFormats);
  const wins: [keyof StreamColumns, unknown, stored: unknown, named: unknown][] = [
    ['resolution', seen.resolution, row.resolution, named.resolution],
    ['codec', seen.codec, row.codec, named.codec],
    ['hdr_formats', hdr, row.hdrFormats, named.hdr],
  ];
  const fills: [keyof StreamColumns, unknown, stored: unknown][] = [
    ['audio', seen.audio, row.audio],
    ['channels', seen.channels, row.channels],
    ['size_bytes', seen.sizeBytes, row.sizeBytes],
  ];
  return Object.fromEntries([
    ...wins.filter(([key, value, stored, name]) => value !== null && isFree(ours, key, stored, name)),
    ...fills.filter(([, value, stored]) => !isNothing(value) && isNothing(stored)),
  ]);
}

/** Nobody said it, or the release name did, or an earlier look. */
function isFree(ours: readonly string[], column: string, stored: unknown, named: unknown): boolean {
  return ours.includes(column) || isNothing(stored) || isSame(stored, named);
}

async function writeLanguages(
  db: Db,
  streamId: number,
  spoken: readonly string[],
  written: readonly string[],
): Promise<void> {
  const rowOf = (kind: LanguageRow['kind']) => (language: string) => ({ streamId, language, kind });
  const [audio, subtitles] = [spoken.map(rowOf('audio')), written.map(rowOf('subtitle'))];
  if (audio.length + subtitles.length === 0) return;
  const codes = [...new Set([...spoken, ...written])].sort();
  await insertLanguages(
    db,
    codes.flatMap((code) => languageOf(code) ?? []),
  );
  if (audio.length > 0) await keepAudio(db, [streamId], audio);
  await addLanguages(db, [...audio, ...subtitles]);
}

/** Dynamic metadata lies in the pictures, where a look at the head does not see it: the name may know better. */
function exactHdr(seen: readonly string[], named: readonly string[]): readonly string[] {
  return named.includes('HDR10+') ? seen.map((format) => (format === 'HDR10' ? 'HDR10+' : format)) : seen;
}

function isNothing(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}

function isSame(stored: unknown, named: unknown): boolean {
  if (Array.isArray(stored) && Array.isArray(named))
    return stored.length === named.length && stored.every((value) => named.includes(value));
  return stored === (named ?? null);
}
