import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { UpstreamFailed } from '../kit/errors.ts';
import type { Net } from '../platform/net.ts';
import type { NetResponse } from '../platform/net-request.ts';
import { originHeaders, refusalOf } from '../streams/http/facts.ts';

/** One address at an origin, with what the link adds to the request. */
export type Address = { url: string; headers: Readonly<Record<string, string>> };

/** A lost connection or a 502/503 before the first byte is tried again after these pauses. */
const RETRY_DELAYS_MS = [0, 250] as const;

/** Two links to one URL may carry different credentials, and one must not profit from the other's. */
export function addressKey({ url, headers }: Address): string {
  return hash('sha256', JSON.stringify([url, Object.entries(headers).sort()]), 'base64url').slice(0, 22);
}

/** A GET that was answered with 200 (or 206, where `more` asks for a range); the caller ends the body. Throws UpstreamFailed or what the dialer refuses with. */
export async function getFrom(
  net: Net,
  { url, headers }: Address,
  signal: AbortSignal,
  more: Readonly<Record<string, string>> = {},
): Promise<NetResponse> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const response = await net.request(url, { headers: { ...originHeaders(headers), ...more }, signal });
      if (response.status === 200 || (response.status === 206 && more.range !== undefined)) return response;
      response.body.on('error', () => {});
      response.body.dump({ limit: 16 * 1024 }).catch(() => {});
      throw refusalOf(response.status);
    } catch (error) {
      const delayMs = RETRY_DELAYS_MS[attempt];
      const isPassing = error instanceof UpstreamFailed && error.retryable && error.status !== 504;
      if (signal.aborted || !isPassing || delayMs === undefined) throw error;
      await sleep(delayMs, undefined, { signal });
    }
  }
}
