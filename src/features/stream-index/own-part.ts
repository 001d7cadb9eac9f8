import type { Db } from '../../platform/db.ts';
import type { OwnedPart } from '../accounts/index.ts';
import { deleteStreamsOf, streamsOfUser } from './queries/own-streams.ts';

const PAGE = 500;

/** What a user added to titles of their own and linked, as it is handed out; what is theirs alone goes with the account. */
export const OWN_STREAMS_PART: OwnedPart = {
  name: 'streams',
  async *read(db: Db, { userId }) {
    for (let after = 0; ; ) {
      const page = await streamsOfUser(db, userId, after, PAGE);
      yield page.map(({ id: _id, ...stream }) => stream);
      if (page.length < PAGE) return;
      after = page.at(-1)?.id ?? after;
    }
  },
  drop: deleteStreamsOf,
};
