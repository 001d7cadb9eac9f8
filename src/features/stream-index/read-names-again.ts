import { languageOf } from '../../kit/language.ts';
import { parseReleaseName, READER_VERSION } from '../../kit/release-name.ts';
import type { Db, Pool } from '../../platform/db.ts';
import { addLanguages, insertLanguages, keepAudio, type LanguageRow } from './queries/parts.ts';
import { readByOthers, writeReadings } from './queries/reading.ts';
import { lockStreams } from './queries/streams.ts';
import { scoreStreams } from './score-streams.ts';
import { namedColumns } from './stream-columns.ts';

/** 0.1 s of reading; the lock that writers of streams share is held as long. */
const STREAMS_AT_ONCE = 500;

/**
 * Reads the names of stored streams again that another version read, until none is left or `signal` ends it. Each batch is a transaction
 * and the version stands in the rows, so that it goes on where it was. What was told of a stream stays. Answers how many were read.
 */
export async function readNamesAgain(
  db: Pool,
  signal: AbortSignal,
  version: string = READER_VERSION,
): Promise<number> {
  let total = 0;
  for (let count = -1; count !== 0 && !signal.aborted; total += count) {
    count = await db.transaction((tx) => readBatch(tx, version));
  }
  return total;
}

type Read = { streamId: number; isNameHeard: boolean; parsed: ReturnType<typeof parseReleaseName> };

async function readBatch(db: Db, version: string): Promise<number> {
  await lockStreams(db);
  const unread = await readByOthers(db, version, STREAMS_AT_ONCE);
  if (unread.length === 0) return 0;
  const read = unread.map(({ name, ...stream }) => ({ ...stream, parsed: parseReleaseName(name) }));
  await writeReadings(
    db,
    version,
    read.map(({ streamId, parsed }) => ({ streamId, columns: namedColumns(parsed) })),
  );
  await writeLanguages(db, read);
  await scoreStreams(
    db,
    unread.map(({ streamId }) => streamId),
  );
  return unread.length;
}

/** Languages of subtitles come from files too, so they are only added to. */
async function writeLanguages(db: Db, read: readonly Read[]): Promise<void> {
  const heard = read.filter(({ isNameHeard }) => isNameHeard);
  const audio = heard.flatMap((each) => rowsOf(each, 'audio', each.parsed.languages));
  const written = read.flatMap((each) => rowsOf(each, 'subtitle', each.parsed.subtitleLanguages));
  const codes = [...new Set([...audio, ...written].map(({ language }) => language))].sort();
  if (codes.length > 0)
    await insertLanguages(
      db,
      codes.flatMap((code) => languageOf(code) ?? []),
    );
  if (heard.length > 0)
    await keepAudio(
      db,
      heard.map(({ streamId }) => streamId),
      audio,
    );
  if (codes.length > 0) await addLanguages(db, [...audio, ...written]);
}

function rowsOf({ streamId }: Read, kind: LanguageRow['kind'], named: readonly string[]): LanguageRow[] {
  const codes = new Set(named.flatMap((language) => languageOf(language)?.code ?? []));
  return [...codes].map((language) => ({ streamId, language, kind }));
}
