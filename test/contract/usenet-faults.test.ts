import { expect, test } from 'vitest';
import {
  bodyOf,
  every,
  everyNth,
  flipped,
  idOf,
  readAll,
  type Side,
  truncated,
  withBadCrc,
  withServers,
} from '../support/usenet-troubles.ts';
import { dotStuffed } from '../support/yenc-encode.ts';

test.each<[string, Side]>([
  ['has only every second article', { trouble: every(2, () => ({ kind: 'missing' })) }],
  ['has none', { articles: new Map() }],
  ['resets every fifth body in the middle', { trouble: everyNth(5, { kind: 'reset', after: 8000 }) }],
  ['ends every fifth body in the middle', { trouble: everyNth(5, { kind: 'end', after: 8000 }) }],
  ['stalls in every fifth body', { trouble: everyNth(5, { kind: 'stall', after: 8000 }) }],
  ['never answers', { trouble: () => ({ kind: 'silence' }) }],
  ['flips bits', { trouble: every(3, flipped) }],
  ['says wrong checksums', { trouble: every(3, withBadCrc) }],
  ['cuts articles short', { trouble: every(3, truncated) }],
  [
    'answers with another article',
    {
      trouble: every(3, (part) => ({
        kind: 'reply',
        line: `222 0 <${idOf(part + 1)}>\r\n${dotStuffed(bodyOf((part + 1) % 60)).toString('latin1')}`.trimEnd(),
      })),
    },
  ],
  [
    'gives another article’s part',
    { trouble: every(3, (part) => ({ kind: 'body', wire: dotStuffed(bodyOf((part + 1) % 60)) })) },
  ],
  [
    'answers with garbage',
    { trouble: every(7, () => ({ kind: 'reply', line: '\u0000\u0001 hello <html>' })) },
  ],
  [
    'answers with an endless line',
    { trouble: every(7, () => ({ kind: 'reply', line: '2'.repeat(200_000) })) },
  ],
  ['answers 403', { trouble: every(3, () => ({ kind: 'reply', line: '403 fault' })) }],
  ['answers 502', { trouble: every(3, () => ({ kind: 'reply', line: '502 quota' })) }],
  ['takes articles down', { trouble: every(3, () => ({ kind: 'reply', line: '451 taken down' })) }],
  ['turns everyone away', { maxConnections: 0 }],
  [
    'refuses the login',
    { login: { username: 'a', password: 'b' }, provider: { username: 'a', password: 'wrong' } },
  ],
  ['asks for a login it was not given', { login: { username: 'a', password: 'b' } }],
  ['greets with garbage', { greet: (socket) => !socket.write('SSH-2.0-OpenSSH_9\r\n') }],
  [
    'greets byte by byte',
    {
      greet(socket) {
        const drip = setInterval(() => socket.write('2'), 100);
        socket.on('close', () => clearInterval(drip));
        return false;
      },
    },
  ],
  ['says nothing at all', { greet: () => false }],
])(
  'the other provider helps where one %s',
  async (_, side) => {
    await withServers([side, {}], async (room) => {
      await readAll(room);
      const [one] = room.all.states();
      expect(one?.inFlight).toBe(0);
    });
  },
  60_000,
);
