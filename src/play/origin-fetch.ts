import { hash } from 'node:crypto';
import type { Net } from '../platform/net.ts';
import type { NetResponse } from '../platform/net-request.ts';
import { originHeaders, refusalOf } from '../streams/http/facts.ts';
import { retrying } from '../streams/resume.ts';

/** One address at an origin, with what the link adds to the request. */
export type Address = { url: string; headers: Readonly<Record<string, string>> };

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
  return await retrying(signal, async () => {
    const response = await net.request(url, { headers: { ...originHeaders(headers), ...more }, signal });
    if (response.status === 200 || (response.status === 206 && more.range !== undefined)) return response;
    response.body.on('error', () => {});
    response.body.dump({ limit: 16 * 1024 }).catch(() => {});
    throw refusalOf(response.status, response.headers);
  });
}
