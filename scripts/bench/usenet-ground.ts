import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { PostOptions } from '../../test/support/nzb-post.ts';
import type { Inn } from '../../test/support/real/inn.ts';
import { type NntpRelay, pullRaw, startNntpRelay } from '../../test/support/real/nntp.ts';
import type { NntpLink } from '../../test/support/real/nntp-jobs.ts';
import { type Posted, postFiles } from '../../test/support/real/nntp-post.ts';
import type { Place } from '../../test/support/real/swarm.ts';
import { freePort, startServer } from './measure.ts';
import { type Film, type Reading, readWhole, type Server } from './play-client.ts';

export const MIB = 1024 * 1024;
export const ARTICLE_BYTES = 700_000;
const CONNECTIONS = 8;
/** As far from here as a provider on the same continent, each connection as fast as most allow. */
export const FAR = { delayMs: 25, bytesPerSecond: 5e6 };
const ADMIN_TOKEN = 'admin-token-of-the-benchmark-only';

/** What all rows of a run share. */
export type Ground = { folder: string; inn: Inn; quick: boolean; rounds: number };
export type Link = Omit<z.input<typeof NntpLink>, 'listen' | 'to'>;
export type Reader = AsyncDisposable & {
  server: Server;
  relay: NntpRelay;
  /** Where the news servers are reached: the first is what the yardstick is measured at. */
  places: readonly Place[];
};

let started = 0;

/**
 * This program with one provider for each link, in order of priority, all of them the same news server behind a relay; null is
 * without any relay between.
 */
export async function startReader(
  { folder, inn }: Ground,
  links: readonly (Link | null)[],
  env: Record<string, string> = {},
): Promise<Reader> {
  const places = await Promise.all(
    links.map(async (link) => (link === null ? inn.plain : { host: '127.0.0.1', port: await freePort() })),
  );
  const relay = await startNntpRelay(
    links
      .map((link, index) => ({ ...link, listen: places[index] ?? inn.plain, to: inn.plain }))
      .filter(({ listen }) => listen !== inn.plain),
  );
  const providers = places.map((place, index) => ({
    ...{ name: `provider ${index + 1}`, ...place, tls: false, connections: CONNECTIONS, priority: index },
  }));
  started += 1;
  const running = await startServer({
    ...{ DATA_DIR: join(folder, `data${started}`), ADMIN_TOKEN, RATE_LIMIT_API: '1000000' },
    ...{ USENET_PROVIDERS: JSON.stringify(providers), TRUST_PROXY: '127.0.0.0/8', ...env },
  });
  return {
    server: { baseUrl: running.baseUrl, pid: running.pid, adminToken: ADMIN_TOKEN },
    ...{ relay, places },
    async [Symbol.asyncDispose]() {
      await running.stop();
      await relay.stop();
    },
  };
}

/** Copies of a release that nobody has seen, and of another one of the same film. */
export function post({ inn }: Ground, files: readonly PostOptions[], copies: number): Promise<Posted[]> {
  return postFiles(files, inn.plain, { copies });
}

export const plainFile = ({ bytes }: Film): PostOptions => ({
  ...{ name: 'film.mkv', bytes, partBytes: ARTICLE_BYTES },
});

/** A play link for an NZB. */
export async function linkToNzb({ baseUrl, adminToken }: Server, nzb: string): Promise<string> {
  const form = new FormData();
  form.set('file', new Blob([nzb], { type: 'application/x-nzb' }), 'film.nzb');
  const made = await fetch(`${baseUrl}/api/links`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${adminToken}` },
    body: form,
  });
  const link = z.object({ playUrl: z.string() }).safeParse(await made.json());
  if (made.status !== 201 || !link.success) throw new Error(`no play link: ${made.status}`);
  return link.data.playUrl;
}

export type Pair = { mine: Reading; openMs: number; rawBytesPerSecond: number; wireBytes: number };

/** The film read whole by a link made just before, timed from the request on; what the making took besides. */
export async function readRelease(server: Server, film: Film, { nzb }: Posted) {
  const begun = performance.now();
  const url = await linkToNzb(server, nzb);
  const openMs = performance.now() - begun;
  return { mine: await readWhole(server, film, async () => url), openMs };
}

/** In turns with the raw puller, of the same articles over as many connections; the first `warming` releases are for warming up. */
export async function readInTurns(
  { server, places }: Reader,
  film: Film,
  releases: readonly Posted[],
  warming: number,
): Promise<Pair[]> {
  const [place] = places;
  if (place === undefined || releases.length <= warming) throw new Error('nothing to read');
  const raw = ({ ids }: Posted) =>
    pullRaw({ ...place, connections: CONNECTIONS, depth: 2, ids: [...ids.flat()] });
  for (const release of releases.slice(0, warming)) {
    await readRelease(server, film, release);
    await raw(release);
  }
  const pairs: Pair[] = [];
  for (const [round, release] of releases.slice(warming).entries()) {
    const before = round % 2 === 0 ? null : await raw(release);
    const read = await readRelease(server, film, release);
    const { wireBytes, seconds } = before ?? (await raw(release));
    pairs.push({ ...read, wireBytes, rawBytesPerSecond: wireBytes / seconds });
  }
  return pairs;
}

/** The BODYs that a link was asked for since it was last asked, once no more have come for a while. */
export async function bodiesAt(relay: NntpRelay, link = 0, quietMs = 150): Promise<[string, number][]> {
  const bodies: [string, number][] = [];
  for (;;) {
    await sleep(quietMs);
    const more = (await relay.tell(link, { isCleared: true })).bodies;
    bodies.push(...more);
    if (more.length === 0) return bodies;
  }
}
