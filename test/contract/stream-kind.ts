import { setTimeout as sleep, setImmediate as tick } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BadInput } from '../../src/kit/errors.ts';
import type { ByteRange } from '../../src/kit/range.ts';
import {
  asReadable,
  type ByteSink,
  type ByteSource,
  offerKey,
  type StreamKind,
  type Target,
} from '../../src/streams/kind.ts';
import { addStream, blockStream, openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';

/** What a kind brings to the suite: its factory's product and how to reach `bytes` through it. */
export type OpenableSetup = {
  kind: StreamKind;
  /** What `parse` takes for the file that holds `bytes`. */
  input: unknown;
  badInputs: readonly unknown[];
  /** From now on the bytes end after `count`, although more were promised. */
  dieAfter(count: number): Promise<void>;
  close(): Promise<void>;
};

const SIZE = 6 * 1024 * 1024 + 4711;
const RANGES = 250;
const READERS = 8;
const NEVER = new AbortController().signal;

/** Every kind that opens bytes does the same with them (house plan, "The stream-kind contract"). */
export function openableKindContract(name: string, setUp: (bytes: Buffer) => Promise<OpenableSetup>): void {
  describe(`${name} as an openable kind`, () => {
    const seed = Number(process.env.TEST_SEED ?? Date.now() % 2 ** 31);
    const random = mulberry32(seed);
    const bytes = randomBytes(SIZE, random);
    let it: OpenableSetup;
    let detail: unknown;
    beforeAll(async () => {
      it = await setUp(bytes);
      // A play link carries the detail as JSON.
      detail = JSON.parse(JSON.stringify(it.kind.parse(it.input)));
    });
    afterAll(() => it.close());
    const open = async (): Promise<ByteSource> => {
      if (it.kind.open === undefined) throw new Error(`${name} cannot open`);
      return await it.kind.open({ detail, fileIndex: null }, NEVER);
    };

    test('says the size, a type and validators, and says the same again', async () => {
      const [first, second] = [await open(), await open()];
      expect(first.size).toBe(SIZE);
      expect(first.contentType).toMatch(/^video\//);
      expect(first.etag).toMatch(/^(W\/)?"[^"]+"$/);
      expect(second.etag).toBe(first.etag);
      expect(second.lastModified).toEqual(first.lastModified);
      expect(it.kind.resource(detail)).toMatch(/^[\w-]{22}$/);
      expect(it.kind.resource(it.kind.parse(it.input))).toBe(it.kind.resource(detail));
      await Promise.all([first.close(), second.close()]);
    });

    test(`sends ${RANGES} random ranges bit for bit to ${READERS} readers at once (seed ${seed})`, async () => {
      const source = await open();
      const readers = Array.from({ length: READERS }, async (_, reader) => {
        for (let count = reader; count < RANGES; count += READERS) {
          const range = randomRange(random);
          const sink = collectingSink();
          await source.send(range, sink, NEVER);
          expect(
            sink.bytes().equals(bytes.subarray(range.start, range.end)),
            `${range.start}-${range.end}`,
          ).toBe(true);
        }
      });
      await Promise.all(readers);
      await source.close();
    });

    test('leaves a chunk alone until done, however late that comes', async () => {
      const source = await open();
      const wrong: number[] = [];
      let at = 0;
      const sink: ByteSink = {
        write(chunk, done) {
          const start = at;
          at += chunk.length;
          setTimeout(() => {
            if (!bytes.subarray(start, start + chunk.length).equals(chunk)) wrong.push(start);
            done();
          }, random() * 3);
          return true;
        },
        onDrain: () => {},
      };
      await source.send({ start: 0, end: SIZE }, sink, NEVER);
      expect([at, wrong]).toEqual([SIZE, []]);
      await source.close();
    });

    test('stops reading when the sink is full and goes on when it drains', async () => {
      const source = await open();
      const sink = collectingSink({ isSlow: true });
      let isSent = false;
      const sending = source.send({ start: 0, end: SIZE }, sink, NEVER).then(() => {
        isSent = true;
      });
      await sleep(150);
      const taken = sink.bytes().length;
      expect(taken).toBeGreaterThan(0);
      expect(taken).toBeLessThanOrEqual(1024 * 1024);
      expect(isSent).toBe(false);
      while (!isSent) {
        sink.drain();
        await tick();
      }
      await sending;
      expect(sink.bytes().equals(bytes)).toBe(true);
      await source.close();
    });

    test('rejects with the reason and writes nothing more after an abort', async () => {
      const source = await open();
      const stop = new AbortController();
      const sink = collectingSink({ isSlow: true });
      const sending = source.send({ start: 0, end: SIZE }, sink, stop.signal);
      await sleep(50);
      const reason = new Error('the client is gone');
      stop.abort(reason);
      await expect(sending).rejects.toBe(reason);
      const taken = sink.bytes().length;
      sink.drain();
      await sleep(50);
      expect(sink.bytes().length).toBe(taken);
      await expect(source.send({ start: 0, end: 1 }, collectingSink(), stop.signal)).rejects.toBe(reason);
      await source.close();
    });

    test('gives a Node stream of a range', async () => {
      const source = await open();
      const chunks = await asReadable(source, { start: 1000, end: SIZE - 1000 }, NEVER).toArray();
      expect(Buffer.concat(chunks).equals(bytes.subarray(1000, SIZE - 1000))).toBe(true);
      await source.close();
    });

    test('refuses bad input by naming what is wrong with it', () => {
      expect(it.badInputs.length).toBeGreaterThan(0);
      for (const input of it.badInputs)
        expect(() => it.kind.parse(input), JSON.stringify(input)).toThrow(BadInput);
    });

    test('rejects when the bytes end before their time, and never resolves short', async () => {
      const source = await open();
      await it.dieAfter(Math.floor(SIZE / 2));
      const sink = collectingSink();
      await expect(source.send({ start: 0, end: SIZE }, sink, NEVER)).rejects.toThrow();
      const got = sink.bytes();
      expect(got.equals(bytes.subarray(0, got.length))).toBe(true);
      await source.close();
    });
  });
}

export type ListedSetup = {
  input: unknown;
  /** Another spelling of the same stream: `find` knows it. */
  sameInput: unknown;
  otherInput: unknown;
  badInputs: readonly unknown[];
  /** How `input` is offered as its file `fileIndex`. */
  target(fileIndex: number | null): Target;
};

/** Every kind, on a real database: what is saved is found again and offered as it should be. */
export function storedKindContract(
  name: string,
  create: (deps: TestKindDeps['deps']) => StreamKind,
  { input, sameInput, otherInput, badInputs, target }: ListedSetup,
): void {
  describe(`${name} as a stored kind`, () => {
    let held: TestKindDeps;
    let kind: StreamKind;
    beforeAll(async () => {
      held = await openKindDeps();
      kind = create(held.deps);
    });
    afterAll(() => held.close());

    test('finds what was saved, by any spelling, and nothing else', async () => {
      const { db } = held.deps;
      const detail = kind.parse(input);
      expect(await kind.find(db, detail)).toBeNull();
      const streamId = await addStream(db, kind.kind);
      await kind.save(db, streamId, detail);
      await kind.save(db, streamId, kind.parse(sameInput));
      expect(await kind.find(db, detail)).toBe(streamId);
      expect(await kind.find(db, kind.parse(sameInput))).toBe(streamId);
      expect(await kind.find(db, kind.parse(otherInput))).toBeNull();
    });

    test('offers each file by its index, 0 included, and leaves out blocked and unknown streams', async () => {
      const { db } = held.deps;
      const streamId = (await kind.find(db, kind.parse(input))) ?? 0;
      const otherId = await addStream(db, kind.kind);
      await kind.save(db, otherId, kind.parse(otherInput));
      await blockStream(db, otherId);
      const refs = [null, 0, 3].map((fileIndex) => ({ streamId, fileIndex }));
      const targets = await kind.targets(db, [
        ...refs,
        { streamId: otherId, fileIndex: null },
        { streamId: 999_999, fileIndex: null },
      ]);
      expect(Object.fromEntries(targets)).toEqual(
        Object.fromEntries(refs.map((ref) => [offerKey(ref), target(ref.fileIndex)])),
      );
    });

    test('refuses bad input by naming what is wrong with it', () => {
      expect(badInputs.length).toBeGreaterThan(0);
      for (const bad of badInputs) expect(() => kind.parse(bad), JSON.stringify(bad)).toThrow(BadInput);
    });
  });
}

type CollectingSink = ByteSink & { bytes(): Buffer; drain(): void };

/** Copies what it gets. A slow one is full after each chunk, until `drain`. */
function collectingSink({ isSlow = false } = {}): CollectingSink {
  const chunks: Buffer[] = [];
  let listener = () => {};
  return {
    write(chunk, done) {
      chunks.push(Buffer.from(chunk));
      done();
      return !isSlow;
    },
    onDrain(next) {
      listener = next;
    },
    bytes: () => Buffer.concat(chunks),
    drain: () => listener(),
  };
}

function randomRange(random: () => number): ByteRange {
  const length = 1 + Math.floor(random() ** 3 * 700_000);
  const start = Math.floor(random() * (SIZE - length));
  return { start, end: start + length };
}

function randomBytes(size: number, random: () => number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
  return bytes;
}

/** A small seeded generator, so that a failure can be run again with TEST_SEED. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
