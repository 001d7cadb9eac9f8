import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { BadInput } from '../../../kit/errors.ts';

/** Criterion 35, before and after a gzip is inflated. */
export const MAX_NZB_BYTES = 150 * 1024 * 1024;
/** XML of random ids packs 3:1, of the same line over and over 100:1. */
const MAX_RATIO = 100;
/** What a header and a few lines may be more than that. */
const RATIO_SLACK = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/** What was given in small chunks, no more than an NZB may have; a gzip (RFC 1952) is inflated on the way. */
export async function* nzbChunks(given: Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = bounded(given instanceof Uint8Array ? slicesOf(given) : given);
  const first = await headOf(chunks);
  const all = prepended(first, chunks);
  if (first[0] === 0x1f && first[1] === 0x8b) yield* inflated(all);
  else yield* all;
}

async function* slicesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

async function* bounded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > MAX_NZB_BYTES) throw tooLarge();
    if (chunk.length <= CHUNK_BYTES) yield chunk;
    else yield* slicesOf(chunk);
  }
}

/** At least the two bytes that tell a gzip, where there are two. */
async function headOf(chunks: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < 2) {
    const { value, done } = await chunks.next();
    if (done) break;
    head = head.length === 0 ? value : Buffer.concat([head, value]);
  }
  return head;
}

async function* prepended(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  yield* rest;
}

async function* inflated(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  let [given, out] = [0, 0];
  let failure: unknown = null;
  const feeding = (async () => {
    for await (const chunk of packed) {
      given += chunk.length;
      if (gunzip.destroyed) return;
      if (!gunzip.write(chunk)) await drained(gunzip);
    }
    gunzip.end();
  })().catch((error: unknown) => {
    failure = error;
    gunzip.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    for await (const chunk of gunzip) {
      out += chunk.length;
      if (out > MAX_NZB_BYTES) throw tooLarge();
      if (out > MAX_RATIO * given + RATIO_SLACK)
        throw new BadInput(
          'nzb.bomb',
          'This gzip unpacks to more than a hundred times its size: it is no NZB.',
        );
      yield chunk;
    }
  } catch (error) {
    if (failure !== null) throw failure;
    if (error instanceof BadInput) throw error;
    const bad = new BadInput('nzb.invalid', 'This gzip is damaged, or cut off.');
    bad.cause = error;
    throw bad;
  } finally {
    gunzip.destroy();
    await feeding;
  }
}

function drained(gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  gunzip.once('drain', resolve);
  gunzip.once('close', resolve);
  return promise.finally(() => gunzip.off('drain', resolve).off('close', resolve));
}

/** Lets others run where the last turn was `mostMs` or more ago; answers when this one began. */
export async function rested(since: number, mostMs: number): Promise<number> {
  if (performance.now() - since < mostMs) return since;
  await nextTurn();
  return performance.now();
}

function tooLarge(): BadInput {
  return new BadInput('nzb.too_large', 'An NZB may have at most 150 MiB.');
}
