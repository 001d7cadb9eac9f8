import { z } from 'zod';
import { type Household, householdCountry } from '../../catalogs/fill/index.ts';
import { ratingCountries } from '../../kit/age-rating.ts';
import type { Db, Pool } from '../../platform/db.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import { applyRules, makeDue, takeDue } from './queries/rules.ts';
import { rulesVersion } from './rules.ts';

export type TagJobsDeps = {
  db: Pool;
  /** Whose country's age ratings come first. */
  settings: { get(): Household };
  /** What was done with which rules; the room of imports keeps it. */
  syncStates(db: Db, keys: readonly string[]): Promise<readonly { key: string; data: unknown }[]>;
  putSyncState(db: Db, key: string, data: Record<string, number>): Promise<void>;
};
type Context = JobContext & TagJobsDeps;

const FOLLOW_JOB = 'tags.follow';
/** A little less than the schedule's step. */
const LONGEST_RUN_MS = 50_000;
const NOTES_AT_ONCE = 400;
const TITLES_AT_ONCE = 20_000;
const Version = z.object({ version: z.int() });

export const tagJobs: readonly Job<Context>[] = [
  defineJob({
    name: FOLLOW_JOB,
    every: '* * * * *',
    payload: z.object({}),
    maxAttempts: 1,
    async run(_payload, context: Context) {
      const begun = performance.now();
      const countries = ratingCountries(householdCountry(context.settings.get()));
      await noteNewRules(context, countries);
      let titles = 0;
      while (performance.now() - begun < LONGEST_RUN_MS) {
        context.signal.throwIfAborted();
        const done = await followSome(context, countries);
        if (done === 0) break;
        titles += done;
      }
      if (titles > 0) context.log.debug({ titles }, 'titles have their tags');
    },
  }),
];

/** In one transaction with the taking: a title whose tags were not written is due again. */
function followSome({ db }: Context, countries: readonly string[]): Promise<number> {
  return db.transaction(async (tx) => {
    const titles = await takeDue(tx, NOTES_AT_ONCE);
    if (titles.length > 0) await applyRules(tx, titles, countries);
    return titles.length;
  });
}

/** With other rules every title is due, also those from before there were any. */
async function noteNewRules(context: Context, countries: readonly string[]): Promise<void> {
  const { db, signal } = context;
  const key = `job.${FOLLOW_JOB}`;
  const version = rulesVersion(countries);
  const [kept] = await context.syncStates(db, [key]);
  if (Version.safeParse(kept?.data).data?.version === version) return;
  for (let last: number | null = 0; last !== null; last = await makeDue(db, last, TITLES_AT_ONCE))
    signal.throwIfAborted();
  await context.putSyncState(db, key, { version });
}
