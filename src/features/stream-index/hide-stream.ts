import type { Db } from '../../platform/db.ts';
import { updateStreams } from './queries/streams.ts';

/** Blocks a stream, so that it is offered and played to nobody, or gives it back. */
export async function hideStream(db: Db, streamId: number, isHidden: boolean): Promise<void> {
  await updateStreams(db, [{ streamId, given: { is_blocked: isHidden }, found: {} }]);
}
