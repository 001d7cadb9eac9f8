import nock from 'nock';
import { askSources } from '../../../src/ask-sources.ts';
import { hashSourceFiles } from '../../../src/features/file-facts/hash-files.ts';
import { createEnricher } from '../../../src/features/metadata/index.ts';
import { createSettings } from '../../../src/features/settings/index.ts';
import { sourceHealthJobs } from '../../../src/features/source-health/index.ts';
import { probeDue } from '../../../src/features/source-health/probe-sources.ts';
import { sourceJobs } from '../../../src/features/sources/jobs.ts';
import { linkSourceSubtitles } from '../../../src/features/sources/link-subtitles.ts';
import { matchItems } from '../../../src/features/sources/match-items.ts';
import { createScanner } from '../../../src/features/sources/scanner.ts';
import { openListers } from '../../../src/listers.ts';
import { ownSpaces } from '../../../src/platform/cache.ts';
import { loadConfig } from '../../../src/platform/config.ts';
import { createCrypto } from '../../../src/platform/crypto.ts';
import { command } from '../../../src/platform/db.ts';
import { openJsonApi } from '../../../src/platform/json-api.ts';
import { createLog } from '../../../src/platform/log.ts';
import { createNet } from '../../../src/platform/net.ts';
import { createNotify } from '../../../src/platform/notify.ts';
import { tmdb } from '../../../src/providers/tmdb/index.ts';
import { createKinds } from '../../../src/streams/registry.ts';
import type { TestDatabase } from '../database.ts';
import { endOutside, outsideNet } from '../outside-api.ts';
import { waitUntil } from '../wait-until.ts';

const TMDB = 'https://api.themoviedb.org';
const NEVER = new AbortController().signal;

/**
 * The half of the product that works in the background, in this process, beside a product of `ROLE=web` on the same database: so nock can answer
 * as TMDB. Everything else it reaches is real. What a job does is done when its call resolves.
 */
export async function startHouseholdWorker(
  { db, url }: Pick<TestDatabase, 'db' | 'url'>,
  { secret, folders }: { secret: string; folders: ReadonlyMap<string, string> },
) {
  const log = createLog('silent');
  const outside = outsideNet();
  // Only while titles are asked about: the guarded dialer refuses sockets that nock has a hand in.
  nock.restore();
  nock.enableNetConnect(/^(127\.0\.0\.1|localhost|\[?::1\]?)(:\d+)?$/);
  const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8', '::1'], ownPorts: () => new Set() });
  const crypto = createCrypto([secret]);
  const notify = createNotify({ url, log });
  const settings = await createSettings({ db, config: loadConfig({}), notify, log });
  const kinds = createKinds({
    ...{ db, net, log, crypto, openSpace: ownSpaces(log) },
    ...{ localFolders: folders, shippedFolder: '/nonexistent' },
  });
  const api = openJsonApi(outside, { name: 'tmdb', perSecond: 1000, timeoutMs: 1500 });
  const enricher = createEnricher({
    ...{ db, log, isOn: () => settings.get().enrichment === 'on' },
    providers: [tmdb.open({ api, apiKey: '0123456789abcdef0123456789abcdef' })],
  });
  const ends: boolean[] = [];
  const scanner = createScanner({
    ...{ db, net, crypto, kinds, log, openLister: openListers(folders) },
    onStaged: async () => {},
    onScanned: async (_sourceId, isOk) => void ends.push(isOk),
  });
  const context = { db, log, kinds, enricher, scanner, settings, signal: NEVER, attempt: 1 };
  const asked = askSources({ db, net, crypto, config: { localFolders: folders } });

  return {
    /** Sources whose time has come are scanned; how each scan ended. */
    async scanDue(): Promise<boolean[]> {
      ends.length = 0;
      await scanner.scanDue();
      await waitUntil(() => scanner.running() === 0, { what: 'the scans end', timeoutMs: 60_000 });
      return [...ends];
    },
    /** One batch of staged files, then the subtitles beside them; how many files were taken. */
    async match(): Promise<number> {
      nock.activate();
      const taken = await matchItems({ db, kinds, enricher, log }, 200, NEVER).finally(() => nock.restore());
      await linkSourceSubtitles({ db, kinds, log }, NEVER);
      return taken;
    },
    /** Every active source, due or not. */
    async probe(): Promise<void> {
      await db.query(command('test.due')`UPDATE source_health SET next_probe_at = now()`);
      await probeDue({ db, kinds, log, settings, ...asked }, NEVER);
    },
    /** Files of sources get their hash; how many. */
    hash: () => hashSourceFiles({ db, kinds }, NEVER),
    /** What is kept so many days only goes. */
    async retain(): Promise<void> {
      for (const job of [...sourceJobs, ...sourceHealthJobs])
        if (['sources.forget_scans', 'source_health.retain'].includes(job.name))
          await job.run({}, { ...context, ...asked });
    },
    /** What TMDB answers to a search, once. */
    laySearch: (kind: 'movie' | 'tv', query: string, results: readonly object[]) =>
      nock(TMDB)
        .get(`/3/search/${kind}`)
        .query((sent) => sent.query === query)
        .reply(200, { results }),
    /** What TMDB answers to a title, once. */
    layTitle: (path: string, body: object) => nock(TMDB).get(`/3/${path}`).query(true).reply(200, body),
    /** Whether titles are asked about, as this process knows by now. */
    isOn: () => settings.get().enrichment === 'on',
    /** What was laid and not asked for. */
    pending: () => nock.pendingMocks(),
    async close() {
      await enricher.close();
      await scanner.close();
      await kinds.close();
      await notify.close();
      endOutside();
      await net.close();
      await outside.close();
    },
  };
}
export type HouseholdWorker = Awaited<ReturnType<typeof startHouseholdWorker>>;
