/** As `BROKEN_ROWS`: what the public lists of anime say of ids. */
export const BROKEN_MAPPING_ROWS: [constraint: string, statement: string][] = [
  ['id_mapping_list_check', `UPDATE id_mapping SET list = 'nobody'`],
  ['id_mapping_entry_check', `UPDATE id_mapping SET entry = ''`],
  ['id_mapping_type_check', `UPDATE id_mapping SET type = 'TV'`],
  ...['mal', 'anilist', 'kitsu', 'anidb', 'tmdb_movie', 'tmdb_tv', 'tvdb', 'trakt'].map(
    (column): [string, string] => [`id_mapping_${column}_check`, `UPDATE id_mapping SET ${column} = 0`],
  ),
  ['id_mapping_imdb_check', `UPDATE id_mapping SET imdb = 'nm0000001'`],
  ['id_mapping_tvdb_season_check', `UPDATE id_mapping SET tvdb_season = -1`],
  ['id_mapping_tmdb_season_check', `UPDATE id_mapping SET tmdb_season = -1`],
  ['id_mapping_check', `UPDATE id_mapping SET tvdb_season = 1, tvdb_absolute = true`],
  ['id_mapping_check1', `UPDATE id_mapping SET tmdb_season = 1, tmdb_absolute = true`],
  ['id_mapping_rules_check', `UPDATE id_mapping SET rules = '{}'`],
];
