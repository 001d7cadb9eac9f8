/** As `BROKEN_ROWS`: files on FTP servers. */
export const BROKEN_FTP_ROWS: [constraint: string, statement: string][] = [
  ['stream_ftp_check', `UPDATE stream_ftp SET file_path = NULL`],
  ['stream_ftp_url_check', `UPDATE stream_ftp SET url = 'ftp://user:secret@nas.example/f.mkv'`],
  ['stream_ftp_url_hash_check', `UPDATE stream_ftp SET url_hash = '\\x00'`],
  [
    'stream_ftp_url_hash_key',
    `INSERT INTO stream_ftp (stream_id, url, url_hash) VALUES ($local, 'ftp://x.example/a', sha256('f'))`,
  ],
  [
    'stream_ftp_source_id_file_path_key',
    `INSERT INTO stream_ftp (stream_id, source_id, file_path, url, url_hash) VALUES ($local, $source, '/f.mkv', 'ftp://x.example/a', sha256('x'))`,
  ],
];
