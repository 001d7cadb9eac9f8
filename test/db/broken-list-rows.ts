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
];
