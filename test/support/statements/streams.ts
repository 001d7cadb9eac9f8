import { createHash, randomUUID } from 'node:crypto';
import * as answers from '../../../src/features/stream-index/queries/answers.ts';
import { candidatesFor } from '../../../src/features/stream-index/queries/candidates.ts';
import { explainRow } from '../../../src/features/stream-index/queries/explain.ts';
import { offerExtras } from '../../../src/features/stream-index/queries/offer-extras.ts';
import { linksOfStream, offerRows } from '../../../src/features/stream-index/queries/offers.ts';
import * as own from '../../../src/features/stream-index/queries/own-streams.ts';
import * as parts from '../../../src/features/stream-index/queries/parts.ts';
import * as playlist from '../../../src/features/stream-index/queries/playlist.ts';
import * as plays from '../../../src/features/stream-index/queries/plays.ts';
import * as reading from '../../../src/features/stream-index/queries/reading.ts';
import * as scores from '../../../src/features/stream-index/queries/scores.ts';
import * as streams from '../../../src/features/stream-index/queries/streams.ts';
import * as external from '../../../src/streams/external/queries.ts';
import * as ftp from '../../../src/streams/ftp/queries.ts';
import * as http from '../../../src/streams/http/queries.ts';
import * as local from '../../../src/streams/local/queries.ts';
import { moveLocal } from '../../../src/streams/local/queries.ts';
import { moveFtp, moveHttp } from '../../../src/streams/queries.ts';
import * as telegram from '../../../src/streams/telegram/queries.ts';
import * as health from '../../../src/streams/torrent/health/queries.ts';
import * as torrent from '../../../src/streams/torrent/queries.ts';
import { trackersFor } from '../../../src/streams/torrent/trackers/queries.ts';
import * as usenetHealth from '../../../src/streams/usenet/health/queries.ts';
import * as usenet from '../../../src/streams/usenet/queries.ts';
import * as youtube from '../../../src/streams/youtube/queries.ts';
import { batch, type Calls, each, FILM, SERIES, stored } from './sample.ts';

/** A stream of each kind in the filled database, by its number modulo 10. */
const OF = { torrent: 10, http: 2, ftp: 9, youtube: 4, external: 5, usenet: 6, telegram: 7, local: 8 };
const SEALED = { sealed: Buffer.from('sealed') };
/** What one title offers at most. */
const shown = stored.slice(0, 25);
const sha256 = (text: string) => createHash('sha256').update(text).digest();

const readCalls: Calls = {
  offers: async (db, { episodeId }) => {
    for (const only of ['licensed', 'all'] as const) {
      await candidatesFor(db, { mediaId: FILM, episodeId: null }, only);
      await candidatesFor(db, { mediaId: SERIES, episodeId }, only);
    }
    await offerRows(db, shown);
    await offerExtras(db, shown);
    await linksOfStream(db, 1, 100);
  },
  explain: (db) => explainRow(db, 1),
  answers: async (db, { episodeId }) => {
    await answers.streamRows(db, shown);
    await answers.answerLinks(db, shown, null, 100);
    await answers.answerLinks(db, shown, FILM, 100);
    await answers.filesOf(db, OF.torrent, 100);
    await answers.streamIdsOfTitle(db, { mediaId: FILM, episodeId: null }, 0, 50);
    await answers.streamIdsOfTitle(db, { mediaId: SERIES, episodeId }, 0, 50);
    await answers.isPlayable(db, 1);
  },
  playlist: async (db) => {
    await playlist.playlistOf(db, OF.torrent, 5000);
    await playlist.linkedPlaylist(db, ['http', 'local'], 0, 1000);
    await playlist.playlistSubtitles(db, stored);
  },
  ids: async (db, { streamPublicId }) => {
    await streams.publicIdsOf(db, stored);
    await streams.streamIdOf(db, streamPublicId);
    await streams.licenceCodes(db);
    await own.knownStream(db, OF.http, 7);
    await own.makeOwn(db, OF.http, 7);
    await own.openOwn(db, [OF.http, OF.torrent], null);
    await own.leavePrivate(db, [OF.http, OF.torrent], null);
    await own.leavePrivate(db, [OF.http], 7);
    await own.streamsOfUser(db, 7, 0, 500);
    await own.countStreamsOf(db, FILM);
    await own.unlinkStreams(db, FILM, OF.http);
    await own.unlinkStreams(db, SERIES, null);
    await own.deleteStreamsOf(db, 7);
  },
};

const writeCalls: Calls = {
  lock: streams.lockStreams,
  insert: (db) =>
    streams.insertStreams(
      db,
      batch((index) => ({
        ...{ publicId: randomUUID(), kind: 'http', name: `New ${index}`, origin: null },
        ...{ found: { resolution: '1080p' }, given: {}, told: [] },
      })),
    ),
  update: (db) =>
    streams.updateStreams(
      db,
      each((streamId) => ({ streamId, given: { is_blocked: true }, found: { codec: 'x264' } })),
    ),
  'read again': async (db) => {
    await reading.readByOthers(db, '3', 500);
    await reading.writeReadings(
      db,
      '3',
      each((streamId) => ({ streamId, columns: { codec: 'HEVC' } })),
    );
  },
  touch: (db) => streams.touchStreams(db, stored),
  'hide unseen': (db) => streams.hideUnseen(db, 'm3u.list', new Date()),
  delete: (db) => streams.deleteStream(db, 1),
  files: (db) =>
    parts.putFiles(
      db,
      each((streamId) => ({ streamId, index: 0, name: 'new.mkv', sizeBytes: 5, contentType: null })),
    ),
  languages: async (db) => {
    await parts.insertLanguages(db, [{ code: 'fr', iso6392: 'fra', name: 'French' }]);
    const given = each((streamId) => ({ streamId, language: 'fr', kind: 'audio' as const }));
    await parts.keepAudio(db, stored, given);
    await parts.addLanguages(db, given);
  },
  subtitles: (db) =>
    parts.putSubtitles(
      db,
      each((streamId) => ({
        ...{ streamId, path: 'https://files.example/new.srt', language: 'en' },
        ...{ fileIndex: null, ofFileIndex: null },
      })),
    ),
  links: (db) =>
    parts.putLinks(
      db,
      each((streamId) => ({
        ...{ streamId, mediaId: FILM, episodeId: null, fileIndex: null },
        ...{ isVerified: true, confidence: 1, linkedBy: null },
      })),
    ),
  inside: async (db) => {
    await parts.keepFiles(db, OF.torrent, [0, 1]);
    await parts.dropOtherLinks(db, OF.torrent, [{ mediaId: FILM, episodeId: null, fileIndex: 0 }]);
  },
  plays: async (db) => {
    await plays.insertPlay(db, { subjectHash: sha256('somebody'), mediaId: FILM, streamId: 1 });
    await plays.deleteOldPlays(db, 1000);
    await plays.deleteOldPlayDays(db, 1000);
  },
  expiry: (db) => plays.deactivateExpired(db, 1000),
  orphans: (db) => plays.deleteOrphans(db, 1000),
  scores: async (db) => {
    await scores.scoredFacts(db, stored);
    await scores.setScores(
      db,
      each((streamId) => ({ streamId, score: 9.3 })),
    );
  },
};

const kindCalls: Calls = {
  'swarm checks': async (db) => {
    await health.claimDueSwarms(db, 500, 300);
    const counts = { seeders: 5, leechers: 1, completed: 9 };
    await health.saveChecks(
      db,
      batch((index) => ({ streamId: 9 * (1 + index), counts, intervalS: 21_600, dueInS: 22_000 })),
    );
  },
  torrent: async (db) => {
    await torrent.streamOfTorrent(db, 'a'.repeat(40));
    await torrent.saveTorrentRow(db, {
      ...{ streamId: OF.torrent, infoHash: 'a'.repeat(40), visibility: 'private' as const },
      ...{ magnetSealed: null, fileSealed: null, webSeeds: [] },
      ...{ seeders: 5, leechers: 1, publishedAt: '2024-01-01T00:00:00Z' },
    });
    await torrent.offeredTorrents(db, shown);
    await torrent.storedTorrent(db, shown[0] ?? 0);
    await torrent.countsOf(db, 'a'.repeat(40), 'here');
    await torrent.forgetTorrentAccess(db, [OF.torrent]);
    await trackersFor(db, {
      own: batch((index) => `udp://tracker${index}.example:1337/announce`, 20),
      isPrivate: false,
    });
    for (const part of ['magnet', 'file'] as const) {
      await torrent.staleTorrents(part)(db, 0, SEALED.sealed, 100);
      await torrent.replaceInTorrent(part)(db, { ...SEALED, streamId: OF.torrent }, SEALED.sealed);
    }
  },
  http: async (db) => {
    await http.streamsOfUrls(db, [sha256('2'), sha256('3')]);
    await http.saveHttpRows(db, [
      {
        ...{ streamId: OF.http, url: 'https://files.example/new.mp4', urlHash: sha256('new') },
        ...{ format: 'progressive', headersSealed: null, expiresAt: null },
        place: { sourceId: 1, filePath: 'new.mp4' },
      },
    ]);
    await moveHttp(db, [
      { streamId: OF.http, url: 'https://files.example/m.mp4', urlHash: sha256('m'), filePath: 'm.mp4' },
    ]);
    await http.rebaseHttp(db, 1, 'https://files.example/');
    await http.offeredHttp(db, shown);
    await http.storedHttp(db, OF.http);
    await http.staleHeaders(db, 0, SEALED.sealed, 100);
    await http.replaceHeaders(db, { ...SEALED, streamId: OF.http }, SEALED.sealed);
  },
  ftp: async (db) => {
    await ftp.streamsOfFtpUrls(db, [sha256('9'), sha256('8')]);
    await ftp.saveFtpRows(db, [
      {
        ...{ streamId: OF.ftp, url: 'ftp://files.example/new.mp4', urlHash: sha256('new') },
        ...{ credentialsSealed: null, place: { sourceId: 1, filePath: 'new.mp4' } },
      },
    ]);
    await moveFtp(db, [
      { streamId: OF.ftp, url: 'ftp://files.example/m.mp4', urlHash: sha256('m'), filePath: 'm.mp4' },
    ]);
    await ftp.offeredFtp(db, shown);
    await ftp.storedFtp(db, OF.ftp);
    await ftp.staleCredentials(db, 0, SEALED.sealed, 100);
    await ftp.replaceCredentials(db, { ...SEALED, streamId: OF.ftp }, SEALED.sealed);
  },
  youtube: async (db) => {
    await youtube.streamOfVideo(db, 'aaaaaaaaaaa');
    await youtube.saveYoutubeRow(db, OF.youtube, 'aaaaaaaaaaa', false);
    await youtube.offeredYoutube(db, shown);
  },
  external: async (db) => {
    const page = { service: 'web', url: 'https://watch.example/new' };
    await external.streamOfPage(db, page.service, page.url);
    await external.saveExternalRow(db, { streamId: OF.external, ...page, region: null, deepLink: null });
    await external.offeredExternal(db, shown);
  },
  usenet: async (db) => {
    const [key, sealed] = ['r'.repeat(22), SEALED.sealed];
    await usenet.streamOfNzb(db, 'new', key);
    await usenet.saveUsenetRow(db, {
      ...{ streamId: OF.usenet, guid: 'new', urlSealed: null, isPassworded: false, passwordSealed: null },
      nzb: { key, sealed, sizeBytes: 5, completeness: 1, postedAt: 1_764_000_000 },
    });
    await usenet.offeredUsenet(db, shown);
    await usenet.keyOfStream(db, OF.usenet);
    await usenet.forgetPostAccess(db, [OF.usenet]);
    await usenet.storedPost(db, OF.usenet);
    for (const column of [
      usenet.sealedUrls,
      usenet.sealedNzbs,
      usenet.sealedPasswords,
      usenet.sealedUploads,
    ]) {
      await column.stale(db, 0, sealed, 100);
      await column.replace(db, { ...SEALED, streamId: OF.usenet }, sealed);
    }
    await usenet.keepUpload(db, key, sealed, 31);
    await usenet.uploadOf(db, key);
    await usenet.saveLearned(db, key, { version: 1, posted: [], files: null });
    await usenet.learnedOf(db, key);
    await usenet.streamsOfRelease(db, key);
    await usenet.forgetReleases(db);
    await usenetHealth.checkSoon(db, key);
    await usenetHealth.claimDuePosts(db, 10, 900);
    const found = { health: 'damaged', completeness: 0.5 } as const;
    await usenetHealth.saveHealth(db, [{ streamId: OF.usenet, found, dueInS: 21_600 }]);
  },
  telegram: async (db) => {
    await telegram.streamOfMessage(db, 'channel1', 1);
    await telegram.saveTelegramRow(db, OF.telegram, 'channel1', 1);
    await telegram.offeredTelegram(db, shown);
  },
  local: async (db) => {
    const file = { folder: 'films', path: 'new.mkv' };
    await local.streamsOfFiles(db, [file, { folder: 'films', path: 'old.mkv' }]);
    await local.saveLocalRows(db, [
      { ...file, streamId: OF.local, place: { sourceId: 1, filePath: 'new.mkv' } },
    ]);
    await moveLocal(db, [{ streamId: OF.local, folder: 'films', path: 'm.mkv', filePath: 'm.mkv' }]);
    await local.offeredLocal(db, shown);
    await local.storedLocal(db, OF.local);
  },
};

export const streamCalls: Calls = { ...readCalls, ...writeCalls, ...kindCalls };
