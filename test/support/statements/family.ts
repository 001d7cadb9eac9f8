import { curatedPage, popularPage, recentPage, shelfPage } from '../../../src/catalogs/queries.ts';
import { findTitles } from '../../../src/catalogs/search/index.ts';
import { curatedLists } from '../../../src/catalogs/stock/queries.ts';
import type { Viewer } from '../../../src/catalogs/viewer.ts';
import * as ages from '../../../src/features/family/queries/ages.ts';
import * as installs from '../../../src/features/family/queries/installs.ts';
import * as profiles from '../../../src/features/family/queries/profiles.ts';
import * as rules from '../../../src/features/family/queries/rules.ts';
import * as verdicts from '../../../src/features/family/queries/verdicts.ts';
import * as viewers from '../../../src/features/family/queries/viewers.ts';
import { type Calls, FILM } from './sample.ts';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';

/** Kids with a rule for one title of a hundred (`many-titles-rows.ts`). */
export const allowViewer: Viewer = {
  ...{ profileId: 1, userId: 1, isKid: true, mode: 'allow', maxAge: 0, allowsUnrated: false },
  ...{ hasBlockedTags: true, policyVersion: 1 },
};
export const ageViewer: Viewer = { ...allowViewer, profileId: 2, mode: 'age', maxAge: 13 };

export const familyCalls: Calls = {
  profiles: async (db) => {
    const publicId = await profiles.insertProfile(db, 7, {
      ...{ kind: 'standard', name: 'Mum', avatar: null, age: null, pinHash: null, mode: 'all', maxAge: null },
      ...{ allowsUnrated: false, hours: null, dailyMinutes: null, config: {} },
    });
    const profile = await profiles.lockProfile(db, 7, publicId);
    const id = profile?.id ?? 0;
    await profiles.profilesOf(db, 7);
    await profiles.profileAnswer(db, 7, publicId);
    await profiles.findProfile(db, 7, publicId);
    await profiles.lockAnyProfile(db, publicId);
    await profiles.lockUserProfiles(db, 7);
    await profiles.countProfiles(db, 7);
    await profiles.updateProfile(db, id, { name: 'Mother', hours: [] });
    await profiles.countChange(db, id);
    await profiles.makeDefault(db, 7, id);
    await profiles.noteMinute(db, id);
    await profiles.deleteOldMinutes(db, 100);
    await profiles.deleteProfile(db, id);
  },
  rules: async (db) => {
    await rules.rulesOf(db, 1, { skip: 0, limit: 100 });
    await rules.rulesOf(db, 1, { skip: 0, limit: 1, mediaId: FILM });
    await rules.countRules(db, 1);
    await rules.putRule(db, 1, FILM, 'allow');
    await rules.putRule(db, 1, FILM, null);
    await rules.putBlockedEpisodes(db, 1, FILM, [{ season: 1, episode: 2 }]);
    await rules.unblockEpisode(db, 1, FILM, { season: 1, episode: 2 });
    await rules.putBlockedTags(db, 1, ['monsters']);
  },
  installs: async (db) => {
    const { id, publicId } = await installs.insertInstall(db, 20, 'TV');
    await installs.installsOf(db, 7);
    await installs.countInstalls(db, 7);
    await installs.changeInstall(db, 7, publicId, { name: 'Radio' });
    await installs.noteInstallSeen(db, id, 'Stremio');
    await installs.noteManifestSeen(db, id, 'digest');
    await installs.revokeInstall(db, 7, UNKNOWN);
  },
  viewers: async (db) => {
    await viewers.watcherOf(db, 20);
    await viewers.installedBy(db, 20);
    await viewers.hasKids(db);
  },
  verdicts: async (db) => {
    for (const viewer of [allowViewer, ageViewer]) {
      await verdicts.standingFor(db, viewer, { mediaId: FILM, episodeId: null });
      await verdicts.standingFor(db, viewer, { mediaId: FILM, episodeId: 1 });
      await verdicts.blockedEpisodes(db, viewer, FILM);
      await verdicts.mixedFiles(db, viewer, [1, 2, 3]);
      await verdicts.seenTitles(db, viewer, { kind: 'movie', skip: 0, limit: 100 });
    }
  },
  'pages of kids': async (db) => {
    for (const viewer of [allowViewer, ageViewer]) {
      for (const genre of [undefined, 'Drama', 'Western']) {
        for (const skip of [0, 500]) {
          const asked = { kind: 'movie', visibility: 'all', language: 'de', viewer, genre, skip } as const;
          await popularPage(db, asked);
          await recentPage(db, asked);
        }
      }
      const asked = { kind: 'movie', visibility: 'all', language: 'de', viewer, skip: 0 } as const;
      await curatedPage(db, asked, 'open-films');
      await shelfPage(db, 'year', { ...asked, choice: '1999' });
      await curatedLists(db, 'all', viewer);
      await findTitles(db, { text: 'the gold', kind: 'movie', audience: 'all', viewer });
    }
  },
  ages: async (db) => {
    await ages.storedCountries(db);
    await ages.forgetCountries(db);
    await ages.putCountries(db, ['DE', 'GB']);
    await ages.refreshAges(db, 0, 10);
  },
};
