import { telegramKind } from '../../src/streams/telegram/index.ts';
import { storedKindContract } from './stream-kind.ts';

const badInputs = [
  {},
  { chat: 'x', messageId: 1 },
  { chat: 'openfilms', messageId: 0 },
  { chat: 'open/films', messageId: 1 },
  { url: 'https://example.org/openfilms/12' },
  { url: 'https://t.me/openfilms' },
];

storedKindContract('telegram', telegramKind, {
  input: { chat: 'openfilms', messageId: 12 },
  sameInput: { url: 'https://t.me/openfilms/12?single' },
  otherInput: { chat: '@openfilms', messageId: 13 },
  badInputs,
  target: () => ({ via: 'external', url: 'https://t.me/openfilms/12' }),
});

storedKindContract('telegram, a channel without a name', telegramKind, {
  input: { chat: '-1001234567890', messageId: 12 },
  sameInput: { url: 'https://t.me/c/1234567890/12' },
  otherInput: { url: 'https://t.me/c/1234567890/7/13' },
  badInputs,
  target: () => ({ via: 'external', url: 'https://t.me/c/1234567890/12' }),
});

storedKindContract('telegram, a group without links', telegramKind, {
  input: { chat: '-4567', messageId: 12 },
  sameInput: { chat: '-4567', messageId: 12 },
  otherInput: { chat: '4567', messageId: 12 },
  badInputs,
  target: () => ({ via: 'listed', reason: 'Telegram has no link to messages of this chat.' }),
});
