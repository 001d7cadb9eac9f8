import { randomUUID } from 'node:crypto';
import { Conflict } from '../../kit/errors.ts';
import { wavesOf } from '../../kit/waves.ts';
import type { Db } from '../../platform/db.ts';
import { completeIds } from './complete-ids.ts';
import { type Candidate, candidatesOf, keysOf, type Match, matchTitles } from './match-titles.ts';
import { lockTitles, vouchForTitles } from './queries/match.ts';
import { insertIds, insertTitles, takeOverTitles, updateTitles } from './queries/titles.ts';
import type { TitleInput } from './schemas.ts';
import { titleColumns } from './title-columns.ts';
import { writeLists } from './write-lists.ts';

export type UpsertOutcome =
  | { outcome: 'new' | 'changed' | 'same'; mediaId: number }
  /** Its ids contradict what is stored, of `mediaId` for one: nothing of it was written. `reason` is a sentence. */
  | { outcome: 'conflict'; reason: string; mediaId: number };

export type UpsertOptions = {
  /**
   * By place: how sure it is what a film or series is that was made from a name, 0 to 1. While that is below `SURE` a new one is hidden (F3).
   * Absent or undefined: somebody named it, and what had been made from its name counts as named from here on.
   */
  guessed?: readonly (number | undefined)[];
};

type Guesses = NonNullable<UpsertOptions['guessed']>;

const TITLES_PER_BATCH = 200;

/**
 * Adds titles or updates the ones we have, found by any outside id, else by kind, folded title and year. Ids are never
 * taken from another title. Answers one outcome a title, in order. One transaction; about 40 statements per 200 titles.
 */
export function upsertTitles(
  db: Db,
  titles: readonly TitleInput[],
  { guessed = [] }: UpsertOptions = {},
): Promise<UpsertOutcome[]> {
  return db.transaction(async (tx) => {
    await lockTitles(tx);
    const outcomes: UpsertOutcome[] = [];
    for (let from = 0; from < titles.length; from += TITLES_PER_BATCH) {
      outcomes.push(
        ...(await upsertBatch(tx, titles.slice(from, from + TITLES_PER_BATCH), guessed.slice(from))),
      );
    }
    return outcomes;
  });
}

/** As `upsertTitles` for one title; throws Conflict `media.contradictory_ids` (C1). */
export async function upsertTitle(
  db: Db,
  title: TitleInput,
  options: UpsertOptions = {},
): Promise<{ mediaId: number; isNew: boolean }> {
  const [result] = await upsertTitles(db, [title], options);
  if (result === undefined) throw new Error('one title has one outcome');
  if (result.outcome === 'conflict') {
    throw new Conflict(
      'media.contradictory_ids',
      `This title contradicts what is stored. ${result.reason} Correct the ids, or change the stored title first.`,
    );
  }
  return { mediaId: result.mediaId, isNew: result.outcome === 'new' };
}

async function upsertBatch(
  db: Db,
  titles: readonly TitleInput[],
  guessed: Guesses,
): Promise<UpsertOutcome[]> {
  const outcomes = new Map<number, UpsertOutcome>();
  const waves = wavesOf(await candidatesOf(db, titles), keysOf);
  for (let wave = waves.shift(); wave !== undefined; wave = waves.shift()) {
    const { now, later } = oncePerTitle(await matchTitles(db, wave));
    if (later.length > 0) waves.unshift(later);
    for (const [candidate, outcome] of await writeWave(db, now, guessed))
      outcomes.set(candidate.index, outcome);
  }
  return titles.map((_, index) => {
    const outcome = outcomes.get(index);
    if (outcome === undefined) throw new Error('a title has no outcome');
    return outcome;
  });
}

/** Two candidates may be one stored title by two of its ids: the second waits until the first is written. */
function oncePerTitle(matches: readonly Match[]): { now: Match[]; later: Candidate[] } {
  const seen = new Set<number>();
  const now: Match[] = [];
  const later: Candidate[] = [];
  for (const match of matches) {
    if (match.match === 'known' && seen.has(match.mediaId)) later.push(match.candidate);
    else now.push(match);
    if (match.match === 'known') seen.add(match.mediaId);
  }
  return { now, later };
}

async function writeWave(
  db: Db,
  matches: readonly Match[],
  guessed: Guesses,
): Promise<Map<Candidate, UpsertOutcome>> {
  const added = await insertNew(
    db,
    matches.filter((match) => match.match === 'new').map((match) => match.candidate),
    guessed,
  );
  const known = matches.filter((match) => match.match === 'known');
  const changed = new Set(await updateKnown(db, known, guessed));
  const owned = [
    ...[...added].map(([candidate, mediaId]) => ({ mediaId, lists: candidate.title })),
    ...known.map(({ candidate, mediaId }) => ({ mediaId, lists: candidate.title })),
  ];
  for (const mediaId of await writeLists(db, owned)) changed.add(mediaId);
  const named = [...added].filter(([candidate]) => candidate.ids.length > 0).map(([, mediaId]) => mediaId);
  named.push(...known.filter(({ newIds }) => newIds.length > 0).map(({ mediaId }) => mediaId));
  if (named.length > 0) await completeIds(db, named);
  return new Map(matches.map((match) => [match.candidate, outcomeOf(match)]));

  function outcomeOf(match: Match): UpsertOutcome {
    if (match.match === 'conflict')
      return { outcome: 'conflict', reason: match.reason, mediaId: match.mediaId };
    if (match.match === 'new') return { outcome: 'new', mediaId: numberOf(match.candidate) };
    return { outcome: changed.has(match.mediaId) ? 'changed' : 'same', mediaId: match.mediaId };
  }

  function numberOf(candidate: Candidate): number {
    const mediaId = added.get(candidate);
    if (mediaId === undefined) throw new Error('a new title was not inserted');
    return mediaId;
  }
}

async function insertNew(
  db: Db,
  candidates: readonly Candidate[],
  guessed: Guesses,
): Promise<Map<Candidate, number>> {
  if (candidates.length === 0) return new Map();
  const byUuid = new Map<string, Candidate>(candidates.map((candidate) => [randomUUID(), candidate]));
  const inserted = await insertTitles(
    db,
    [...byUuid].map(([publicId, { title, index }]) => ({
      ...titleColumns(title),
      ...guessColumns(title, guessed[index]),
      public_id: publicId,
      kind: title.kind,
    })),
  );
  const added = new Map<Candidate, number>();
  for (const { publicId, mediaId } of inserted) {
    const candidate = byUuid.get(publicId);
    if (candidate !== undefined) added.set(candidate, mediaId);
  }
  const ids = [...added].flatMap(([{ ids: given }, mediaId]) => given.map((id) => ({ ...id, mediaId })));
  if (ids.length > 0) await insertIds(db, ids);
  return added;
}

/** Nobody is asked what a channel or an event is. */
function guessColumns({ kind }: TitleInput, confidence: number | undefined) {
  const isGuess = confidence !== undefined && (kind === 'movie' || kind === 'series');
  return isGuess ? { is_from_name: true, match_confidence: confidence } : {};
}

/** Answers the titles that are different now. */
async function updateKnown(
  db: Db,
  known: readonly Extract<Match, { match: 'known' }>[],
  guessed: Guesses,
): Promise<readonly number[]> {
  if (known.length === 0) return [];
  const updated = await updateTitles(
    db,
    known.map(({ candidate, mediaId }) => ({ id: mediaId, columns: titleColumns(candidate.title) })),
  );
  if (updated.length > 0)
    await takeOverTitles(
      db,
      updated.map((row) => row.mediaId),
    );
  const ids = known.flatMap(({ mediaId, newIds }) => newIds.map((id) => ({ ...id, mediaId })));
  if (ids.length > 0) await insertIds(db, ids);
  const named = known.filter(({ candidate }) => guessed[candidate.index] === undefined);
  const vouched = await vouchForTitles(
    db,
    named.map(({ mediaId }) => mediaId),
  );
  return [...updated, ...ids, ...vouched].map(({ mediaId }) => mediaId);
}
