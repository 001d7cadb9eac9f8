import { z } from 'zod';
import { parseInput } from '../../platform/http-input.ts';
import type { StreamKind, Target } from '../kind.ts';
import { NOTHING_INSIDE, streamIdsOf, targetsOf } from '../listing.ts';
import { resourceKey } from '../resource.ts';
import { offeredTelegram, saveTelegramRow, streamOfMessage } from './queries.ts';

/** A public name, or the number of a chat without one (`-100…` for channels and supergroups). */
const Chat = z.string().regex(/^(-?[0-9]{1,20}|[A-Za-z][A-Za-z0-9_]{3,31})$/, 'is not a chat name or number');
const TelegramDetail = z.object({ chat: Chat, messageId: z.int().positive() });
type TelegramDetail = z.infer<typeof TelegramDetail>;

const MESSAGE_LINK =
  /^https?:\/\/(?:t|telegram)\.me\/(?:(c)\/)?([A-Za-z0-9_]+)\/(?:\d+\/)?(\d{1,15})\/?(?:\?.*)?$/;

const TelegramInput = z.union([
  TelegramDetail.extend({
    chat: z
      .string()
      .transform((chat) => chat.replace(/^@/, ''))
      .pipe(Chat),
  }),
  z
    .object({
      url: z.string().max(2048).regex(MESSAGE_LINK, 'is not a link to a message (https://t.me/name/123)'),
    })
    .transform(({ url }) => placeOf(url))
    .pipe(TelegramDetail),
]);

/** Messages with a video in Telegram: opened there, nothing of them passes through here yet. */
export function telegramKind(): StreamKind {
  return {
    kind: 'telegram',
    parse: (input) => parseInput(TelegramInput, input, 'The message'),
    describe: async () => NOTHING_INSIDE,
    resource(detail) {
      const { chat, messageId } = TelegramDetail.parse(detail);
      return resourceKey('telegram', `${chat}/${messageId}`);
    },
    async find(db, detail) {
      const { chat, messageId } = TelegramDetail.parse(detail);
      return await streamOfMessage(db, chat, messageId);
    },
    async save(db, streamId, detail) {
      const { chat, messageId } = TelegramDetail.parse(detail);
      await saveTelegramRow(db, streamId, chat, messageId);
    },
    async targets(db, refs) {
      return targetsOf(refs, await offeredTelegram(db, streamIdsOf(refs)), targetOf);
    },
  };
}

function placeOf(url: string): unknown {
  const [, isPrivate, chat, messageId] = MESSAGE_LINK.exec(url) ?? [];
  return { chat: isPrivate === undefined ? chat : `-100${chat}`, messageId: Number(messageId) };
}

function targetOf({ chat, messageId }: TelegramDetail): Target {
  if (/^[A-Za-z]/.test(chat)) return { via: 'external', url: `https://t.me/${chat}/${messageId}` };
  const channel = /^-100(\d+)$/.exec(chat)?.[1];
  if (channel !== undefined) return { via: 'external', url: `https://t.me/c/${channel}/${messageId}` };
  return { via: 'listed', reason: 'Telegram has no link to messages of this chat.' };
}
