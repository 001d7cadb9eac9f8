import { setImmediate as nextTurn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { AppError, UpstreamFailed } from '../../kit/errors.ts';
import { BadMp4 } from '../../kit/mp4-boxes.ts';
import { type UnlockedInit, unlockInit } from '../../kit/mp4-protection.ts';
import { unlockFragments } from '../../kit/mp4-unlock.ts';
import type { Budget } from '../../platform/budget.ts';
import type { LinkPart } from '../../platform/links.ts';
import type { Net } from '../../platform/net.ts';
import type { ByteSource } from '../../streams/kind.ts';
import { createCoalescer } from '../coalesce.ts';
import { createGrowingBody } from '../growing-body.ts';
import { type Address, addressKey } from '../origin-fetch.ts';
import type { Segments } from '../segments.ts';
import { askLicence } from './licence.ts';
import { type AddressedPiece, readPiece } from './pieces.ts';

/** Parts of encrypted DASH with their samples decrypted, for players that take no keys. */
export type Unlocker = {
  /** What a link of the role `unlocked` leads to. `lifeMs`: how long a segment of it stays what it is. */
  open(part: LinkPart, lifeMs: number, signal: AbortSignal): Promise<ByteSource>;
};

type Needs = { net: Net; segments: Pick<Segments, 'open'>; budget: Pick<Budget, 'openCache'> };

const MIB = 1024 * 1024;
const MAX_PIECE_BYTES = 32 * MIB;
/** Decrypted bytes on their way to players. */
const MAX_HELD_BYTES = 64 * MIB;
const KEY_LIFE_MS = 600_000;
const INIT_LIFE_MS = 60_000;
const TURN_MS = 5;

export function createUnlocker({ net, segments, budget }: Needs): Unlocker {
  const inits = new LRUCache<string, UnlockedInit>({ max: 200, ttl: INIT_LIFE_MS });
  const keys = new LRUCache<string, Buffer>({ max: 10_000, ttl: KEY_LIFE_MS });
  const sharedInits = createCoalescer<UnlockedInit>();
  const sharedKeys = createCoalescer<Buffer>();
  // All of it is being sent, so there is nothing to give way.
  const memory = budget.openCache(MAX_HELD_BYTES, () => {});

  async function bytesOf(piece: AddressedPiece, lifeMs: number, signal: AbortSignal): Promise<Buffer> {
    if (piece.span !== null) return await readPiece(net, piece, signal, MAX_PIECE_BYTES);
    const source = await segments.open(piece, lifeMs, signal);
    if (source === null) throw noRoom();
    try {
      return await collect(source, signal);
    } finally {
      await source.close();
    }
  }

  async function initOf(piece: AddressedPiece, signal: AbortSignal): Promise<UnlockedInit> {
    const key = keyOf(piece);
    const known = inits.get(key);
    if (known !== undefined) return known;
    return await sharedInits(
      key,
      async (stop) => {
        const init = unlockInit(await bytesOf(piece, INIT_LIFE_MS, stop));
        inits.set(key, init);
        return init;
      },
      signal,
    );
  }

  /** Each key is asked for once. */
  async function keysOf(
    { tracks }: UnlockedInit,
    licence: Address,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Buffer>> {
    const kids = new Set(
      [...tracks.values()].flatMap(({ entries }) => entries.flatMap((entry) => entry?.kid ?? [])),
    );
    return new Map(
      await Promise.all(
        [...kids].map(async (kid): Promise<[string, Buffer]> => [kid, await keyFor(kid, licence, signal)]),
      ),
    );
  }

  async function keyFor(kid: string, licence: Address, signal: AbortSignal): Promise<Buffer> {
    const place = `${addressKey(licence)} ${kid}`;
    const known = keys.get(place);
    if (known !== undefined) return known;
    const id = Buffer.from(kid, 'hex').toString('base64url');
    return await sharedKeys(
      place,
      async (stop) => {
        const answer = await askLicence(net, licence, { kids: [id], type: 'temporary' }, stop);
        const found = answer.keys.find((key) => key.kid === id);
        if (found === undefined)
          throw new UpstreamFailed('The licence server has no key for this stream.', { retryable: false });
        const key = Buffer.from(found.k, 'base64url');
        keys.set(place, key);
        return key;
      },
      signal,
    );
  }

  /** Counted in the one memory budget until it is sent. */
  function held(bytes: Buffer): ByteSource {
    const kept = memory.keep();
    if (memory.roomBytes() < bytes.length || !kept.grow(bytes.length)) {
      kept.close();
      throw noRoom();
    }
    kept.setRead(true);
    const body = createGrowingBody({
      sizeBytes: bytes.length,
      contentType: 'video/mp4',
      etag: null,
      lastModified: null,
    });
    body.push(bytes);
    body.end();
    return body.source(() => kept.close());
  }

  return {
    async open({ lock, ...part }, lifeMs, signal) {
      if (lock === undefined) throw unknownLock();
      const piece = { ...part, span: lock.span ?? null };
      try {
        if (lock.init === undefined) return held((await initOf(piece, signal)).bytes);
        const init = await initOf({ ...lock.init, span: lock.init.span ?? null }, signal);
        const keys_ = await keysOf(init, lock.licence, signal);
        const bytes = await bytesOf(piece, lifeMs, signal);
        const firstByte = piece.span?.start ?? 0;
        await inTurns(unlockFragments(bytes, { tracks: init.tracks, keys: keys_, firstByte }), signal);
        return held(bytes);
      } catch (error) {
        throw error instanceof BadMp4 ? unknownLock(error) : error;
      }
    },
  };
}

/** Other streams are served meanwhile. */
async function inTurns(steps: Iterable<void>, signal: AbortSignal): Promise<void> {
  let begunAt = performance.now();
  for (const _step of steps) {
    if (performance.now() - begunAt < TURN_MS) continue;
    await nextTurn();
    signal.throwIfAborted();
    begunAt = performance.now();
  }
}

/** A copy: what is kept stays as it came. */
async function collect(source: ByteSource, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const sink = {
    write(chunk: Uint8Array, done: () => void) {
      chunks.push(Buffer.from(chunk));
      done();
      return true;
    },
    onDrain() {},
  };
  await source.send({ start: 0, end: source.size ?? Number.POSITIVE_INFINITY }, sink, signal);
  return Buffer.concat(chunks);
}

function keyOf(piece: AddressedPiece): string {
  return `${addressKey(piece)} ${piece.span?.start}-${piece.span?.end}`;
}

function noRoom(): UpstreamFailed {
  return new UpstreamFailed('This segment is too large to be decrypted, or there is no memory for it now.', {
    retryable: true,
    status: 503,
  });
}

function unknownLock(cause?: unknown): AppError {
  return new AppError(
    'play.encrypted_dash',
    'This stream is encrypted in a way that can only be played as DASH.',
    {
      status: 415,
      cause,
    },
  );
}
