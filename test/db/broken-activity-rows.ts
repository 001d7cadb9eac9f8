const entry = (columns: string, values: string): string =>
  `INSERT INTO watch_history (profile_id, media_id, origin, ${columns}) VALUES ($profile, $film, 'play', ${values})`;

/** As `BROKEN_ROWS`: what profiles watched and keep. */
export const BROKEN_ACTIVITY_ROWS: readonly [constraint: string, statement: string][] = [
  ['watch_history_progress_seconds_check', entry('progress_seconds', '-1')],
  ['watch_history_duration_seconds_check', entry('duration_seconds', '0')],
  ['watch_history_source_check', entry('source', `''`)],
  ['watch_history_context_check', entry('context', `repeat('x', 61)`)],
  ['watch_history_pauses_check', entry('pauses', '-1')],
  ['watch_history_rewinds_check', entry('rewinds', '-1')],
  ['watch_history_origin_check', `UPDATE watch_history SET origin = 'guess'`],
  [
    'watch_history_public_id_key',
    `INSERT INTO watch_history (profile_id, media_id, origin, public_id) SELECT profile_id, media_id, origin, public_id FROM watch_history`,
  ],
  ['user_media_mark_kind_check', `UPDATE user_media_mark SET kind = 'hated'`],
];
