import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { assembleYenc } from '../../scripts/build-yenc.ts';
import { dotStuffed, yencBody } from '../support/yenc-encode.ts';
import { bytesOf, DECODERS, decoded, randomOf, SEED } from '../support/yenc-fixture.ts';

// What comes out must be what was posted, however the network cuts it, by SIMD and without.

const posted = (bytes: Uint8Array, line = 128) =>
  dotStuffed(
    yencBody({ name: 'a.bin', part: 2, total: 3, begin: 1000, fileSize: 2000 + bytes.length, bytes }, line),
  );

const right = (bytes: Buffer, wire: Buffer) => ({
  header: {
    name: 'a.bin',
    fileSize: 2000 + bytes.length,
    part: 2,
    total: 3,
    begin: 1000,
    end: 1000 + bytes.length,
  },
  bytes,
  fault: null,
  isEnded: true,
  taken: wire.length,
  isInside: true,
});

/** Encoded they are: NUL, LF, CR, `=`, a dot, `y`, TAB, and two that need nothing. */
const AWKWARD = [0x00, 0x0a, 0x0d, 0x3d, 0x2e, 0x79, 0x09, 0x41, 0xff].map((code) => (code - 42) & 0xff);

test('the module is what its text says', async () => {
  const kept = await readFile(new URL('../../src/streams/usenet/yenc/decode.wasm', import.meta.url));
  expect(Buffer.from(await assembleYenc()).equals(kept)).toBe(true);
});

test('both ways are tried here: by SIMD, and without as on a machine that has none', () => {
  const [simd, , plain] = DECODERS.map(({ yenc }) => yenc.input.buffer.byteLength);
  // The one is a view of the module's ten pages, the other of its own memory.
  expect(simd).toBe(10 * 65_536);
  expect(plain).toBe(256 * 1024);
});

test.each(DECODERS)('$name: every byte, at every place of a line', ({ yenc }) => {
  for (let shift = 0; shift < 130; shift += 1) {
    const bytes = Buffer.from(Array.from({ length: 700 }, (_, at) => (at < shift ? 65 : at - shift) & 0xff));
    const wire = posted(bytes);
    expect(decoded(yenc, wire)).toEqual(right(bytes, wire));
  }
});

test.each(DECODERS)('$name: cut at every place, and into single bytes', ({ yenc }) => {
  // Short lines of the bytes that need care: dots and escapes at both ends of lines, `=` over every cut.
  const random = randomOf(7);
  for (const line of [1, 2, 3, 16, 17]) {
    const bytes = Buffer.from(Array.from({ length: 150 }, () => AWKWARD[random(AWKWARD.length)] ?? 0));
    const wire = posted(bytes, line);
    for (let cut = 1; cut < wire.length; cut += 1) {
      const { bytes: got, fault } = decoded(yenc, wire, (at) => (at === 0 ? cut : wire.length));
      expect({ cut, fault, isRight: got.equals(bytes) }).toEqual({ cut, fault: null, isRight: true });
    }
    expect(decoded(yenc, wire, () => 1)).toEqual(right(bytes, wire));
  }
});

/** Of any length, half of them with no byte that is easy. */
function anyBytes(random: (below: number) => number, name: string): Buffer {
  const bytes = bytesOf(random(4) === 0 ? random(200_000) : random(600), name);
  return random(2) === 0 ? bytes : Buffer.from(bytes.map((byte) => AWKWARD[byte % AWKWARD.length] ?? 0));
}

test(`many lengths, lines and cuts (YENC_SEED=${SEED})`, () => {
  const random = randomOf(SEED);
  for (let round = 0; round < 400; round += 1) {
    const bytes = anyBytes(random, `${SEED} ${round}`);
    const wire = posted(bytes, 1 + random(random(2) === 0 ? 300 : 8192));
    const most = random(2) === 0 ? 80 : 70_000;
    const { bytes: _, ...expected } = right(bytes, wire);
    for (const { name, yenc } of DECODERS) {
      const { bytes: got, ...rest } = decoded(yenc, wire, () => 1 + random(most), random(8));
      expect({ name, round, isRight: got.equals(bytes), ...rest }).toEqual({
        ...{ name, round, isRight: true },
        ...expected,
      });
    }
  }
});

test.each(DECODERS)('$name: an article of 16 MiB, in reads as long as the input', ({ yenc }) => {
  const bytes = bytesOf(16 * 1024 * 1024, 'long');
  const wire = posted(bytes);
  const { bytes: got, fault } = decoded(yenc, wire, () => yenc.input.length);
  expect({ fault, isRight: got.equals(bytes) }).toEqual({ fault: null, isRight: true });
});

test.each(DECODERS)('$name: two articles in one read: the first ends behind its dot', ({ yenc }) => {
  const [one, two] = [bytesOf(5000, 'one'), bytesOf(3000, 'two')];
  const [first, second] = [posted(one), posted(two)];
  const reply = Buffer.from('222 0 <b>\r\n');
  const wire = Buffer.concat([first, reply, second]);
  wire.copy(yenc.input, 100);
  const decoders = [one, two].map((bytes) => yenc.decoder(() => Buffer.alloc(bytes.length)));
  const [a, b] = decoders;
  expect(a?.feed(100, 100 + wire.length)).toBe(100 + first.length);
  expect(a?.feed(100 + first.length, 100 + wire.length)).toBe(100 + first.length);
  expect(b?.feed(100 + first.length + reply.length, 100 + wire.length)).toBe(100 + wire.length);
  for (const [at, decoder] of decoders.entries()) {
    expect(decoder).toMatchObject({ isEnded: true, fault: null });
    expect(Buffer.from(decoder.out ?? []).equals([one, two][at] ?? one)).toBe(true);
  }
});

test.each(DECODERS)('$name: articles of many connections take turns', ({ yenc }) => {
  const random = randomOf(11);
  const all = Array.from({ length: 12 }, (_, at) => {
    const bytes = bytesOf(60_000 + at * 999, `turn ${at}`);
    const out = Buffer.from(new SharedArrayBuffer(bytes.length));
    return { bytes, out, wire: posted(bytes), at: 0, decoder: yenc.decoder(() => out) };
  });
  while (all.some(({ decoder }) => !decoder.isEnded)) {
    const one = all[random(all.length)];
    if (one === undefined || one.decoder.isEnded) continue;
    const length = Math.min(1 + random(20_000), one.wire.length - one.at);
    one.wire.copy(yenc.input, 0, one.at, one.at + length);
    one.at += one.decoder.feed(0, length);
  }
  for (const { decoder, out, bytes } of all) {
    expect({ fault: decoder.fault, isRight: out.equals(bytes) }).toEqual({ fault: null, isRight: true });
  }
});
