/** As `BROKEN_ROWS`: what is kept of Usenet posts, releases and providers. */
export const BROKEN_USENET_ROWS: [constraint: string, statement: string][] = [
  ['stream_usenet_nzb_guid_check', `UPDATE stream_usenet SET nzb_guid = ''`],
  ['stream_usenet_nzb_guid_key', `INSERT INTO stream_usenet (stream_id, nzb_guid) VALUES ($http, 'guid-1')`],
  ['stream_usenet_release_key_check', `UPDATE stream_usenet SET release_key = 'short'`],
  ['stream_usenet_size_bytes_check', `UPDATE stream_usenet SET size_bytes = -1`],
  ['stream_usenet_completeness_check', `UPDATE stream_usenet SET completeness = 1.01`],
  ['stream_usenet_health_check', `UPDATE stream_usenet SET health = 'poor'`],
  ['usenet_release_release_key_check', `UPDATE usenet_release SET release_key = 'short'`],
  [
    'usenet_release_learned_check',
    `UPDATE usenet_release SET learned = jsonb_build_object('names', (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 8200) n))`,
  ],
  ['usenet_upload_release_key_check', `UPDATE usenet_upload SET release_key = 'short'`],
  [
    'usenet_upload_release_key_key',
    `INSERT INTO usenet_upload (release_key, nzb_sealed, expires_at) SELECT release_key, nzb_sealed, expires_at FROM usenet_upload`,
  ],
  ['usenet_provider_usage_provider_check', `UPDATE usenet_provider_usage SET provider = ''`],
  ...['bytes', 'articles', 'missing', 'failures'].map((column): [string, string] => [
    `usenet_provider_usage_${column}_check`,
    `UPDATE usenet_provider_usage SET ${column} = -1`,
  ]),
];
