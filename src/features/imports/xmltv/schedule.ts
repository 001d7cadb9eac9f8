import type { Db } from '../../../platform/db.ts';
import { type GuideProgramme, guide } from '../../media/index.ts';
import type { GuideEntry } from './guide-entry.ts';
import type { ChannelMatch } from './match-channels.ts';

const DAY_MS = 24 * 3_600_000;
const KEPT_BEFORE_MS = DAY_MS;
const KEPT_AHEAD_MS = 14 * DAY_MS;
/** A programme without an end that nothing follows is left out; one that would be longer has a wrong one. */
const LONGEST_MS = DAY_MS;
const ROWS_AT_ONCE = 1000;
/** Past this it is no guide of channels a person has. */
const MAX_PROGRAMMES = 5_000_000;

export type Schedule = {
  add(entry: GuideEntry): void;
  /** Hands what is gathered to the database, once there is enough of it. */
  write(db: Db): Promise<void>;
  /** All of it. */
  end(db: Db): Promise<void>;
  counts(): { programmes: number; leftOut: number; broken: number };
};

/** What of a guide is kept: of channels here, from a day ago to two weeks ahead. A programme without an end goes until the next. */
export function openSchedule(match: ChannelMatch, now: Date): Schedule {
  const counts = { programmes: 0, leftOut: 0, broken: 0 };
  const endless = new Map<number, GuideEntry>();
  let ready: GuideProgramme[] = [];

  function keep(mediaId: number, { channel: _, ...entry }: GuideEntry, stopAt: Date): void {
    const [fromMs, toMs] = [entry.startAt.getTime(), stopAt.getTime()];
    if (toMs <= fromMs || toMs - fromMs > LONGEST_MS) counts.broken += 1;
    else if (toMs < now.getTime() - KEPT_BEFORE_MS || fromMs > now.getTime() + KEPT_AHEAD_MS)
      counts.leftOut += 1;
    else {
      counts.programmes += 1;
      ready.push({ ...entry, mediaId, stopAt });
    }
  }

  /** The one before it that has no end ends with its beginning. */
  function place(mediaId: number, entry: GuideEntry): void {
    const before = endless.get(mediaId);
    endless.delete(mediaId);
    if (before !== undefined) keep(mediaId, before, entry.startAt);
    if (entry.stopAt === null) endless.set(mediaId, entry);
    else keep(mediaId, entry, entry.stopAt);
  }

  async function flush(db: Db): Promise<void> {
    const rows = ready;
    ready = [];
    for (let from = 0; from < rows.length; from += ROWS_AT_ONCE)
      await guide.stageProgrammes(db, rows.slice(from, from + ROWS_AT_ONCE));
  }

  return {
    add(entry) {
      const mediaId = match.byId(entry.channel);
      if (Number.isNaN(entry.startAt.getTime()) || entry.title === '') counts.broken += 1;
      else if (mediaId === null || counts.programmes >= MAX_PROGRAMMES) counts.leftOut += 1;
      else place(mediaId, entry);
    },
    async write(db) {
      if (ready.length >= ROWS_AT_ONCE) await flush(db);
    },
    async end(db) {
      counts.leftOut += endless.size;
      await flush(db);
    },
    counts: () => counts,
  };
}
