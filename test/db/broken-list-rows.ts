/** Of catalogues and what stands in them; see `broken-rows.ts`. */
export const BROKEN_LIST_ROWS: [constraint: string, statement: string][] = [
  ['catalog_check', `INSERT INTO catalog (slug, name, created_at) VALUES ('x', 'x', 'infinity')`],
  ['catalog_name_check', `INSERT INTO catalog (slug, name) VALUES ('x', '')`],
  ['catalog_slug_check', `INSERT INTO catalog (slug, name) VALUES ('Bad Slug', 'x')`],
  [
    'catalog_public_id_key',
    `INSERT INTO catalog (slug, name, public_id) SELECT 'x', 'x', public_id FROM catalog LIMIT 1`,
  ],
  ['catalog_slug_key', `INSERT INTO catalog (slug, name) VALUES ('mine', 'x')`],
  ['catalog_system_name', `INSERT INTO catalog (slug, name) VALUES ('x', 'Open films')`],
  ['catalog_item_pkey', `INSERT INTO catalog_item VALUES ($catalog, $film, 9)`],
  [
    'shelf_catalog_check',
    `INSERT INTO shelf (catalog, choice, kind, titles, open_titles) VALUES ('', '', 'movie', 1, 0)`,
  ],
  [
    'shelf_choice_check',
    `INSERT INTO shelf (catalog, choice, kind, titles, open_titles) VALUES ('x', repeat('x', 41), 'movie', 1, 0)`,
  ],
  [
    'shelf_kind_check',
    `INSERT INTO shelf (catalog, choice, kind, titles, open_titles) VALUES ('x', '', 'film', 1, 0)`,
  ],
  ['shelf_titles_check', `UPDATE shelf SET titles = 0, open_titles = 0`],
  ['shelf_check', `UPDATE shelf SET open_titles = titles + 1`],
  [
    'shelf_catalog_choice_kind_key',
    `INSERT INTO shelf (catalog, choice, kind, titles, open_titles) VALUES ('year', '1999', 'movie', 1, 0)`,
  ],
  ['shelf_item_pkey', `INSERT INTO shelf_item VALUES ($shelf, $film, 9, false)`],
  ['play_day_pkey', `INSERT INTO play_day SELECT * FROM play_day`],
  ['play_day_plays_check', `UPDATE play_day SET plays = 0`],
];
