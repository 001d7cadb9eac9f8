import { z } from 'zod';
import { type Household, householdCountry } from '../../catalogs/fill/index.ts';
import { ratingCountries } from '../../kit/age-rating.ts';
import type { Db, Pool } from '../../platform/db.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import type { Notify } from '../../platform/notify.ts';
import { runSoon } from '../../platform/run-soon.ts';
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

export const FOLLOW_JOB = 'tags.follow';
/** A little less than the schedule's step. */
const LONGEST_RUN_MS = 50_000;
/** Who blocks tags waits for them. While an import runs, one short run comes after the other beside that of the schedule. */
const SOON = { channel: 'tags-due', firstMs: 300, restMs: 5000 };
const LONGEST_SOON_MS = 4000;
const NOTES_AT_ONCE = 400;
const TITLES_AT_ONCE = 20_000;
const Version = z.object({ version: z.int() });

export const tagJobs: readonly Job<Context>[] = [
  defineJob({
    name: FOLLOW_JOB,
    every: '* * * * *',
    payload: z.object({ mostMs: z.int().default(LONGEST_RUN_MS) }),
    maxAttempts: 1,
    async run({ mostMs }, context: Context) {
      const begun = performance.now();
      const countries = ratingCountries(householdCountry(context.settings.get()));
      await noteNewRules(context, countries);
      let titles = 0;
      while (performance.now() - begun < mostMs) {
        context.signal.throwIfAborted();
        const done = await followSome(context, countries);
        if (done === 0) break;
        titles += done;
      }
      if (titles > 0) context.log.debug({ titles }, 'titles have their tags');
    },
  }),
];

/** Has titles that changed given their tags soon, besides each minute. Answers how to stop. */
export function followSoon(
  notify: Pick<Notify, 'subscribe'>,
  addAt: (payload: { mostMs: number }, atMs: number) => Promise<void>,
): () => void {
  return runSoon(notify, SOON, (atMs) => addAt({ mostMs: LONGEST_SOON_MS }, atMs));
}

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
