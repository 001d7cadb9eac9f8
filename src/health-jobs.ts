import { z } from 'zod';
import { syncStates } from './features/imports/index.ts';
import { FILL_JOB, REFRESH_JOB } from './features/lists/index.ts';
import { CHANGES_JOB, CHANGES_STEP_MS, POPULAR_JOB } from './features/metadata/index.ts';
import type { HealthJob } from './features/stats/index.ts';
import type { Ground } from './ground.ts';
import { jobs } from './jobs.ts';
import { nextTick } from './platform/next-tick.ts';

const Told = z.record(z.string(), z.number());
type Told = z.infer<typeof Told>;

/** Work whose last and next run the page shows. `asksOutside`: rests while the owner has paused `enrichment`. */
const SHOWN: readonly { job: string; name: string; asksOutside: boolean; told(data: Told): string }[] = [
  { job: FILL_JOB, name: 'Catalogues', asksOutside: false, told: () => 'in order' },
  {
    job: REFRESH_JOB,
    name: 'Lists of the sources',
    asksOutside: true,
    told: ({ lists = 0, titles = 0, newTitles = 0, failures = 0 }) =>
      [
        `${counted(lists, 'list')} of ${counted(titles, 'title')}`,
        ...(newTitles > 0 ? [`${newTitles} new`] : []),
        ...(failures > 0 ? [`${counted(failures, 'list')} could not be had and stayed as before`] : []),
      ].join(', '),
  },
  {
    job: CHANGES_JOB,
    name: 'Changes at the sources',
    asksOutside: true,
    told: ({ titles = 0, failures = 0 }) =>
      [
        `${counted(titles, 'title')} to ask about`,
        ...(failures > 0 ? [`${counted(failures, 'question')} without an answer`] : []),
      ].join(', '),
  },
  {
    job: POPULAR_JOB,
    name: 'Popular titles',
    asksOutside: true,
    told: ({ titles = 0 }) => `${counted(titles, 'title')} to ask about`,
  },
];

/** Last and next run of what keeps the catalogues fresh; null while it never ran, or rests. */
export async function healthJobs({ db, enricher }: Pick<Ground, 'db' | 'enricher'>): Promise<HealthJob[]> {
  const states = await syncStates(
    db,
    SHOWN.map(({ job }) => `job.${job}`),
  );
  const now = Date.now();
  return SHOWN.map(({ job, name, asksOutside, told }) => {
    const state = states.find(({ key }) => key === `job.${job}`);
    const lastAt = state?.lastSyncAt.getTime() ?? null;
    const isPaused = asksOutside && !enricher.isOn();
    const data = Told.safeParse(state?.data).data;
    return {
      name,
      lastAt,
      nextAt: isPaused ? null : nextRun(job, lastAt, now),
      isPaused,
      told: data === undefined ? null : told(data),
    };
  });
}

/** Ticks on which a job has nothing to do yet are no runs. */
function nextRun(job: string, lastAt: number | null, now: number): number | null {
  const every = jobs.find(({ name }) => name === job)?.every ?? null;
  const earliest = job === CHANGES_JOB && lastAt !== null ? lastAt + CHANGES_STEP_MS : 0;
  return every === null ? null : nextTick(every, Math.max(now, earliest - 1));
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
