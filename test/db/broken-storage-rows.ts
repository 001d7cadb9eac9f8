/** A value that the column of `torrent_storage` does not take. */
const REFUSED: Readonly<Record<string, string>> = {
  ...{ info_hash: `'${'A'.repeat(40)}'`, store: `''`, name: `''`, error: `''`, status: `'stalled'` },
  ...{ size_bytes: '-1', pieces_held: '-1', piece_count: '0', progress: '1.01', bytes_on_disk: '-1' },
  ...{ downloaded_bytes: '-1', uploaded_bytes: '-1', peers: '-1', readers: '-1', bytes_per_second: '-1' },
};

/** As `BROKEN_ROWS`: what is kept of torrents. */
export const BROKEN_STORAGE_ROWS: [constraint: string, statement: string][] = [
  ...Object.entries(REFUSED).map(([column, value]): [string, string] => [
    `torrent_storage_${column}_check`,
    `UPDATE torrent_storage SET ${column} = ${value}`,
  ]),
  ['torrent_storage_check', `UPDATE torrent_storage SET created_at = 'infinity'`],
  [
    'torrent_storage_pkey',
    `INSERT INTO torrent_storage (info_hash, store, status) SELECT info_hash, store, 'idle' FROM torrent_storage`,
  ],
  ['torrent_storage_stream_id_fkey', `UPDATE torrent_storage SET stream_id = $http`],
];
