import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { fillCatalogs } from '../../src/catalogs/fill/index.ts';
import { catalogs } from '../../src/catalogs/registry.ts';
import { command, rows } from '../../src/platform/db.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
  await database.db.query(command('test.films')`
    INSERT INTO media (kind, title, year, popularity, languages, countries, open_streams)
    SELECT CASE WHEN n % 3 = 0 THEN 'series' ELSE 'movie' END, 'Title ' || n, 1990 + n % 2, n, '{de,en-GB,en-US}', '{DE,US}', n % 2
    FROM generate_series(1, 40) n
  `);
});
afterAll(() => database?.close());

const fill = () =>
  fillCatalogs(database.db, catalogs, { today: '2026-11-27', country: 'DE' }, new AbortController().signal);

const Written = z.object({ of: z.string(), row: z.string() });

/** Every shelf and item with what tells when its row was written or locked last. */
const written = () =>
  database.db.any(rows('test.written', Written)`
    SELECT 'shelf' AS of, concat_ws(' ', id, catalog, choice, kind, titles, open_titles, xmin, xmax, ctid) AS row FROM shelf
    UNION ALL SELECT 'item', concat_ws(' ', shelf_id, media_id, score, is_open, xmin, xmax, ctid) FROM shelf_item
    ORDER BY 1, 2
  `);

/** How many rows were written since. */
function since(before: readonly z.infer<typeof Written>[], after: readonly z.infer<typeof Written>[]) {
  const known = new Set(before.map(({ row }) => row));
  const fresh = after.filter(({ row }) => !known.has(row));
  return {
    shelves: fresh.filter(({ of }) => of === 'shelf').length,
    items: fresh.filter(({ of }) => of === 'item').length,
  };
}

test('a fill writes, and locks, no row that is as it was', async () => {
  expect(await fill()).toBeGreaterThan(40);
  const first = await written();
  expect(await fill()).toBe(0);
  expect(since(first, await written())).toEqual({ shelves: 0, items: 0 });

  // A new place: in its year, two languages and two countries, and nowhere comes or goes a title.
  await database.db.query(command('test.risen')`UPDATE media SET popularity = 100 WHERE title = 'Title 7'`);
  expect(await fill()).toBe(0);
  const risen = await written();
  expect(since(first, risen)).toEqual({ shelves: 0, items: 5 });

  // Hidden: gone from five shelves, whose sizes change.
  await database.db.query(command('test.hidden')`UPDATE media SET is_public = false WHERE title = 'Title 7'`);
  expect(await fill()).toBe(5);
  expect(since(risen, await written())).toEqual({ shelves: 5, items: 0 });
  expect(await written()).toHaveLength(risen.length - 5);
});

test('a shelf without titles goes, with what stood on it', async () => {
  const years = () =>
    database.db.anyFirst(
      rows('test.years', z.object({ choice: z.string() }))`
        SELECT s.choice || ' ' || s.kind || ' ' || s.titles || ' ' || count(i.media_id) AS choice
        FROM shelf s LEFT JOIN shelf_item i ON i.shelf_id = s.id WHERE s.catalog = 'year' GROUP BY s.id ORDER BY 1
      `,
    );
  await fill();
  await database.db.query(command('test.moved')`UPDATE media SET year = 2001 WHERE year = 1990`);
  expect(await fill()).toBeGreaterThan(0);
  expect((await years()).map((shelf) => shelf.slice(0, 4))).toEqual(['1991', '1991', '2001', '2001']);
  for (const shelf of await years()) expect(shelf.split(' ')[2]).toBe(shelf.split(' ')[3]);
});

test('the shelves of a catalogue that is no more go', async () => {
  const { db } = database;
  await fill();
  await db.query(
    command(
      'test.former',
    )`INSERT INTO shelf (catalog, choice, kind, titles, open_titles) VALUES ('former', '', 'movie', 1, 0)`,
  );
  expect(await fill()).toBe(1);
  expect(
    await db.anyFirst(
      rows('test.catalogs', z.object({ catalog: z.string() }))`SELECT DISTINCT catalog FROM shelf ORDER BY 1`,
    ),
  ).toEqual(['country', 'language', 'year']);
});
