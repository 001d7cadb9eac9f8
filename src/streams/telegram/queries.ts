import { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';

const StreamId = z.object({ streamId: z.int() });
const Offer = z.object({ streamId: z.int(), chat: z.string(), messageId: z.int() });

export async function streamOfMessage(db: Db, chat: string, messageId: number): Promise<number | null> {
  const row = await db.maybeOne(rows('telegram.find', StreamId)`
    SELECT stream_id AS "streamId" FROM stream_telegram WHERE chat = ${chat} AND message_id = ${messageId}
  `);
  return row?.streamId ?? null;
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
    SELECT t.stream_id AS "streamId", t.chat, t.message_id AS "messageId"
    FROM stream_telegram t JOIN stream s ON s.id = t.stream_id
    WHERE t.stream_id = ANY (${sql.array([...streamIds], 'int8')}) AND s.is_active AND NOT s.is_blocked
  `);
}
