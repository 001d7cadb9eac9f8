import type { Db } from '../../platform/db.ts';
import type { OwnedPart } from '../accounts/index.ts';
import { devicesOf } from './queries/devices.ts';
import { requestsOf } from './queries/requests.ts';

const PAGE = 500;

/** The devices of an account and what its children asked for, as they are handed out. */
export const DEVICE_PARTS: readonly OwnedPart[] = [
  { name: 'devices', read: (db, { userId }) => devicesOf(db, userId) },
  {
    name: 'requests',
    async *read(db: Db, { userId }) {
      for (let skip = 0; ; skip += PAGE) {
        const page = await requestsOf(db, userId, { skip, limit: PAGE });
        yield page;
        if (page.length < PAGE) return;
      }
    },
  },
];
