import { AppError, UpstreamFailed } from '../../kit/errors.ts';
import type { Net } from '../../platform/net.ts';
import { fetchWhole } from '../../platform/net-body.ts';
import { MAX_NZB_BYTES } from './nzb/chunks.ts';

/** The NZB at an indexer's address, by the guarded dialer. Throws as `fetchWhole`; the address, which holds a key, stands in no message. */
export function fetchNzb(net: Pick<Net, 'request'>, url: string, signal: AbortSignal): Promise<Uint8Array> {
  return fetchWhole(net, url, { what: 'The NZB', maxBytes: MAX_NZB_BYTES, signal });
}

/** It may come another time: the indexer is away, or busy, or not on the owner's list of hosts (OUTBOUND=listed) yet. */
export function mayComeLater(error: unknown, mode: 'all' | 'listed'): boolean {
  if (error instanceof UpstreamFailed) return error.retryable;
  return error instanceof AppError && error.code === 'net.refused' && mode === 'listed';
}
