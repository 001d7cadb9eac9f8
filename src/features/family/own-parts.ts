import type { Db } from '../../platform/db.ts';
import type { OwnedPart } from '../accounts/index.ts';
import { installsOf } from './queries/installs.ts';
import { findProfile, profilesOf } from './queries/profiles.ts';
import { rulesOf } from './queries/rules.ts';

const PAGE = 500;

/** What of a family an account owns, as it is handed out. */
export const FAMILY_PARTS: readonly OwnedPart[] = [
  { name: 'profiles', read: (db, { userId }) => profilesOf(db, userId) },
  { name: 'installs', read: (db, { userId }) => installsOf(db, userId) },
  {
    name: 'rules',
    async *read(db: Db, { userId }) {
      for (const { profileId } of await profilesOf(db, userId)) {
        const profile = await findProfile(db, userId, profileId);
        for (let skip = 0; profile !== null; skip += PAGE) {
          const page = await rulesOf(db, profile.id, { skip, limit: PAGE });
          yield page.map((rule) => ({ profileId, ...rule }));
          if (page.length < PAGE) break;
        }
      }
    },
  },
];
