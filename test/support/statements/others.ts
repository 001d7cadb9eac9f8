import { createHash } from 'node:crypto';
import * as fileFacts from '../../../src/features/file-facts/queries.ts';
import * as feeds from '../../../src/features/finders/queries/feeds.ts';
import * as finders from '../../../src/features/finders/queries/finders.ts';
import * as nab from '../../../src/features/finders/queries/nab-items.ts';
import * as outcomes from '../../../src/features/finders/queries/outcomes.ts';
import { emptyMapping } from '../../../src/features/ids/mapping.ts';
import { deleteOtherMappings, lockMappings, putMappings } from '../../../src/features/ids/queries.ts';
import { exportedTitles } from '../../../src/features/imports/queries/export.ts';
import {
  deleteImportStates,
  importStates,
  lastSync,
  putImportState,
  putSyncState,
} from '../../../src/features/imports/queries/sync-state.ts';
import {
  addSystemCatalog,
  appendItems,
  keepItems,
  lockSystemCatalog,
  putItems,
} from '../../../src/features/lists/queries.ts';
import * as settings from '../../../src/features/settings/queries.ts';
import * as stats from '../../../src/features/stats/queries.ts';
import * as torrents from '../../../src/features/torrents/queries.ts';
import * as checks from '../../../src/features/trackers/queries/checks.ts';
import * as trackers from '../../../src/features/trackers/queries/trackers.ts';
import { deleteEndedLimits, deleteFailedJobs } from '../../../src/features/upkeep/queries.ts';
import * as providerUsage from '../../../src/features/usenet/queries.ts';
import * as platform from '../../../src/platform/queries.ts';
import { tellTitlesChanged } from '../../../src/platform/queries.ts';
import * as play from '../../../src/play/queries.ts';
import { batch, type Calls, FILM, SERIES, stored } from './sample.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest();
const url = (index: number) => `udp://tracker${index}.example:1337/announce`;

export const otherCalls: Calls = {
  ids: async (db) => {
    await lockMappings(db);
    await putMappings(db, [{ ...emptyMapping('manami'), entry: 'mal:7', mal: 7, kitsu: 8 }]);
    await deleteOtherMappings(db, 'manami', ['mal:7']);
  },
  imports: async (db) => {
    await putSyncState(db, 'starter', { titles: 1 });
    await lastSync(db, 'starter');
    for (const after of [0, 50_000])
      await exportedTitles(db, { after, kinds: ['movie', 'series'], limit: 50 });
    await putImportState(db, 'import.imdb', '{}');
    await importStates(db, ['import.imdb']);
    await deleteImportStates(db, ['import.imdb']);
  },
  finders: async (db, { mediaPublicId, episodeId, catalogId }) => {
    const row: finders.FinderRow = {
      ...{
        kind: 'rss',
        name: 'A',
        host: 'a.example',
        placeHash: Buffer.alloc(32),
        placeSealed: Buffer.alloc(40),
      },
      ...{ hasKey: true, categories: [2000], state: 'approved', isFeed: true },
    };
    const { id, publicId } = await finders.insertFinder(db, row);
    await finders.updateFinder(db, id, row);
    await finders.finderAnswers(db, null, 500);
    await finders.findersOf(db, 7, 1000);
    await finders.finderToChange(db, publicId);
    await finders.findersToAsk(db, 30);
    await finders.claimFeeds(db, 4, 600);
    await outcomes.noteOutcome(db, id, { found: 1, error: null, restMs: null, tookMs: 12.5 });
    await outcomes.noteOutcome(db, id, { found: 0, error: 'It failed.', restMs: 1000, tookMs: 12.5 });
    await outcomes.finderDays(db, 500);
    await outcomes.forgetDays(db);
    await finders.wantedRow(db, FILM, null);
    await finders.wantedRow(db, SERIES, episodeId);
    await feeds.putPatterns(db, id, [{ pattern: 'x', catalogId }]);
    await feeds.patternsOf(db, id);
    await feeds.catalogsCalled(db, ['open-films']);
    const hashes = batch((index) => sha256(`item ${index}`));
    await feeds.noteSeen(db, id, hashes);
    await feeds.seenBefore(db, id, hashes);
    await feeds.forgetSeen(db);
    await feeds.setPoll(db, id, { etag: null, lastModified: null, againS: 600 });
    await feeds.sealedPlaces.stale(db, 0, Buffer.alloc(5, 1), 100);
    await feeds.sealedPlaces.replace(db, { streamId: id, sealed: Buffer.alloc(40) }, Buffer.alloc(41));
    const page = { titles: ['movie', 'series'], season: null, episode: null, offset: 0, limit: 100 } as const;
    await nab.nabItems(db, { ...page, stream: 'torrent', mediaIds: [FILM] });
    await nab.nabItems(db, { ...page, stream: 'torrent', mediaIds: null });
    await nab.titlesWithId(db, 'imdb', 'tt0000050', 'movie');
    await nab.postOf(db, mediaPublicId);
    await finders.deleteFinder(db, mediaPublicId);
  },
  'file facts': async (db) => {
    const facts = { etag: '"a"', sizeBytes: 5, videoHash: null, media: null, failure: 'media.unreadable' };
    await fileFacts.saveFacts(db, { ...facts, setColumns: [], streamId: 2, fileIndex: null });
    await fileFacts.sourcesOfFiles(db);
    await fileFacts.unhashedFiles(db, 1, 100);
    await fileFacts.saveHashes(db, [
      { streamId: 3, etag: null, sizeBytes: 5, videoHash: '0123456789abcdef' },
    ]);
    await fileFacts.storedFacts(db, 2, null);
    await fileFacts.storedFacts(db, 2, 0);
    await fileFacts.linkedFiles(db, 2, 3);
    await fileFacts.storedSubtitle(db, 2, 1);
  },
  lists: async (db, { catalogId }) => {
    await lockSystemCatalog(db, 'open-films');
    await keepItems(db, catalogId, stored);
    await putItems(db, catalogId, stored);
    await appendItems(db, catalogId, [2]);
    await addSystemCatalog(db, { slug: 'tmdb-popular', name: 'Popular on TMDB' });
  },
  settings: async (db) => {
    await settings.nextRevision(db);
    await settings.storeSettings(db, [{ key: 'addonName', type: 'string', value: 'x' }]);
    await settings.storedSettings(db);
    await settings.forgetSettings(db, ['addonName']);
  },
  stats: async (db, { mediaPublicId }) => {
    for (const visibility of ['licensed', 'all'] as const) {
      await stats.titleCounts(db, visibility);
      await stats.streamCounts(db, visibility);
      await stats.licenceCounts(db, visibility);
      await stats.episodeCount(db, visibility);
      await stats.newestTitles(db, visibility, 'de', 24);
      await stats.titleByPublicId(db, mediaPublicId, visibility);
    }
    await stats.ping(db);
  },
  trackers: async (db) => {
    await trackers.insertTrackers(db, batch(url, 30));
    await trackers.linkTrackers(
      db,
      batch((index) => ({ streamId: 9 * (1 + index), url: url(index), tier: 0 }), 30),
    );
    await trackers.unlinkTrackers(db, [9]);
    await trackers.allTrackers(db, { limit: 1000 });
    await trackers.setList(db, 'builtin', batch(url, 30));
    await trackers.claimRemoteList(db, 'https://lists.example/best.txt', 60);
    await trackers.remoteList(db);
    await trackers.settleRemoteList(db, {
      url: 'https://lists.example/best.txt',
      ...{ trackerCount: 20, reason: null, againS: 60 },
    });
    await trackers.dropRemoteList(db);
  },
  'tracker checks': async (db) => {
    const outcome = (index: number) => ({ url: url(index), ok: index % 2 === 0, latencyMs: 5, reason: null });
    await checks.claimDue(db, 32);
    await checks.recordOutcomes(db, batch(outcome, 30), 840);
    await checks.recordOutcomes(db, [outcome(1)], null);
    await checks.leaveUnknown(db, batch(url, 30), { reason: 'not listed', againS: 840 });
    await checks.makeDue(db, [url(1)]);
    await checks.makeAllDue(db);
    await checks.nextDueAt(db);
    await checks.plotHealth(db);
    await checks.healthOfDay(db);
    await checks.checksOfDay(db, 1000);
    await checks.forgetChecks(db);
  },
  torrents: async (db) => {
    const infoHash = 'a'.repeat(40);
    const found = { infoHash, piecesHeld: 5, bytesOnDisk: 500, accessedAt: 1_000_000_000_000 };
    await torrents.settleFound(db, 'here', [found], () => false);
    await torrents.listTorrents(db, { limit: 50, offset: 0 });
    await torrents.oneTorrent(db, infoHash);
    await torrents.storageUse(db, 'here');
    await torrents.pauseStored(db, infoHash);
    await torrents.pausedTorrents(db);
    await torrents.resumeStored(db, infoHash);
    await torrents.deleteStored(db, [infoHash], null);
    await torrents.forgetStored(db);
  },
  usenet: async (db) => {
    await providerUsage.addUsage(db, [{ provider: 'news', bytes: 1, articles: 1, missing: 0, failures: 0 }]);
    await providerUsage.usageOfMonth(db);
    await providerUsage.forgetUsage(db);
    await tellTitlesChanged(db);
  },
  upkeep: async (db) => {
    await deleteEndedLimits(db, 5_000_000, 1000);
    await deleteFailedJobs(db, 14);
  },
  play: async (db) => {
    const lease = (index: number) => ({
      key: `lease ${index}`,
      subjectKey: `subject ${index}`,
      ipKey: `ip ${index}`,
    });
    await play.takeLease(db, 'here', lease(1), { perSubject: 20, perIp: 30 }, 30);
    await play.renewLeases(db, 'here', batch(lease, 30), 30);
    await play.dropLeases(db, 'here', ['lease 3', 'lease 4']);
    await play.putLiveList(db, 'here', []);
    await play.otherLiveLists(db, 'here', 6);
    await play.dropLiveList(db, 'here');
    await play.forgetEndedStreams(db);
  },
  platform: async (db) => {
    await platform.serverFacts(db);
    await platform.tableSizes(db);
    await platform.jobCounts(db);
    const [known, fresh] = ['key 5000', 'another'].map((key) => ({
      space: 'http-facts',
      key,
      token: 'mine',
    }));
    if (known === undefined || fresh === undefined) throw new Error('two were made');
    for (const each of [known, fresh])
      await platform.readSharedValue(db, { ...each, isWaiting: true, leaseMs: 10_000 });
    await platform.endSharedLease(db, { ...fresh, unlessAwaited: true });
    await platform.storeSharedValue(db, { ...fresh, value: 'x', lifeMs: 60_000 });
    await platform.dropSharedValues(db, 'http-facts', ['key 7', 'key 8']);
    await platform.dropSharedValues(db, 'another-space', null);
    await platform.deleteEndedValues(db, 1000);
  },
};
