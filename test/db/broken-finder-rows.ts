/** As `BROKEN_ROWS`: finders, their patterns and what they have seen. */
export const BROKEN_FINDER_ROWS: [constraint: string, statement: string][] = [
  [
    'finder_owner_id_place_hash_key',
    `INSERT INTO finder (owner_id, kind, name, host, place_hash, place_sealed, has_key)
      SELECT owner_id, kind, name, host, place_hash, place_sealed, has_key FROM finder`,
  ],
  [
    'finder_public_id_key',
    `INSERT INTO finder (public_id, kind, name, host, place_hash, place_sealed, has_key)
      SELECT public_id, kind, name, host, sha256('other'), place_sealed, has_key FROM finder`,
  ],
  ...['asked', 'found', 'failures', 'failures_in_row'].map((column): [string, string] => [
    `finder_${column}_check`,
    `UPDATE finder SET ${column} = -1`,
  ]),
  ...['host', 'name', 'last_error'].map((column): [string, string] => [
    `finder_${column}_check`,
    `UPDATE finder SET ${column} = ''`,
  ]),
  ...['etag', 'last_modified'].map((column): [string, string] => [
    `finder_${column}_check`,
    `UPDATE finder SET ${column} = repeat('x', 501)`,
  ]),
  ['finder_categories_check', `UPDATE finder SET categories = array_fill(2000, ARRAY[51])`],
  ['finder_kind_check', `UPDATE finder SET kind = 'gopher'`],
  ['finder_place_hash_check', `UPDATE finder SET place_hash = 'short'`],
  ['finder_state_check', `UPDATE finder SET state = 'perhaps'`],
  ...['asked', 'failures', 'found', 'answer_ms'].map((column): [string, string] => [
    `finder_day_${column}_check`,
    `UPDATE finder_day SET ${column} = -1`,
  ]),
  ['finder_day_last_error_check', `UPDATE finder_day SET last_error = '', last_failed_at = now()`],
  ['finder_day_last_failure_check', `UPDATE finder_day SET last_error = 'It failed.'`],
  ['finder_day_pkey', `INSERT INTO finder_day SELECT * FROM finder_day`],
  ['finder_day_finder_id_fkey', `INSERT INTO finder_day (finder_id, day) VALUES (0, '2026-01-31')`],
  ['finder_pattern_pattern_check', `UPDATE finder_pattern SET pattern = ''`],
  ['finder_pattern_position_check', `UPDATE finder_pattern SET position = 20`],
  ['finder_pattern_finder_id_fkey', `INSERT INTO finder_pattern VALUES (0, 0, 'x')`],
  ['finder_seen_item_hash_check', `UPDATE finder_seen SET item_hash = 'short'`],
];
