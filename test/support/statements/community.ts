import * as reports from '../../../src/features/content-reports/queries.ts';
import { ReportQuery } from '../../../src/features/content-reports/schemas.ts';
import * as chosen from '../../../src/features/deep-links/queries/chosen.ts';
import * as links from '../../../src/features/deep-links/queries/links.ts';
import { isKnownTo } from '../../../src/features/media/queries/match.ts';
import * as rules from '../../../src/features/tags/queries/rules.ts';
import * as tags from '../../../src/features/tags/queries/tags.ts';
import { countReport, verifyLink } from '../../../src/streams/external/queries.ts';
import { type Calls, FILM, SERIES, stored } from './sample.ts';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
/** External in the filled database, of a title of its own. */
const LINK = 1005;
const URL = 'https://watch.example/1005';

export const communityCalls: Calls = {
  'tags of titles': async (db, { episodeId }) => {
    await tags.allTags(db);
    const { tagId } = (await tags.tagBySlug(db, 'monsters')) ?? { tagId: 0 };
    await tags.tagsOfTitle(db, SERIES);
    await tags.placesOfTag(db, SERIES, tagId);
    const place = { mediaId: SERIES, episodeId, tagId };
    await tags.putTag(db, place, 'moderator');
    await tags.denyTag(db, place);
    await isKnownTo(db, FILM, 7);
  },
  'rules of tags': async (db) => {
    await rules.takeDue(db, 400);
    await rules.makeDue(db, 0, 20_000);
    await rules.applyRules(db, stored, ['DE', 'US']);
  },
  reports: async (db) => {
    const target = { mediaId: FILM, episodeId: null, streamId: null, tagId: null };
    const { id } = await reports.putReport(db, {
      ...{ ...target, reporterId: 7, kind: 'takedown', description: null },
    });
    await reports.reportLoad(db, 7);
    await reports.isStreamKnownTo(db, LINK, 7);
    for (const seer of [
      { userId: 7, isModerator: false },
      { userId: null, isModerator: true },
    ]) {
      await reports.reportPage(db, seer, ReportQuery.parse({}));
      await reports.reportPage(
        db,
        seer,
        ReportQuery.parse({ state: 'resolved', kind: 'other', target: 'title' }),
      );
      await reports.reportPage(db, seer, ReportQuery.parse({ target: 'stream', cursor: UNKNOWN }));
      await reports.reportAnswer(db, id, seer);
      await reports.reportCounts(db, seer, false);
    }
    await reports.lockReport(db, UNKNOWN);
    await reports.decideReport(db, id, { state: 'resolved', note: null, reviewerId: 8 });
    await reports.deleteReport(db, id);
  },
  'services and deep links': async (db, { episodeId }) => {
    await chosen.chooseServices(db, 7, ['netflix', 'hulu']);
    await chosen.chosenServices(db, 7);
    await links.placesOfPage(db, 'web', URL);
    await links.noteReporter(db, LINK, { userId: 7, device: 'tv' });
    await links.toldBy(db, 7, 0, 500);
    await links.toldToday(db, 7);
    await links.linkAnswer(db, LINK);
    await links.linksOf(db, { mediaId: SERIES, episodeId }, ['netflix', 'hulu'], false);
    await links.lockLink(db, LINK);
    await links.titleToSearch(db, FILM);
    await countReport(db, LINK);
    await verifyLink(db, LINK, true);
  },
};
