import { z } from 'zod';
import { command, type Db, rows } from '../../platform/db.ts';
import { offeredFrom, StreamId, streamIdBy } from '../queries.ts';

const Offer = z.object({ streamId: z.int(), chat: z.string(), messageId: z.int() });

export function streamOfMessage(db: Db, chat: string, messageId: number): Promise<number | null> {
  return streamIdBy(
    db,
    rows('telegram.find', StreamId)`
    SELECT stream_id AS "streamId" FROM stream_telegram WHERE chat = ${chat} AND message_id = ${messageId}
  `,
  );
}

export async function saveTelegramRow(
  db: Db,
  streamId: number,
  chat: string,
  messageId: number,
): Promise<void> {
  await db.query(command('telegram.save')`
    INSERT INTO stream_telegram (stream_id, chat, message_id) VALUES (${streamId}, ${chat}, ${messageId})
    ON CONFLICT (stream_id) DO UPDATE SET chat = excluded.chat, message_id = excluded.message_id
  `);
}

/** Those of the streams that may be offered: active, not blocked. */
export function offeredTelegram(
  db: Db,
  streamIds: readonly number[],
): Promise<readonly z.infer<typeof Offer>[]> {
  return db.any(rows('telegram.offers', Offer)`
    SELECT k.stream_id AS "streamId", k.chat, k.message_id AS "messageId" ${offeredFrom('stream_telegram', streamIds)}
  `);
}
