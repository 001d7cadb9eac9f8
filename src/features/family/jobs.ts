import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type Household, householdCountry } from '../../catalogs/fill/index.ts';
import { ratingCountries } from '../../kit/age-rating.ts';
import type { Pool } from '../../platform/db.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import { forgetCountries, putCountries, refreshAges, storedCountries } from './queries/ages.ts';
import { deleteOldMinutes } from './queries/profiles.ts';

export type FamilyJobsDeps = {
  db: Pool;
  settings: { get(): Household };
};

const ROWS_AT_ONCE = 5000;
/** Reads the ages of all titles anew where the household is in another country than they are of. */
export const AGES_JOB = 'family.ages';

export const familyJobs: readonly Job<JobContext & FamilyJobsDeps>[] = [
  defineJob({
    name: 'family.forget_minutes',
    every: '35 4 * * *',
    catchUpMs: 24 * 3_600_000,
    payload: z.object({}),
    async run(_payload, { db, signal }: JobContext & FamilyJobsDeps) {
      for (let gone = ROWS_AT_ONCE; gone === ROWS_AT_ONCE; ) {
        signal.throwIfAborted();
        gone = await deleteOldMinutes(db, ROWS_AT_ONCE);
      }
    },
  }),
  defineJob({
    // Whose ratings count follows the owner's country; on the first start all of them are looked at. Asked for at each start and change too.
    name: AGES_JOB,
    every: '*/5 * * * *',
    catchUpMs: 300_000,
    payload: z.object({}),
    async run(_payload, { db, log, settings, signal }: JobContext & FamilyJobsDeps) {
      const countries = ratingCountries(householdCountry(settings.get()));
      if (JSON.stringify(await storedCountries(db)) === JSON.stringify(countries)) return;
      await forgetCountries(db);
      // All or nothing: half of the ages by one country and half by another would look done.
      await db.transaction(async (tx) => {
        await putCountries(tx, countries);
        let last: number | null = 0;
        while (last !== null) {
          signal.throwIfAborted();
          last = await refreshAges(tx, last, ROWS_AT_ONCE);
        }
        if (!isDeepStrictEqual(ratingCountries(householdCountry(settings.get())), countries))
          throw new Error('the household moved while the ages were read; they are read anew');
      });
      log.info({ country: countries[0] }, 'age ratings were read for this country');
    },
  }),
];
