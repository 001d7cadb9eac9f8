/** As `BROKEN_ROWS`: sources, and what scanning them notes. */
export const BROKEN_SOURCE_ROWS: readonly [constraint: string, statement: string][] = [
  ['source_base_url_check', `UPDATE source SET base_url = 'http://nas.example/films'`],
  ['source_deleted_at_check', `UPDATE source SET is_active = true, deleted_at = now()`],
  ['source_config_check', `UPDATE source SET config = '[]'`],
  ['source_finder_check', `UPDATE source SET finder = 'gopher'`],
  ['source_last_error_check', `UPDATE source SET last_error = ''`],
  ['source_offers_check', `UPDATE source SET offers = 'lent'`],
  ['source_scan_minutes_check', `UPDATE source SET scan_minutes = 4`],
  ['source_username_check', `UPDATE source SET username = ''`],
  [
    'stream_local_source_id_file_path_key',
    `INSERT INTO stream_local VALUES ($http, 'starter', 'other.mp4', $source, 'clip.mp4')`,
  ],
  ['stream_local_source_check', `UPDATE stream_local SET file_path = NULL`],
  ['scan_folder_path_check', `UPDATE scan_folder SET path = repeat('x', 2001)`],
  ['scan_folder_state_check', `UPDATE scan_folder SET state = 'lost'`],
  [
    'scan_item_source_id_file_path_key',
    `INSERT INTO scan_item (source_id, batch_id, file_path, name) SELECT source_id, batch_id, file_path, name FROM scan_item`,
  ],
  ['scan_item_attempts_check', `UPDATE scan_item SET attempts = -1`],
  ['scan_item_failure_check', `UPDATE scan_item SET failure = ''`],
  ['scan_item_file_path_check', `UPDATE scan_item SET file_path = ''`],
  ['scan_item_name_check', `UPDATE scan_item SET name = ''`],
  ['scan_item_size_bytes_check', `UPDATE scan_item SET size_bytes = -1`],
  ['scan_item_size_bytes_check', `UPDATE scan_item SET size_bytes = 9007199254740992`],
  ['scan_item_state_check', `UPDATE scan_item SET state = 'matched'`],
  [
    'scan_log_batch_id_phase_key',
    `INSERT INTO scan_log (source_id, batch_id, phase, status, ended_at)
      SELECT source_id, batch_id, phase, 'failed', now() FROM scan_log`,
  ],
  ['scan_log_check', `UPDATE scan_log SET ended_at = now()`],
  ['scan_log_current_folder_check', `UPDATE scan_log SET current_folder = repeat('x', 2001)`],
  ['scan_log_failure_check', `UPDATE scan_log SET failure = ''`],
  ['scan_log_origin_check', `UPDATE scan_log SET origin = 'guess'`],
  ['scan_log_phase_check', `UPDATE scan_log SET phase = 'dreamer'`],
  ['scan_log_status_check', `UPDATE scan_log SET status = 'pending', ended_at = now()`],
  [
    'scan_log_one_scan',
    `INSERT INTO scan_log (source_id, batch_id, phase) SELECT source_id, gen_random_uuid(), phase FROM scan_log`,
  ],
  ...[
    ...['folders', 'files', 'inserted', 'skipped', 'invalid', 'extras', 'subtitles'],
    ...['moved', 'gone', 'matched', 'flagged', 'unmatched', 'failed'],
  ].map((column): [string, string] => [`scan_log_${column}_check`, `UPDATE scan_log SET ${column} = -1`]),
  [
    'scan_subtitle_source_id_file_path_key',
    `INSERT INTO scan_subtitle (source_id, batch_id, file_path, folder, name)
      SELECT source_id, batch_id, file_path, folder, name FROM scan_subtitle`,
  ],
  ['scan_subtitle_check', `UPDATE scan_subtitle SET stream_id = NULL`],
  ['scan_subtitle_file_path_check', `UPDATE scan_subtitle SET file_path = ''`],
  ['scan_subtitle_folder_check', `UPDATE scan_subtitle SET folder = repeat('x', 2001)`],
  ['scan_subtitle_name_check', `UPDATE scan_subtitle SET name = ''`],
  ['scan_subtitle_state_check', `UPDATE scan_subtitle SET state = 'lost', stream_id = NULL`],
];
