import { BadInput, Conflict, NotFound } from '../../kit/errors.ts';
import type { CacheSpace } from '../../platform/cache.ts';
import type { Pool } from '../../platform/db.ts';
import { requireMedia } from '../media/index.ts';
import {
  deleteEntry,
  deleteHistory,
  dropOldEntries,
  type EntryRow,
  insertEntry,
  isPlayedLately,
  lockHistory,
  openEntry,
  type Played,
  type Progress,
  recentlyWatched,
  trackEntry,
} from './queries/history.ts';
import { deleteMark, insertMark, isFull } from './queries/marks.ts';
import { type OwnProfile, seenTitle } from './queries/titles.ts';
import {
  COMPLETED_SHARE,
  type HistoryEntry,
  type MarkKind,
  type MarkPage,
  type Origin,
  type ProgressBody,
  WATCHED_SHARE,
} from './schemas.ts';

/** Of an account's profile, for five minutes: its shelf's first page, and what it watched last. */
export type ActivitySpaces = { library: CacheSpace<MarkPage>; recentlyWatched: CacheSpace<HistoryEntry[]> };
export type ActivityDeps = { db: Pool; spaces: ActivitySpaces };

/** As bodies of requests name what is watched. */
export type Named = { mediaId: string; season?: number | undefined; episode?: number | undefined };
type Told = { source?: string | undefined; context?: string | undefined };
export type Found = Played & { runtimeSeconds: number | null };

/** Titles shown as watched last. */
const RECENT = 10;
const MOST_MARKS = 10_000;

export const keyOf = ({ userId, profileId }: OwnProfile) => `user:${userId}:${profileId}`;

/**
 * The title a request names, as far as this account may see it, and the episode. NotFound also for another's private
 * title: that it is there is nobody's business.
 */
export async function findTitle(
  db: Pool,
  userId: number,
  { mediaId: id, season, episode }: Named,
): Promise<Found> {
  if ((season === undefined) !== (episode === undefined))
    throw new BadInput('activity.half_an_episode', 'Give season and episode, or neither.', [
      { path: season === undefined ? 'season' : 'episode', message: 'is needed too' },
    ]);
  const { mediaId, episodeId } = await requireMedia(db, id);
  const numbers = { season: season ?? null, episode: episode ?? null };
  const seen = await seenTitle(db, { mediaId, userId, episodeId, ...numbers });
  if (seen === null) throw new NotFound('media.not_found', 'No title has this id.');
  if (episode !== undefined && seen.episodeId === null)
    throw new NotFound('activity.no_episode', 'This title has no episode of this number.');
  const runtimeSeconds = seen.runtimeMinutes === null ? null : seen.runtimeMinutes * 60;
  return { mediaId, episodeId: seen.episodeId, runtimeSeconds };
}

/** A play begins: always a row of its own, without a position (C3). Answers its row. */
export function notePlay(
  deps: ActivityDeps,
  profile: OwnProfile,
  what: Played,
  told: Told & { streamId: number | null },
): Promise<number> {
  return addEntry(deps, profile, what, { ...told, origin: 'play' });
}

/** Marked by hand or brought from elsewhere. Answers its row. */
export function noteWatched(
  deps: ActivityDeps,
  profile: OwnProfile,
  what: Played,
  told: Told & { origin: 'manual' | 'import'; playedAt?: string | undefined; isCompleted: boolean },
): Promise<number> {
  return addEntry(deps, profile, what, { ...told, streamId: null });
}

/** How far somebody is: of the newest play of this that was not ended, else of a new one (C3). Answers its row. */
export async function noteProgress(
  deps: ActivityDeps,
  profile: OwnProfile,
  what: Found,
  body: ProgressBody,
): Promise<number> {
  const { profileId } = profile;
  const rowId = await deps.db.transaction(async (tx) => {
    await lockHistory(tx, profileId);
    const open = await openEntry(tx, { profileId, ...what });
    const now = progressIn(body, open?.durationSeconds ?? what.runtimeSeconds);
    if (open === null) return insertEntry(tx, { ...entry(profile, what, body, 'track'), ...withCounts(now) });
    await trackEntry(tx, open.rowId, now);
    return open.rowId;
  });
  await forget(deps, profile);
  return rowId ?? gone();
}

/** Seconds of what was told in seconds, minutes or percent; a position past the end is the end. */
function progressIn(body: ProgressBody, knownSeconds: number | null): Progress {
  const given =
    body.durationMinutes === undefined ? body.durationSeconds : Math.round(body.durationMinutes * 60);
  const durationSeconds = given === undefined ? knownSeconds : Math.max(1, given);
  const told = secondsIn(body, durationSeconds);
  const progressSeconds = durationSeconds === null ? told : Math.min(told, durationSeconds);
  return {
    ...{ progressSeconds, durationSeconds },
    isCompleted: durationSeconds !== null && progressSeconds >= COMPLETED_SHARE * durationSeconds,
    ...{ source: body.source ?? null, context: body.context ?? null },
    ...{ pauses: body.pauses ?? null, rewinds: body.rewinds ?? null },
  };
}

function secondsIn(
  { progressSeconds, progressMinutes, progressPercent }: ProgressBody,
  duration: number | null,
): number {
  if (progressSeconds !== undefined) return progressSeconds;
  if (progressMinutes !== undefined) return Math.round(progressMinutes * 60);
  if (duration === null)
    throw new BadInput(
      'activity.no_duration',
      'How long this is is not known, so a percent says nothing. Give durationSeconds or durationMinutes too.',
      [{ path: 'durationSeconds', message: 'is needed beside progressPercent' }],
    );
  return Math.round(((progressPercent ?? 0) / 100) * duration);
}

const withCounts = ({ pauses, rewinds, ...progress }: Progress) => ({
  ...progress,
  ...{ pauses: pauses ?? 0, rewinds: rewinds ?? 0 },
});

/** A row without a position. */
function entry(
  { profileId }: OwnProfile,
  { mediaId, episodeId }: Played,
  { source, context }: Told,
  origin: Origin,
) {
  return {
    ...{ profileId, mediaId, episodeId, streamId: null, playedAt: null, origin, isCompleted: false },
    ...{ progressSeconds: null, durationSeconds: null, pauses: 0, rewinds: 0 },
    ...{ source: source ?? null, context: context ?? null },
  };
}

async function addEntry(
  deps: ActivityDeps,
  profile: OwnProfile,
  what: Played,
  told: Told & {
    origin: Origin;
    streamId: number | null;
    playedAt?: string | undefined;
    isCompleted?: boolean;
  },
): Promise<number> {
  const rowId = await insertEntry(deps.db, {
    ...entry(profile, what, told, told.origin),
    ...{ streamId: told.streamId, playedAt: told.playedAt ?? null, isCompleted: told.isCompleted ?? false },
  });
  await dropOldEntries(deps.db, profile.profileId);
  await forget(deps, profile);
  return rowId ?? gone();
}

/**
 * Bytes were served to a profile. Writes one play, and answers true; false where a play of the same began within four
 * hours, by whatever app: a film in segments, one sought through or gone on with after a break is one play. Titles and profiles that are gone are none.
 */
export async function recordPlay(
  deps: ActivityDeps,
  play: OwnProfile & Played & { streamId: number | null },
): Promise<boolean> {
  const isNew = await deps.db.transaction(async (tx) => {
    await lockHistory(tx, play.profileId);
    if (await isPlayedLately(tx, play)) return false;
    const row = { ...entry(play, play, {}, 'stream'), streamId: play.streamId };
    return (await insertEntry(tx, row)) !== null;
  });
  if (!isNew) return false;
  await dropOldEntries(deps.db, play.profileId);
  await forget(deps, play);
  return true;
}

/** False: there is no such entry of this profile. */
export async function forgetEntry(
  deps: ActivityDeps,
  profile: OwnProfile,
  entryId: string,
): Promise<boolean> {
  const wasThere = await deleteEntry(deps.db, profile.profileId, entryId);
  await forget(deps, profile);
  return wasThere;
}

export async function forgetHistory(deps: ActivityDeps, profile: OwnProfile): Promise<void> {
  await deleteHistory(deps.db, profile.profileId);
  await forget(deps, profile);
}

/** Twice is once. False: it was there. */
export async function addMark(
  deps: ActivityDeps,
  profile: OwnProfile,
  kind: MarkKind,
  mediaId: number,
): Promise<boolean> {
  const { profileId } = profile;
  const isNew = await insertMark(deps.db, { profileId, kind, mediaId });
  // Counted after the row: of two at once none slips through.
  if (isNew && (await isFull(deps.db, { profileId, kind }, MOST_MARKS + 1))) {
    await deleteMark(deps.db, { profileId, kind, mediaId });
    throw new Conflict(
      'activity.list_full',
      `This list holds ${MOST_MARKS} titles. Take some out of it first.`,
    );
  }
  await forget(deps, profile);
  return isNew;
}

/** False: it was not there. */
export async function dropMark(
  deps: ActivityDeps,
  profile: OwnProfile,
  kind: MarkKind,
  mediaId: number,
): Promise<boolean> {
  const wasThere = await deleteMark(deps.db, { profileId: profile.profileId, kind, mediaId });
  await forget(deps, profile);
  return wasThere;
}

/** The last ten titles of a profile, each once. */
export function recentOf({ db, spaces }: ActivityDeps, profile: OwnProfile): Promise<HistoryEntry[]> {
  return spaces.recentlyWatched.get(keyOf(profile), async () =>
    (await recentlyWatched(db, { ...profile, limit: RECENT })).map(historyEntry),
  );
}

/** An entry as it is answered: percents are made here. */
export function historyEntry({ rowId: _rowId, micros: _micros, ...entry }: EntryRow): HistoryEntry {
  const { progressSeconds, durationSeconds, isCompleted } = entry;
  const share =
    progressSeconds === null || durationSeconds === null
      ? null
      : Math.min(1, progressSeconds / durationSeconds);
  return {
    ...entry,
    progressPercent: share === null ? null : Math.round(share * 1000) / 10,
    isWatched: isCompleted || (share !== null && share >= WATCHED_SHARE),
  };
}

async function forget({ spaces }: ActivityDeps, profile: OwnProfile): Promise<void> {
  const key = keyOf(profile);
  await Promise.all([spaces.library.drop(key), spaces.recentlyWatched.drop(key)]);
}

function gone(): never {
  throw new NotFound('media.not_found', 'No title has this id.');
}
