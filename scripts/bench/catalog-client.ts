import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { timeAll } from './measure.ts';
import { openRawClient, type RawAnswer } from './raw-client.ts';

export const ADMIN_TOKEN = 'admin-token-of-the-benchmark-only';

/** A title changes, as an import changes it, which empties the caches of all instances. */
export async function emptyCaches(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`UPDATE media SET tagline = coalesce(tagline, '') || '.' WHERE id = 1`);
  await client.end();
  // The notice takes about a millisecond.
  await sleep(250);
}

/** Answers of a cache space (`catalog`: pages) that were read from the database since the start. */
export async function answersLoaded(baseUrl: string, space: 'catalog' | 'streams'): Promise<number> {
  const answer = await fetch(`${baseUrl}/metrics`, { headers: { Authorization: `Bearer ${ADMIN_TOKEN}` } });
  const begin = `tributary_cache_requests_total{space="${space}",answer="loaded"} `;
  const line = (await answer.text()).split('\n').find((text) => text.startsWith(begin));
  return Number(line?.slice(begin.length) ?? 0);
}

/** The titles of each path's page in order, and the milliseconds it took; `concurrency` at a time over kept-alive connections. */
export async function timedPages(
  port: number,
  paths: readonly string[],
  concurrency: number,
): Promise<{ times: number[]; pages: Map<string, string[]> }> {
  slab.used = 0;
  const clients = await Promise.all(Array.from({ length: concurrency }, () => openRawClient(port, slab)));
  const answers: [string, RawAnswer][] = [];
  const times = await timeAll(paths, concurrency, async (path, worker) => {
    const answer = await clients[worker]?.get(path);
    if (answer !== undefined) answers.push([path, answer]);
  });
  for (const client of clients) client.close();
  if (answers.length !== paths.length) throw new Error('an answer is missing');
  // Looked at after the clock has stopped.
  return { times, pages: new Map(answers.map(([path, answer]) => [path, idsIn(answer)])) };
}

function idsIn({ status, body }: RawAnswer): string[] {
  const page: unknown = JSON.parse(body.toString());
  const metas = typeof page === 'object' && page !== null && 'metas' in page ? page.metas : null;
  if (status !== 200 || !Array.isArray(metas)) throw new Error(`a page was not answered (status ${status})`);
  return metas.map((meta: { id: string }) => meta.id);
}

/** A round's answers: 550 pages of 100 kB. */
const slab = { buffer: Buffer.allocUnsafe(96 * 1024 * 1024), used: 0 };
