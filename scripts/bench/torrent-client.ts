import type { Place } from '../../test/support/real/swarm.ts';
import { type Film, type Reading, readWhole, type Server } from './play-client.ts';

/** A play link for a magnet with the peers' addresses; the metadata is fetched from them. */
export async function linkTo(server: Server, infoHash: string, peers: readonly Place[]): Promise<string> {
  const url = `magnet:?xt=urn:btih:${infoHash}${peers.map(({ host, port }) => `&x.pe=${host}:${port}`).join('')}`;
  const made = await fetch(`${server.baseUrl}/api/links`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${server.adminToken}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ url }),
  });
  const link: unknown = await made.json();
  if (typeof link !== 'object' || link === null || !('playUrl' in link))
    throw new Error(`no play link: ${made.status}`);
  return String(link.playUrl);
}

/** The whole film, timed from the making of its link, which is when a viewer chose it; compared by SHA-256. */
export function readFilm(
  server: Server,
  film: Film,
  infoHash: string,
  peers: readonly Place[],
): Promise<Reading> {
  return readWhole(server, film, () => linkTo(server, infoHash, peers));
}
