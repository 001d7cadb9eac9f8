import type { ByteRange } from '../../kit/range.ts';
import type { Budget } from '../../platform/budget.ts';
import type { Net } from '../../platform/net.ts';
import { toUpstreamFailed } from '../../platform/net-request.ts';
import { createBudgetCache } from '../budget-cache.ts';
import { createCoalescer } from '../coalesce.ts';
import { type Address, addressKey, getFrom } from '../origin-fetch.ts';
import { notAManifest } from './mpd.ts';

/** An index of a ten-hour film has some 200 KiB. */
const MAX_BYTES = 1024 * 1024;
const MAX_KEPT_BYTES = 8 * MAX_BYTES;
const LIFE_MS = 60_000;

/** Reads small pieces of files (their segment index); those who ask at once share one request. */
export function createPieceReader(
  net: Net,
  budget: Pick<Budget, 'openCache'>,
): (address: Address, span: ByteRange | null, signal: AbortSignal) => Promise<Buffer> {
  const kept = createBudgetCache<Buffer>({ budget, maxBytes: MAX_KEPT_BYTES });
  const shared = createCoalescer<Buffer>();
  return async (address, span, signal) => {
    if (span === null || span.end - span.start > MAX_BYTES) throw notAManifest();
    const key = `${addressKey(address)} ${span.start}-${span.end}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const piece = { ...address, span };
    const bytes = await shared(key, (stop) => readPiece(net, piece, stop, MAX_BYTES), signal);
    kept.set(key, bytes, bytes.buffer.byteLength, LIFE_MS);
    return bytes;
  };
}

export type AddressedPiece = Address & { span: ByteRange | null };

/** The bytes of a piece of a file, no more than `maxBytes`. */
export async function readPiece(
  net: Net,
  { span, ...address }: AddressedPiece,
  signal: AbortSignal,
  maxBytes: number,
): Promise<Buffer> {
  if (span === null || span.end - span.start > maxBytes) throw notAManifest();
  const { status, body } = await getFrom(net, address, signal, {
    range: `bytes=${span.start}-${span.end - 1}`,
  });
  // A whole file instead of the piece: the index stands near its begin.
  const skip = status === 206 ? 0 : span.start;
  const wanted = skip + span.end - span.start;
  const chunks: Buffer[] = [];
  let received = 0;
  try {
    if (wanted > 2 * maxBytes) throw notAManifest();
    for await (const chunk of body) {
      chunks.push(Buffer.from(chunk));
      received += chunk.length;
      if (received >= wanted) break;
    }
  } catch (error) {
    body.on('error', () => {}).destroy();
    signal.throwIfAborted();
    throw toUpstreamFailed(error);
  }
  // A copy where more came, so that the rest of it is not kept.
  return Buffer.from(Buffer.concat(chunks).subarray(skip, wanted));
}
