/**
 * `npm run seed -- imdb` of a million rows in IMDb's form into an empty database (goals: ≥ 20,000 rows/s, ≤ 300 MB in the importer's
 * process), beside a COPY of the same rows into plain tables. Then once more, killed twice on the way: what is stored in the end
 * must be the same, row for row.
 */
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { MIGRATIONS_DIR } from '../../src/platform/database.ts';
import { createLog } from '../../src/platform/log.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { dropDatabase } from '../../test/support/database.ts';
import { writeImdbData } from '../../test/support/imdb-data.ts';
import { type SeedSummary, seedImdb } from '../../test/support/imdb-kills.ts';
import type { BenchRow } from '../bench.ts';
import { median } from './measure.ts';

/** With their names, episodes, people and credits: a million rows. */
const TITLES = 77_600;
const ROUNDS = 2;

type Files = Awaited<ReturnType<typeof writeImdbData>>;
type Place = { url: string; folder: string; quick: boolean };

export async function seedRows({ url, folder: parent, quick }: Place): Promise<BenchRow[]> {
  const folder = join(parent, 'imdb');
  const files = await writeImdbData({ folder, titles: quick ? TITLES / 40 : TITLES });
  const count = Object.values(files).reduce((sum, { rows }) => sum + rows, 0);
  const [runs, copies, stored]: [SeedSummary[], number[], Set<string>] = [[], [], new Set()];
  for (let round = 0; round < (quick ? 1 : ROUNDS); round += 1) {
    const database = await fresh(url, `imdb_${round}`);
    copies.push(await copied(database, files));
    runs.push(finished(await seedImdb(database, ['--folder', folder])));
    stored.add(await contentsOf(database));
    await dropped(url, `imdb_${round}`);
  }
  const longest = Math.max(...runs.map(({ seconds }) => seconds)) * 1000;
  const killed = await fresh(url, 'imdb_killed');
  for (const share of [0.25, 0.6]) {
    const summary = await seedImdb(killed, ['--folder', folder], Math.round(longest * share));
    if (summary !== null) throw new Error('the importer had ended before it was killed');
  }
  const resumed = finished(await seedImdb(killed, ['--folder', folder]));
  stored.add(await contentsOf(killed));
  await dropped(url, 'imdb_killed');
  await rm(folder, { recursive: true, force: true });
  const rate = median(runs.map(({ seconds }) => count / seconds));
  const yardstick = median(copies.map((seconds) => count / seconds));
  const rss = [...runs, resumed].map(({ maxRssMb }) => maxRssMb);
  return [
    {
      ...{
        what: `seed imdb of ${count} rows`,
        'rows/s': Math.round(rate),
        'of COPY': Number((rate / yardstick).toFixed(3)),
      },
      ...{ 'RSS MiB': Math.round(Math.max(...rss)), rounds: runs.length },
      'the same when killed twice': stored.size === 1 ? 'yes' : 'NO',
    },
    { what: 'COPY of these rows into plain tables', 'rows/s': Math.round(yardstick), rounds: copies.length },
  ];
}

function finished(summary: SeedSummary | null): SeedSummary {
  if (summary === null) throw new Error('the importer was killed');
  if (summary.brokenRows > 0) throw new Error(`${summary.brokenRows} rows were not read`);
  return summary;
}

async function on<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function fresh(url: string, name: string): Promise<string> {
  await on(url, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE template0`));
  const own = url.replace(/[^/]*$/, name);
  await migrate({ url: own, dir: MIGRATIONS_DIR, log: createLog('silent') });
  return own;
}

function dropped(url: string, name: string): Promise<void> {
  return on(url, (client) => dropDatabase(client, name));
}

/** Seconds for the same files, unpacked on the way, into tables of texts without an index. */
function copied(url: string, files: Files): Promise<number> {
  return on(url, async (client) => {
    await client.query('SET synchronous_commit = off');
    const startedAt = performance.now();
    for (const [index, { path }] of Object.values(files).entries()) {
      const columns = Array.from({ length: WIDTHS[index] ?? 0 }, (_, n) => `c${n} text`).join(', ');
      await client.query(`CREATE TABLE plain_${index} (${columns})`);
      await pipeline(
        createReadStream(path),
        createGunzip(),
        client.query(copyFrom(`COPY plain_${index} FROM STDIN`)),
      );
    }
    const seconds = (performance.now() - startedAt) / 1000;
    for (const index of WIDTHS.keys()) await client.query(`DROP TABLE plain_${index}`);
    return seconds;
  });
}

/** Columns of basics, ratings, akas, episode, principals and names. */
const WIDTHS = [9, 3, 8, 4, 6, 6];

/** Rows and a hash of each table in natural keys: numbers that a sequence gave differ from run to run. */
function contentsOf(url: string): Promise<string> {
  return on(url, async (client) => {
    const { rows } = await client.query<{ told: string }>(`
      SELECT string_agg(name || ' ' || count || ' ' || hash, ', ' ORDER BY name) AS told FROM (
        SELECT name, count(*), sum(hashtextextended(text, 0)) AS hash FROM (
          SELECT 'media' AS name, concat_ws('|', canonical_id, kind, title, year, rating, rating_count, genres) AS text FROM media
          UNION ALL SELECT 'alias', canonical_id || a.title FROM media_alias a JOIN media m ON m.id = a.media_id
          UNION ALL SELECT 'translation', concat_ws('|', canonical_id, t.language, t.title) FROM media_translation t JOIN media m ON m.id = t.media_id
          UNION ALL SELECT 'search', concat_ws('|', canonical_id, s.document, s.names) FROM media_search s JOIN media m ON m.id = s.media_id
          UNION ALL SELECT 'shelf', concat_ws('|', canonical_id, g.name, h.rank) FROM genre_shelf h JOIN media m ON m.id = h.media_id JOIN genre g ON g.id = h.genre_id
          UNION ALL SELECT 'episode', concat_ws('|', canonical_id, s.number, e.number, e.title)
            FROM episode e JOIN season s ON s.id = e.season_id JOIN media m ON m.id = e.media_id
          UNION ALL SELECT 'credit', concat_ws('|', canonical_id, p.imdb_id, c.position, c.job, c.character)
            FROM media_credit c JOIN person p ON p.id = c.person_id JOIN media m ON m.id = c.media_id
        ) each GROUP BY name
      ) tables`);
    return rows[0]?.told ?? '';
  });
}
