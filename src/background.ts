import { readFile } from 'node:fs/promises';
import { askSources } from './ask-sources.ts';
import { settleTiers } from './catalogs/search/index.ts';
import { AGES_JOB } from './features/family/index.ts';
import { finderSecrets } from './features/finders/index.ts';
import {
  importTitles,
  putSyncState,
  STARTER_FILE,
  syncStates,
  wasImported,
} from './features/imports/index.ts';
import { FILL_JOB, fillSoon } from './features/lists/index.ts';
import { forgetProgrammes } from './features/media/index.ts';
import { noteScan } from './features/source-health/index.ts';
import { createScanner, MATCH_JOB, sourceSecrets } from './features/sources/index.ts';
import { dropOrphanStreams, expireStreams, forgetOldPlays } from './features/stream-index/index.ts';
import { FOLLOW_JOB, followSoon } from './features/tags/index.ts';
import { type Ground, type GroundOptions, ROOT } from './ground.ts';
import { jobs } from './jobs.ts';
import { openListers } from './listers.ts';
import { dailyBackup } from './platform/backup/index.ts';
import { type Jobs, startJobs } from './platform/jobs.ts';
import { settleMemory } from './platform/settle-memory.ts';
import { forgetEndedStreams } from './play/queries.ts';
import { resealStreams } from './streams/reseal.ts';
import { checkSwarms, type ScrapeSwarms } from './streams/torrent/health/check-swarms.ts';
import { scrape } from './streams/torrent/trackers/index.ts';
import { forgetReleases } from './streams/usenet/queries.ts';
import { buildWebUi, isWebUiStale } from './web/build.ts';

/** The first requests of a start come about then; its garbage goes after them. */
const SETTLE_MS = 20_000;
/** A stop waits this long for a page that is being built; its child is told to end first. */
const BUILD_STOP_MS = 2500;
/** More jobs than anybody asks for in the second a start takes. */
const MOST_EARLY = 1000;

export type Background = {
  begin(): Promise<void>;
  isBuildingPage(): boolean;
  /** Queues a job; before `begin` there is no queue and nothing happens. */
  addJob(name: string, payload: unknown, key: string): Promise<void>;
};

/** What runs beside the answers: jobs, the starter catalogue on the first start, the web page when its sources changed. */
export function runInBackground(
  options: { ground: Ground } & Pick<GroundOptions, 'signal' | 'onClose'>,
): Background {
  const { ground, signal, onClose } = options;
  const { config, log } = ground;
  let isBuilding = config.role !== 'worker';
  let jobQueue: Jobs | null = null;
  /** By their keys: what was asked for while the starter catalogue is added, before there is a queue. */
  const early = new Map<string, { name: string; payload: unknown }>();
  return {
    begin,
    isBuildingPage: () => isBuilding,
    async addJob(name, payload, key) {
      if (jobQueue !== null) await jobQueue.add(name, payload, { key });
      else if (early.size < MOST_EARLY) early.set(key, { name, payload });
    },
  };

  async function addEarly(queue: Jobs) {
    for (const [key, { name, payload }] of early) await queue.add(name, payload, { key });
    early.clear();
  }

  async function begin() {
    const building = buildPage();
    if (config.role !== 'worker') void reconcileTorrents();
    onClose(() =>
      Promise.race([building, new Promise<void>((resolve) => setTimeout(resolve, BUILD_STOP_MS).unref())]),
    );
    if (config.role !== 'web') await seedOnce(ground, signal);
    let hasSettled = false;
    const scanner = createScanner({
      ...{ ...ground, openLister: openListers(ground.config.localFolders) },
      // A scan fills up to 60 MB: not on top of what the start has left behind.
      onScanning: () => void (hasSettled || settleMemory()),
      onScanned: (sourceId, isOk) => noteScan(ground, sourceId, isOk),
      onStaged: async () => await jobQueue?.add(MATCH_JOB, {}, { key: `${MATCH_JOB} now` }),
    });
    onClose(() => scanner.close());
    const queue = startJobs({
      url: ground.database.url,
      jobs,
      deps: {
        ...ground,
        ...{
          expireStreams,
          forgetOldPlays,
          forgetEndedStreams,
          dropOrphanStreams,
          settleTiers,
          forgetProgrammes,
        },
        resealStreams: (aborted) => resealStreams(sealing(ground), aborted),
        ...{ putSyncState, syncStates },
        backup: () => backupNow(ground),
        addJobAt: async (name, atMs) => await jobQueue?.add(name, {}, { key: name, runAt: new Date(atMs) }),
        checkSwarms: (aborted) => checkSwarmsOf(ground, aborted),
        checkPosts: ground.usenet.checkPosts,
        forgetReleases: () => forgetReleases(ground.db),
        scanner,
        ...askSources(ground),
      },
      role: config.role,
      log,
      onRun: ground.metrics.onRun,
    });
    jobQueue = queue;
    await addEarly(queue).catch((err: unknown) =>
      log.warn({ err }, 'jobs that were asked for early wait for the clock'),
    );
    readAges(queue);
    onClose(() => queue.stop());
    onClose(
      fillSoon(ground.notify, (atMs) =>
        queue.add(FILL_JOB, {}, { key: `${FILL_JOB} soon`, runAt: new Date(atMs), keepsTime: true }),
      ),
    );
    onClose(
      followSoon(ground.notify, (payload, atMs) =>
        queue.add(FOLLOW_JOB, payload, { key: `${FOLLOW_JOB} soon`, runAt: new Date(atMs), keepsTime: true }),
      ),
    );
    const settle = () => {
      hasSettled = true;
      settleMemory();
    };
    void building.finally(() => setTimeout(settle, SETTLE_MS).unref());
  }

  /** By age nothing is seen until it is known by whose ratings: not left to the clock. */
  function readAges(queue: Jobs) {
    const read = () =>
      void queue
        .add(AGES_JOB, {}, { key: `${AGES_JOB} now` })
        .catch((err: unknown) => log.warn({ err }, 'a look at age ratings waits for the clock'));
    read();
    ground.settings.onChange(read);
  }

  /** A run that was killed told nothing of its end; what lies on disk does. */
  async function reconcileTorrents(): Promise<void> {
    await ground.torrents.reconcile().catch((error: unknown) => {
      if (!signal.aborted) log.warn({ err: error }, 'what lies on disk of torrents could not be looked at');
    });
  }

  async function buildPage(): Promise<void> {
    try {
      if (config.role !== 'worker' && (await isWebUiStale(ROOT)))
        await buildWebUi({ root: ROOT, signal, log });
    } catch (error) {
      if (!signal.aborted)
        log.warn({ err: error }, 'the web page could not be built; the add-on works without it');
    } finally {
      isBuilding = false;
    }
  }
}

/** The films that come with Tributary, once: what the owner deletes later stays deleted. */
async function seedOnce(ground: Ground, signal: AbortSignal): Promise<void> {
  const { db, log } = ground;
  try {
    if (await wasImported(db, 'starter')) return;
    const result = await importTitles(ground, JSON.parse(await readFile(STARTER_FILE, 'utf8')), {
      name: 'starter',
      signal,
    });
    log.info(result, 'starter catalogue added');
  } catch (error) {
    if (!signal.aborted)
      log.error(
        { err: error },
        'the starter catalogue could not be added; npm run seed -- starter tries again',
      );
  }
}

/** All that is stored sealed: what kinds keep, where finders are, and passwords of sources. */
function sealing({ db, crypto, kinds }: Ground) {
  return { db, crypto, kinds: { all: [...kinds.all, finderSecrets, sourceSecrets] } };
}

function checkSwarmsOf(ground: Ground, signal: AbortSignal): Promise<readonly number[]> {
  const { torrentNet: net } = ground;
  const ask: ScrapeSwarms = (url, hashes, aborted) => scrape(url, hashes, { net }, aborted);
  return checkSwarms({ ...ground, scrape: ask }, signal);
}

function backupNow({ database, config }: Ground): Promise<string> {
  return dailyBackup({ url: database.url, dataDir: config.dataDir, keep: config.backupsKept });
}
