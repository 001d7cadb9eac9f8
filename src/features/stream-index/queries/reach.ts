import { command, type Db, sql } from '../../../platform/db.ts';

/**
 * Hides streams as `broken`, or shows them again; what is in that state already is left alone. What its owner switched off stays off. With one
 * that is shown again goes what `source_link_check` has against it.
 */
export async function markStreams(
  db: Db,
  streamIds: readonly number[],
  state: 'active' | 'broken',
): Promise<void> {
  if (streamIds.length === 0) return;
  const former = state === 'active' ? 'broken' : 'active';
  await db.query(command('streams.mark')`
    UPDATE stream SET state = ${state} WHERE id = ANY (${sql.array(streamIds, 'int8')}) AND state = ${former}
  `);
}

/** Its bytes were read just now. */
export async function noteVerified(db: Db, streamId: number): Promise<void> {
  await db.query(
    command('streams.note_verified')`UPDATE stream SET verified_at = now() WHERE id = ${streamId}`,
  );
}

/** Deletes streams with their links and files. */
export async function deleteStreams(db: Db, streamIds: readonly number[]): Promise<void> {
  await db.query(command('streams.delete_many')`
    DELETE FROM stream WHERE id = ANY (${sql.array(streamIds, 'int8')})
  `);
}
