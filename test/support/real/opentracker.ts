import { randomBytes } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Net } from '../../../src/platform/net.ts';
import { announce, type SwarmCounts, scrape } from '../../../src/streams/torrent/trackers/index.ts';
import { freePort, openTempDir, startProcess } from '../processes.ts';

export type Opentracker = AsyncDisposable & {
  udpUrl: string;
  httpUrl: string;
  port: number;
  stop(): Promise<void>;
};

/**
 * Debian's opentracker, TCP and UDP on one free port of 127.0.0.1. It is built to serve a whitelist only, which it reads inside
 * of the folder it chroots to, and gives up root for `nobody`, who must be able to read there.
 */
export async function startOpentracker(options: {
  infoHashes: readonly string[];
  port?: number;
}): Promise<Opentracker> {
  const folder = await openTempDir();
  await chmod(folder.path, 0o755);
  await writeFile(join(folder.path, 'whitelist.txt'), options.infoHashes.map((hash) => `${hash}\n`).join(''));
  const port = options.port ?? (await freePort());
  const running = await startProcess({
    command: '/usr/bin/opentracker',
    args: [
      ...['-i', '127.0.0.1', '-p', String(port), '-P', String(port)],
      ...['-d', folder.path, '-u', 'nobody', '-w', 'whitelist.txt'],
    ],
    readyWhen: async () => (await fetch(`http://127.0.0.1:${port}/`).catch(() => null)) !== null,
  });
  const stop = async () => {
    await running.stop();
    await folder.remove();
  };
  return {
    udpUrl: `udp://127.0.0.1:${port}/announce`,
    httpUrl: `http://127.0.0.1:${port}/announce`,
    ...{ port, stop, [Symbol.asyncDispose]: stop },
  };
}

const NEVER = new AbortController().signal;

export const freshHashes = (amount: number) =>
  Array.from({ length: amount }, () => randomBytes(20).toString('hex'));

/** Announces so many that each torrent has other numbers than its neighbours; answers what a scrape must tell. */
export async function fillSwarms(
  url: string,
  infoHashes: readonly string[],
  net: Net,
): Promise<ReadonlyMap<string, SwarmCounts>> {
  const expected = new Map<string, SwarmCounts>();
  for (const [index, infoHash] of infoHashes.entries()) {
    const counts = { seeders: 1 + (index % 7), leechers: index % 5, completed: index % 2 };
    for (let peer = 0; peer < counts.seeders + counts.leechers; peer += 1) {
      const isSeeder = peer < counts.seeders;
      const common = {
        ...{ infoHash, peerId: randomBytes(20), port: 10_000 + 20 * index + peer },
        ...{ uploaded: 0, downloaded: 0, left: isSeeder ? 0 : 1, numWant: 0 },
      };
      await announce(url, { ...common, event: 'started' }, { net }, NEVER);
      if (peer < counts.completed) await announce(url, { ...common, event: 'completed' }, { net }, NEVER);
    }
    expected.set(infoHash, counts);
  }
  return expected;
}

const WORKERS = 8;

/** Scrapes all torrents so many times, eight at once; tells every number that was wrong, and what it took. */
export async function scrapeOften(
  url: string,
  expected: ReadonlyMap<string, SwarmCounts>,
  { net, times }: { net: Net; times: number },
): Promise<{ wrong: string[]; requestsPerSecond: number }> {
  const hashes = [...expected.keys()];
  const wrong: string[] = [];
  const begun = performance.now();
  let left = times;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      const told = await scrape(url, hashes, { net }, NEVER);
      for (const [hash, counts] of expected)
        if (JSON.stringify(inOrder(told.get(hash))) !== JSON.stringify(inOrder(counts)))
          wrong.push(`${hash} ${JSON.stringify(told.get(hash))} instead of ${JSON.stringify(counts)}`);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return { wrong, requestsPerSecond: (1000 * times) / (performance.now() - begun) };
}

function inOrder(counts: SwarmCounts | undefined) {
  return counts && [counts.seeders, counts.leechers, counts.completed];
}
