import { randomUUID } from 'node:crypto';
import * as deleted from '../../../src/features/sources/queries/deleted.ts';
import * as files from '../../../src/features/sources/queries/files.ts';
import * as items from '../../../src/features/sources/queries/items.ts';
import * as answers from '../../../src/features/sources/queries/scan-answers.ts';
import * as scans from '../../../src/features/sources/queries/scans.ts';
import * as sources from '../../../src/features/sources/queries/sources.ts';
import * as staging from '../../../src/features/sources/queries/staging.ts';
import * as subtitles from '../../../src/features/sources/queries/subtitles.ts';
import { dropSubtitles, putFoundSubtitles } from '../../../src/features/stream-index/queries/parts.ts';
import { type Calls, FILM, stored } from './sample.ts';

const holder = randomUUID();
const batchId = randomUUID();
const SOURCE = 1;
const http = { id: SOURCE, finder: 'http-index' } as const;
const path = (n: number) => `Films/Film.${n}.2001.mkv`;
const none = { folders: 0, files: 0, inserted: 0, skipped: 0, invalid: 0, extras: 0, subtitles: 0 };

export const sourceCalls: Calls = {
  sources: async (db) => {
    const row: sources.SourceRow = {
      ...{ name: 'A', baseUrl: 'http://a.example/', finder: 'http-index', config: {}, username: 'me' },
      ...{ passwordSealed: Buffer.alloc(40), priority: 0, isActive: true, allowsPrivate: false },
      ...{ offers: 'proxied', scanMinutes: 360 },
    };
    const publicId = await sources.insertSource(db, row);
    const added = await sources.storedSource(db, publicId);
    const id = added?.id ?? SOURCE;
    await sources.sourceById(db, id);
    await sources.sourceToChange(db, publicId);
    await sources.updateSource(db, id, row, true);
    await sources.sourceAnswers(db, null, { limit: 500, mostCounted: 1000 });
    await sources.sourceAround(db, 'http://b.example/', null);
    await sources.watchableSources(db, 50);
    await sources.sealedPasswords.stale(db, 0, Buffer.alloc(5, 1), 100);
    await sources.sealedPasswords.replace(db, { streamId: id, sealed: Buffer.alloc(40) }, Buffer.alloc(41));
    await answers.scansOf(db, SOURCE, 100);
    await answers.runningScans(db, { limit: 100, mostCounted: 100_000 });
    await answers.lastScan(db, SOURCE, 100_000);
    for (const of of [null, SOURCE]) await answers.matchingOf(db, of, 100_000);
    await scans.dueSources(db, 3);
    await scans.makeSourceDue(db, publicId);
    await scans.makeDueSoon(db, id, true);
    await deleted.markDeleted(db, id);
    for (const source of await deleted.deletedSources(db, 50)) {
      for (const table of deleted.SCAN_TABLES) await deleted.dropNotes(db, table, source.id, 1000);
      await deleted.streamsToDrop(db, source, 1000);
      await deleted.dropSource(db, source);
    }
  },
  'a scan': async (db) => {
    await scans.lockSource(db, SOURCE);
    const scan = await scans.beginScan(db, SOURCE, holder);
    if (scan === null) throw new Error('nobody scans it');
    const running = { scanId: scan.scanId, holder };
    await scans.putFolders(db, SOURCE, ['Films', 'Series']);
    await scans.endFolders(db, SOURCE, [{ path: 'Films', state: 'read' }]);
    await scans.waitingFolders(db, SOURCE, 1000);
    await files.hasFiles(db, http);
    const videos = [1, 2, 3].map((n) => ({
      ...{ path: path(n), name: 'Film.mkv', sizeBytes: n, modifiedAt: null, isExtra: false },
    }));
    await staging.stageVideos(db, { source: http, batchId, isHeld: true }, videos);
    await staging.stageSubtitles(db, { source: http, batchId }, [
      { path: 'a.srt', folder: '', name: 'a.srt' },
    ]);
    await staging.countStaged(db, SOURCE, 100_000);
    await staging.noteSeenPaths(
      db,
      SOURCE,
      videos.map((video) => video.path),
    );
    await scans.noteScan(db, running, none, 'Films');
    await staging.sightsOf(db, http);
    await staging.settleItems(db, SOURCE);
    await staging.dropGoneSubtitles(db, SOURCE);
    await staging.dropItems(db, [1]);
    await scans.leaveScan(db, running);
    await scans.walkedSoFar(db, SOURCE, scan.scanId);
    await scans.failedFolders(db, SOURCE);
    await scans.endScan(db, running, { status: 'completed', failure: null, moved: 0, gone: 0 });
    await scans.noteScanned(db, SOURCE, null);
    await scans.endWalk(db, SOURCE, 'It moved.');
    await scans.noteResults(db, { sourceId: SOURCE, batchId }, none);
    await scans.forgetOldScans(db, 90);
  },
  'the end of a scan': async (db) => {
    await staging.movedFiles(db, http);
    await staging.goneStreams(db, http);
    await staging.foundStreams(db, http);
    await dropSubtitles(db, [{ streamId: FILM, path: 'a.srt' }]);
  },
  matching: async (db) => {
    await staging.stageVideos(db, { source: http, batchId, isHeld: false }, [
      { path: path(9), name: 'Film.mkv', sizeBytes: 9, modifiedAt: null, isExtra: false },
    ]);
    await items.claimItems(db, 200);
    const item = { sourceId: SOURCE, batchId, failure: 'x' };
    const ends = [
      { ...item, id: 1, end: 'unmatched' as const },
      { ...item, id: 2, end: 'matched' as const },
    ];
    await items.endItems(db, ends);
    await items.noteEnds(db, ends);
    await items.standingsOf(db, stored);
    await items.retryItems(db, SOURCE);
    await subtitles.sourcesWithSubtitles(db, 20);
    await subtitles.waitingSubtitles(db, 2, 500);
    await subtitles.videosIn(db, http, ['', 'Films']);
    await subtitles.endSubtitles(db, [{ id: 1, streamId: null }]);
    await subtitles.reviveSubtitles(db, [2]);
    await putFoundSubtitles(db, [
      { streamId: FILM, path: 'a.srt', language: 'en', encoding: null, similarity: 1 },
    ]);
  },
};
