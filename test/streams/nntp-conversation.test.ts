import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createConversation } from '../../src/streams/usenet/nntp/conversation.ts';
import type { NntpFailure } from '../../src/streams/usenet/nntp/failure.ts';
import { createYenc } from '../../src/streams/usenet/yenc/yenc.ts';
import { dotStuffed, yencBody } from '../support/yenc-encode.ts';

const bytes = Buffer.concat([Buffer.alloc(60, 0x04), randomBytes(400)]);
const article = dotStuffed(
  yencBody({ name: 'a b.bin', part: 1, total: 1, begin: 0, fileSize: bytes.length, bytes }),
);
const wire = Buffer.concat([
  Buffer.from('222 0 <a@b>\r\n'),
  article,
  Buffer.from('430 no such article\r\n222 0 <c@d>\r\n'),
  article,
  Buffer.from('111 20261126000000\r\n'),
]);

/** A conversation fed by hand, in pieces of `step` bytes. */
function converse(step: number, onPiece: (at: number, drop: () => void) => void = () => {}, text = wire) {
  const yenc = createYenc();
  const heard: string[] = [];
  const outs: Buffer[] = [];
  let failure: NntpFailure | null = null;
  const talk = createConversation(yenc.input, {
    onRoom() {},
    onLatency() {},
    onBytes() {},
    onClose(why) {
      failure = why;
    },
  });
  const ask = (name: string, length: number) =>
    talk.send({
      command: '',
      bytes: length,
      onReply(code) {
        heard.push(`${name} ${code}`);
        if (code !== 222) return null;
        const out = Buffer.alloc(bytes.length);
        outs.push(out);
        return yenc.decoder(() => out);
      },
      onBody: () => void heard.push(`${name} whole`),
      onFailed: ({ reason }) => void heard.push(`${name} ${reason}`),
    });
  const first = ask('one', 700);
  ask('two', 700);
  ask('three', 700);
  ask('date', 0);
  const { callback } = talk.onread;
  return Promise.resolve().then(() => {
    for (let at = 0; at < text.length; at += step) {
      onPiece(at, () => talk.drop(first));
      const piece = text.subarray(at, at + step);
      piece.copy(yenc.input);
      // What lay there before must not be read again.
      yenc.input.fill(0x0a, piece.length, piece.length + 8);
      if (!callback(piece.length, yenc.input)) break;
    }
    return { heard, outs, talk, failure: () => failure };
  });
}

test.each(Array.from({ length: 40 }, (_, at) => at + 1).concat([100, 511, 4000]))(
  'replies in pieces of %d bytes are matched in order',
  async (step) => {
    const { heard, outs, talk } = await converse(step);
    expect(heard).toEqual(['one 222', 'one whole', 'two 430', 'three 222', 'three whole', 'date 111']);
    expect(outs.every((out) => out.equals(bytes))).toBe(true);
    expect(talk.line).toHaveLength(0);
  },
);

test('one dropped at any byte is read off, and those behind it come right', async () => {
  for (const step of [1, 2, 3, 7]) {
    for (let dropAt = 0; dropAt < article.length + 12; dropAt += step) {
      const { heard, outs } = await converse(step, (at, drop) => {
        if (at === dropAt) drop();
      });
      expect(heard.slice(-4), `${step} ${dropAt}`).toEqual([
        'two 430',
        'three 222',
        'three whole',
        'date 111',
      ]);
      expect(outs.at(-1)?.equals(bytes)).toBe(true);
    }
  }
});

test.each([
  ['garbage', 'HTTP/1.1 400 Bad Request\r\n'],
  ['an endless line', '2'.repeat(5000)],
  ['an endless line in pieces', `222 ${'x'.repeat(4100)}\r\n`],
  ['a reply nobody asked for', '430 no\r\n430 no\r\n430 no\r\n111 1\r\n205 bye\r\n'],
  ['no digits', '\r\n'],
])('%s cuts the connection and fails what is owed', async (_, text) => {
  const { failure, talk } = await converse(100, undefined, Buffer.from(text));
  expect(failure()).toMatchObject({ reason: 'protocol' });
  expect(talk.line).toHaveLength(0);
});

test('a body without an end is not read for ever', async () => {
  const endless = Buffer.concat([Buffer.from('222 0 <a@b>\r\n'), Buffer.alloc(5 * 1024 * 1024, 0x61)]);
  const { failure, heard } = await converse(100_000, undefined, endless);
  expect(failure()).toMatchObject({ reason: 'protocol' });
  expect(heard).toContain('one protocol');
});

test('one dropped in the turn in which it was asked for is never sent', () => {
  const nothing = { onRoom() {}, onLatency() {}, onBytes() {}, onClose() {} };
  const talk = createConversation(Buffer.alloc(10), nothing);
  const request = { command: 'DATE', bytes: 0, onReply: () => null, onBody() {}, onFailed() {} };
  const sent = talk.send(request);
  talk.send(request);
  talk.drop(sent);
  expect(talk.line).toHaveLength(1);
});
