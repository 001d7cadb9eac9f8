import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { yencLines } from '../support/yenc-encode.ts';
import {
  BEGIN,
  BYTES,
  DECODERS,
  decoded,
  END,
  LINES,
  PART,
  randomOf,
  SEED,
  wireOf,
} from '../support/yenc-fixture.ts';

// Articles that are wrong, and bodies meant to do harm: told by a fault, read to their end, written nowhere but to their place.

const raw = (text: string) => Buffer.from(text, 'latin1');
const SINGLE = '=ybegin line=128 size=1000 name=x\r\n';

const ONE_BYTE_LESS = yencLines(BYTES.subarray(1)).toString('latin1');
const FAULTS: [string, Buffer, string][] = [
  ['an empty body', raw('.\r\n'), 'no yEnc'],
  ['text', wireOf('Hello\r\n..dots\r\nbegin 644 a.bin\r\n'), 'no yEnc'],
  ['bytes without a header', wireOf(LINES, END), 'no yEnc'],
  ['no =yend', wireOf(BEGIN, PART, LINES), 'truncated'],
  ['a header alone', wireOf(BEGIN), 'truncated'],
  ['no =ypart', wireOf(BEGIN, LINES, END), 'no =ypart'],
  [
    'no size',
    wireOf('=ybegin part=1 line=128 name=x size=5\r\n', PART, LINES, END),
    'a =ybegin without a size',
  ],
  [
    'a negative size',
    wireOf('=ybegin part=1 size=-2000 name=x\r\n', PART, LINES, END),
    'a =ybegin without a size',
  ],
  [
    'a part of words',
    wireOf('=ybegin part=one size=2000 name=x\r\n', PART, LINES, END),
    'a =ybegin without a size',
  ],
  [
    'a size beyond numbers',
    wireOf(`=ybegin part=1 size=${'9'.repeat(400)} name=x\r\n`, PART, LINES, END),
    'a =ybegin without a size',
  ],
  ...[
    'begin=0 end=999',
    'begin=2001 end=3000',
    'begin=1 end=2001',
    'begin=900 end=1',
    'begin=-5 end=1000',
    'end=1000',
    '',
  ].map((range): [string, Buffer, string] => [
    `a part from ${range}`,
    wireOf(BEGIN, `=ypart ${range}\r\n`, LINES, END),
    'sizes in its header that cannot be',
  ]),
  [
    'a part of 17 MB',
    wireOf('=ybegin part=1 size=99999999 name=x\r\n', '=ypart begin=1 end=17000000\r\n', LINES, END),
    'sizes in its header that cannot be',
  ],
  [
    'one byte more',
    wireOf(BEGIN, '=ypart begin=1 end=999\r\n', LINES, END),
    'more bytes than its header says',
  ],
  [
    'one byte less',
    wireOf(BEGIN, PART, ONE_BYTE_LESS, '=yend size=999\r\n'),
    'fewer bytes than its header says',
  ],
  [
    'another size at its end',
    wireOf(BEGIN, PART, LINES, '=yend size=1001\r\n'),
    'not as long as its =yend says',
  ],
  ['a wrong pcrc32', wireOf(BEGIN, PART, LINES, `=yend size=1000 pcrc32=ffffffff\r\n`), 'wrong CRC-32'],
  ['a pcrc32 that is none', wireOf(BEGIN, PART, LINES, '=yend size=1000 pcrc32=zzz\r\n'), 'wrong CRC-32'],
  ['a wrong crc32 of one part', wireOf(SINGLE, LINES, `=yend size=1000 crc32=ffffffff\r\n`), 'wrong CRC-32'],
  ['a second header', wireOf(BEGIN, PART, BEGIN, LINES, END), 'a second =ybegin'],
  [
    'nothing but words of yEnc',
    wireOf('=ya\r\n'.repeat(1000), BEGIN, PART, LINES, END),
    'too many lines that begin with =y',
  ],
];

test.each(FAULTS)('refused, and read to its end: %s', (_, wire, fault) => {
  for (const { yenc } of DECODERS) {
    for (const chunk of [wire.length, 1]) {
      const got = decoded(yenc, Buffer.concat([wire, raw('222 next')]), () => chunk);
      expect(got).toMatchObject({ fault, isEnded: true, isInside: true });
      // In one chunk with what follows, it stops where it ends.
      if (chunk === 1) expect(got.taken).toBe(wire.length);
    }
  }
});

test.each(DECODERS)(
  '$name: a line without end is read, and kept no longer than it can be of use',
  ({ yenc }) => {
    const wire = wireOf(`=ybegin part=1 size=2000 name=${'n'.repeat(3_000_000)}\r\n`, PART, LINES, END);
    const { header, fault, isEnded } = decoded(yenc, wire, () => 10_000);
    expect({ fault, isEnded }).toEqual({ fault: null, isEnded: true });
    expect(header?.name.length).toBeLessThan(8192);
  },
);

test.each(DECODERS)(
  '$name: what nobody wants any more is read to its end and written nowhere',
  ({ yenc }) => {
    const wire = wireOf(BEGIN, PART, LINES, END);
    wire.copy(yenc.input, 0);
    const article = yenc.decoder(() => null);
    expect(article.feed(0, yenc.input.length)).toBe(wire.length);
    expect(article).toMatchObject({ isEnded: true, out: null, written: 0, fault: null });
    expect(article.header?.end).toBe(1000);
  },
);

test.each(DECODERS)('$name: a place of the wrong length is not written past', ({ yenc }) => {
  const [small, large] = [Buffer.alloc(998), Buffer.alloc(1001, 7)];
  const [first, second] = [yenc.decoder(() => small), yenc.decoder(() => large)];
  // A byte more than it says: room in the place is no reason to write it there.
  const wire = wireOf(BEGIN, '=ypart begin=1 end=999\r\n', LINES, END);
  wire.copy(yenc.input, 0);
  first.feed(0, wire.length);
  expect(first).toMatchObject({ isEnded: true, fault: 'no room for it' });
  second.feed(0, wire.length);
  expect(second).toMatchObject({ isEnded: true, fault: 'more bytes than its header says', written: 999 });
  expect([...large.subarray(999)]).toEqual([7, 7]);
});

const PIECES = [
  BEGIN,
  PART,
  END,
  LINES.slice(0, 300),
  '\r\n',
  '\r\n.',
  '.',
  '=',
  '=y',
  '=yend',
  '\r',
  '\n',
  '..',
  '\0',
];
PIECES.push(
  '=ybegin size=9 name=x\r\n',
  '=ypart begin=1 end=9\r\n',
  '=ypart begin=9 end=',
  '\r\n.\r',
  '=\r\n.\r\n',
);

function garbage(random: (below: number) => number): Buffer {
  const pieces = Array.from({ length: random(40) }, () =>
    random(3) === 0
      ? String.fromCharCode(random(256)).repeat(1 + random(40))
      : (PIECES[random(PIECES.length)] ?? ''),
  );
  return raw(`${pieces.join('')}\r\n.\r\n`);
}

test(`10,000 bodies of garbage: all ways alike, to the first line with the dot (YENC_SEED=${SEED})`, {
  timeout: 60_000,
}, () => {
  const random = randomOf(SEED);
  let headers = 0;
  for (let round = 0; round < 10_000; round += 1) {
    const wire = garbage(random);
    // By other means: the reply's own CRLF stands before the body.
    const end = Buffer.concat([raw('\r\n'), wire]).indexOf('\r\n.\r\n') + 3;
    const most = random(2) === 0 ? 4 : 1000;
    const [simd, placed, plain] = DECODERS.map(({ yenc }) =>
      decoded(yenc, wire, () => 1 + random(most), random(8)),
    );
    const isRight = simd?.isEnded === true && simd.isInside && simd.taken === end;
    const isAlike = isDeepStrictEqual(simd, plain) && isDeepStrictEqual(placed, plain);
    if (!isRight || !isAlike) expect.fail(JSON.stringify({ round, simd, placed, plain, end }));
    if (simd?.header != null) headers += 1;
  }
  // The garbage is near enough to articles to get somewhere.
  expect(headers).toBeGreaterThan(500);
});
