import * as rules from '../../../src/features/tags/queries/rules.ts';
import * as tags from '../../../src/features/tags/queries/tags.ts';
import { isKnownTo } from '../../../src/features/media/queries/match.ts';
import { type Calls, FILM, SERIES, stored } from './sample.ts';

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
};
