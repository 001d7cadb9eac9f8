import type { OwnedPart } from '../accounts/index.ts';
import { findersOf } from './queries/finders.ts';

const MOST = 1000;

/** A user's own finders, as they are handed out. */
export const FINDERS_PART: OwnedPart = {
  name: 'finders',
  read: (db, { userId }) => findersOf(db, userId, MOST),
};
