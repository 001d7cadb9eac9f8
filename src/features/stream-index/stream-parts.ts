import { contentTypeOf } from '../../kit/content-type.ts';
import { languageOf } from '../../kit/language.ts';
import type { Db } from '../../platform/db.ts';
import type { Described, SourcePlace, StreamKind } from '../../streams/kind.ts';
import { noteTrackersOf } from '../trackers/index.ts';
import { innerSubtitles } from './inner-subtitles.ts';
import {
  addLanguages,
  type FileRow,
  type FoundSubtitle,
  insertLanguages,
  keepAudio,
  type LanguageRow,
  type LinkRow,
  putFiles,
  putFoundSubtitles,
  putLinks,
  putSubtitles,
  type SubtitleRow,
} from './queries/parts.ts';
import type { LinkTarget, StreamInput } from './schemas.ts';
import type { StreamFacts } from './stream-columns.ts';

/** A stream to save, whose kind has parsed it already, and what it is linked to. */
export type PreparedStream = {
  input: StreamInput;
  kind: StreamKind;
  detail: unknown;
  /** What its kind saw inside; null = nobody looked. */
  described: Described | null;
  links: readonly LinkTarget[];
  /** The file of a source that it is. */
  place?: SourcePlace;
};

/** Streams of the same bytes, which are one row of `stream`; `first` speaks for its columns. */
export type StreamGroup = {
  members: readonly PreparedStream[];
  first: PreparedStream;
  facts: StreamFacts;
  streamId: number;
  isNew: boolean;
};

/** Writes files, languages, subtitles, links and trackers of saved streams. Answers the streams that changed. */
export async function writeParts(db: Db, groups: readonly StreamGroup[]): Promise<readonly number[]> {
  const files = unique(groups.flatMap(filesOf), (file) => `${file.streamId} ${file.index}`);
  const subtitles = unique(
    groups.flatMap(subtitlesOf),
    (subtitle) => `${subtitle.streamId} ${subtitle.path}`,
  );
  const links = unique(groups.flatMap(linksOf), (link) =>
    [link.streamId, link.mediaId, link.episodeId, link.fileIndex].join(' '),
  );
  // Files first: links take their name and size from them.
  const touched = [
    ...(files.length === 0 ? [] : await putFiles(db, files)),
    ...(await writeLanguages(db, groups, subtitles)),
    ...(subtitles.length === 0 ? [] : await putSubtitles(db, subtitles)),
    ...(links.length === 0 ? [] : await putLinks(db, links)),
  ];
  await noteTrackersOf(
    db,
    groups.map(({ members, streamId }) => ({ streamId, urls: members.flatMap(trackersOf) })),
  );
  return touched.map((row) => row.streamId);
}

/** Subtitles that lie beside the files of streams, as whoever scans their servers finds them. */
export async function linkSubtitles(db: Db, found: readonly FoundSubtitle[]): Promise<void> {
  if (found.length === 0) return;
  const written = found.flatMap(({ streamId, language }) =>
    language === null ? [] : [languageRow(streamId, language, 'subtitle')],
  );
  const given = unique(written, (row) => `${row.streamId} ${row.language}`);
  await putLanguages(db, given);
  await putFoundSubtitles(db, found);
  if (given.length > 0) await addLanguages(db, given);
}

async function putLanguages(db: Db, given: readonly LanguageRow[]): Promise<void> {
  const names = new Set(given.map((row) => row.language));
  const languages = [...names].sort().flatMap((code) => languageOf(code) ?? []);
  if (languages.length > 0) await insertLanguages(db, languages);
}

function filesOf({ members, streamId }: StreamGroup): FileRow[] {
  return members.flatMap(({ input, described }) => [
    ...(described?.files ?? []).map(({ index, name, sizeBytes, contentType }) => ({
      streamId,
      index,
      name,
      sizeBytes,
      contentType,
    })),
    ...(input.files ?? []).map(({ index, name, sizeBytes }) => ({
      streamId,
      index,
      name,
      sizeBytes: sizeBytes ?? null,
      contentType: contentTypeOf(name),
    })),
  ]);
}

/** Those that lie elsewhere, and those among its own files. */
function subtitlesOf(group: StreamGroup): SubtitleRow[] {
  const { members, streamId } = group;
  const elsewhere = members.flatMap(({ input }) =>
    (input.subtitles ?? []).map(({ url, language }) => ({
      ...{ streamId, path: url, fileIndex: null, ofFileIndex: null },
      language: language === undefined ? null : (languageOf(language)?.code ?? null),
    })),
  );
  const inside = innerSubtitles(unique(filesOf(group), (file) => String(file.index)));
  return [...elsewhere, ...inside.map((subtitle) => ({ streamId, ...subtitle }))];
}

/** The links of one stream as they are written. */
export function linksOf({
  members,
  streamId,
}: Pick<StreamGroup, 'streamId'> & { members: readonly Pick<PreparedStream, 'links'>[] }): LinkRow[] {
  return members.flatMap(({ links }) =>
    links.map((link) => ({
      streamId,
      mediaId: link.mediaId,
      episodeId: link.episodeId ?? null,
      fileIndex: link.fileIndex ?? null,
      isVerified: link.isVerified ?? false,
      confidence: link.confidence ?? 1,
      linkedBy: link.linkedBy ?? null,
    })),
  );
}

/** What the kind tells is free of passkeys; without it only what the caller named beside the kind's fields. */
function trackersOf({ input, described }: PreparedStream): readonly string[] {
  return described?.trackers ?? input.trackers ?? [];
}

/** Spoken languages that were said replace the stored ones; those read from a name only begin a new stream's list. */
async function writeLanguages(
  db: Db,
  groups: readonly StreamGroup[],
  subtitles: readonly SubtitleRow[],
): Promise<readonly { streamId: number }[]> {
  const said = groups.filter(({ first }) => first.input.languages !== undefined);
  const audio = groups
    .filter((group) => group.isNew || group.first.input.languages !== undefined)
    .flatMap(({ streamId, facts }) =>
      facts.languages.map((language) => languageRow(streamId, language, 'audio')),
    );
  const written = groups.flatMap(({ streamId, facts }) =>
    facts.subtitleLanguages.map((language) => languageRow(streamId, language, 'subtitle')),
  );
  const read = subtitles.flatMap(({ streamId, language }) =>
    language === null ? [] : [languageRow(streamId, language, 'subtitle')],
  );
  const given = unique(
    [...audio, ...written, ...read],
    (row) => `${row.streamId} ${row.kind} ${row.language}`,
  );
  await putLanguages(db, given);
  const replaced = said.filter((group) => !group.isNew).map((group) => group.streamId);
  return [
    ...(replaced.length === 0 ? [] : await keepAudio(db, replaced, audio)),
    ...(given.length === 0 ? [] : await addLanguages(db, given)),
  ];
}

function languageRow(streamId: number, language: string, kind: LanguageRow['kind']): LanguageRow {
  return { streamId, language, kind };
}

/** The first of each key: PostgreSQL refuses to write one row twice in a statement. */
function unique<T>(rows: readonly T[], keyOf: (row: T) => string): T[] {
  const seen = new Map<string, T>();
  for (const row of rows) if (!seen.has(keyOf(row))) seen.set(keyOf(row), row);
  return [...seen.values()];
}
