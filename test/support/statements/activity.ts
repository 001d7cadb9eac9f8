import * as history from '../../../src/features/activity/queries/history.ts';
import * as marks from '../../../src/features/activity/queries/marks.ts';
import * as titles from '../../../src/features/activity/queries/titles.ts';
import { type Calls, FILM, SERIES } from './sample.ts';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const of = { profileId: 1, userId: 1 };
const after = { micros: Date.now() * 1000, id: 4000 };

export const activityCalls: Calls = {
  'what was played': async (db, { episodeId }) => {
    const film = { mediaId: FILM, episodeId: null };
    await history.lockHistory(db, 1);
    await history.historyPage(db, { ...of, after: null, limit: 50 });
    await history.historyPage(db, { ...of, after, limit: 50 });
    await history.continued(db, { ...of, limit: 20 });
    await history.recentlyWatched(db, { ...of, limit: 10 });
    const rowId = await history.insertEntry(db, {
      ...film,
      ...{ profileId: 1, streamId: 7, playedAt: null, progressSeconds: null, durationSeconds: null },
      ...{ isCompleted: false, origin: 'play', source: null, context: null, pauses: 0, rewinds: 0 },
    });
    await history.entryOf(db, 1, rowId ?? 0);
    await history.openEntry(db, { profileId: 1, ...film });
    await history.trackEntry(db, rowId ?? 0, {
      ...{ progressSeconds: 60, durationSeconds: null, isCompleted: false },
      ...{ source: null, context: null, pauses: null, rewinds: null },
    });
    await history.isPlayedLately(db, { profileId: 1, mediaId: SERIES, episodeId });
    await history.dropOldEntries(db, 1);
    await history.deleteEntry(db, 1, UNKNOWN);
    await history.deleteHistory(db, 2);
  },
  'titles a profile keeps': async (db, { episodeId }) => {
    const mark = { profileId: 1, mediaId: FILM, kind: 'library' as const };
    await marks.markPage(db, { ...of, kind: 'library', after: null, limit: 50 });
    await marks.markPage(db, { ...of, kind: 'library', after, limit: 50 });
    await marks.insertMark(db, mark);
    await marks.isFull(db, mark, 10_000);
    await marks.deleteMark(db, mark);
    await titles.ownProfile(db, 1, UNKNOWN);
    await titles.ownProfiles(db, 1);
    await titles.streamOfTitle(db, { publicId: UNKNOWN, mediaId: FILM, userId: 1 });
    await titles.seenTitle(db, { mediaId: FILM, userId: 1, episodeId: null, season: null, episode: null });
    await titles.seenTitle(db, { mediaId: SERIES, userId: 1, episodeId, season: null, episode: null });
    await titles.seenTitle(db, { mediaId: SERIES, userId: 1, episodeId: null, season: 1, episode: 1 });
  },
};
