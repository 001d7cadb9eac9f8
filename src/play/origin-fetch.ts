import { hash } from 'node:crypto';
import type { Net } from '../platform/net.ts';
import type { NetResponse } from '../platform/net-request.ts';
import { originHeaders, refusalOf } from '../streams/http/facts.ts';
import { retrying } from '../streams/resume.ts';
import { netTo } from '../streams/source-access.ts';

/** One address at an origin, with what the link adds to the request. `allowsPrivate`: as of Delivery. */
export type Address = { url: string; headers: Readonly<Record<string, string>>; allowsPrivate?: boolean };

/** Two links to one URL may carry different credentials, and one must not profit from the other's. */
export function addressKey({ url, headers, allowsPrivate = false }: Address): string {
  const told = [url, Object.entries(headers).sort()];
  return hash('sha256', JSON.stringify(allowsPrivate ? [...told, 'private'] : told), 'base64url').slice(
    0,
    22,
  );
}

/** A GET that was answered with 200 (or 206, where `more` asks for a range); the caller ends the body. Throws UpstreamFailed or what the dialer refuses with. */
export async function getFrom(
  net: Net,
  { url, headers, allowsPrivate = false }: Address,
  signal: AbortSignal,
  more: Readonly<Record<string, string>> = {},
): Promise<NetResponse> {
  const way = netTo(net, { url, allowsPrivate });
  return await retrying(signal, async () => {
    const response = await way.request(url, { headers: { ...originHeaders(headers), ...more }, signal });
    if (response.status === 200 || (response.status === 206 && more.range !== undefined)) return response;
    response.body.on('error', () => {});
    response.body.dump({ limit: 16 * 1024 }).catch(() => {});
    throw refusalOf(response.status, response.headers);
  });
}
