-- Up Migration
-- What lies on disk of each torrent. A row per torrent and store: the folder of pieces of one instance, or of several that share it
-- (docs/decisions/0020-torrent-storage.md).
CREATE TABLE torrent_storage (
  info_hash text NOT NULL CHECK (info_hash ~ '^[0-9a-f]{40}$'),
  -- The folder's own mark.
  store text NOT NULL CHECK (length(store) BETWEEN 1 AND 64),
  -- None: played by a link, not saved.
  stream_id bigint REFERENCES stream_torrent ON DELETE SET NULL,
  name text CHECK (length(name) BETWEEN 1 AND 1000),
  size_bytes bigint CHECK (size_bytes >= 0),
  pieces_held integer NOT NULL DEFAULT 0 CHECK (pieces_held >= 0),
  -- Not known of pieces that were found without a row, until the torrent is opened.
  piece_count integer CHECK (piece_count > 0),
  progress double precision NOT NULL DEFAULT 0 CHECK (progress >= 0 AND progress <= 1),
  -- idle: a part of it is here, and nobody fetches the rest. paused: by the owner, everywhere.
  status text NOT NULL CHECK (status IN ('downloading', 'completed', 'seeding', 'idle', 'paused', 'error')),
  error text CHECK (length(error) BETWEEN 1 AND 1000),
  downloaded_bytes bigint NOT NULL DEFAULT 0 CHECK (downloaded_bytes >= 0),
  uploaded_bytes bigint NOT NULL DEFAULT 0 CHECK (uploaded_bytes >= 0),
  bytes_on_disk bigint NOT NULL DEFAULT 0 CHECK (bytes_on_disk >= 0),
  -- Of updated_at; older ones are gone.
  peers integer NOT NULL DEFAULT 0 CHECK (peers >= 0),
  readers integer NOT NULL DEFAULT 0 CHECK (readers >= 0),
  bytes_per_second bigint NOT NULL DEFAULT 0 CHECK (bytes_per_second >= 0),
  accessed_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (info_hash, store),
  CHECK (created_at <= updated_at)
-- Written each second while somebody reads: the new version fits beside the old one, and no index is touched.
) WITH (fillfactor = 70);
CREATE INDEX torrent_storage_store ON torrent_storage (store);
CREATE INDEX torrent_storage_stream ON torrent_storage (stream_id);
CREATE INDEX torrent_storage_paused ON torrent_storage (info_hash) WHERE status = 'paused';

-- Down Migration
DROP TABLE torrent_storage;
