-- Up Migration
-- A file server or a folder of this machine, whose files are found by scanning it.
ALTER TABLE source
  -- What lists its folders.
  ADD COLUMN finder text NOT NULL DEFAULT 'http-index' CHECK (finder IN ('http-index', 'ftp-listing', 'local-folder', 'webdav')),
  ADD COLUMN config jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(config) = 'object'),
  ADD COLUMN username text CHECK (length(username) BETWEEN 1 AND 200),
  ADD COLUMN password_sealed bytea,
  -- It may be reached although it is in a private network: it alone.
  ADD COLUMN allows_private boolean NOT NULL DEFAULT false,
  ADD COLUMN offers text NOT NULL DEFAULT 'proxied' CHECK (offers IN ('proxied', 'direct', 'both')),
  ADD COLUMN last_error text CHECK (length(last_error) BETWEEN 1 AND 500),
  -- 0: only when somebody says so.
  ADD COLUMN scan_minutes integer NOT NULL DEFAULT 360 CHECK (scan_minutes = 0 OR scan_minutes BETWEEN 5 AND 525600),
  ADD COLUMN next_scan_at timestamptz,
  -- Its owner wants it scanned now, once, even though it rests.
  ADD COLUMN is_scan_asked boolean NOT NULL DEFAULT false,
  ADD COLUMN last_scan_at timestamptz,
  ADD CONSTRAINT source_base_url_check CHECK (base_url ~ '^(https?://|ftp(e?s)?://|local:).*/$' AND length(base_url) <= 2000);
CREATE INDEX source_due ON source (next_scan_at) WHERE is_active AND next_scan_at IS NOT NULL;

ALTER TABLE stream_local
  ADD COLUMN source_id bigint REFERENCES source (id) ON DELETE CASCADE,
  ADD COLUMN file_path text,
  ADD CONSTRAINT stream_local_source_id_file_path_key UNIQUE (source_id, file_path),
  ADD CONSTRAINT stream_local_source_check CHECK ((source_id IS NULL) = (file_path IS NULL));
CREATE TRIGGER stream_local_delete AFTER DELETE ON stream_local REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION stream_http_deleted();

-- One phase of one batch: what became of it, kept 90 days. A collector that runs holds a lease; who dies loses it.
CREATE TABLE scan_log (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  source_id bigint NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  batch_id uuid NOT NULL,
  phase text NOT NULL CHECK (phase IN ('collector', 'enricher')),
  status text NOT NULL DEFAULT 'started' CHECK (status IN ('started', 'completed', 'failed')),
  -- `scan`: walked by us; `results`: sent in.
  origin text NOT NULL DEFAULT 'scan' CHECK (origin IN ('scan', 'results')),
  folders integer NOT NULL DEFAULT 0 CHECK (folders >= 0),
  files integer NOT NULL DEFAULT 0 CHECK (files >= 0),
  inserted integer NOT NULL DEFAULT 0 CHECK (inserted >= 0),
  skipped integer NOT NULL DEFAULT 0 CHECK (skipped >= 0),
  invalid integer NOT NULL DEFAULT 0 CHECK (invalid >= 0),
  extras integer NOT NULL DEFAULT 0 CHECK (extras >= 0),
  subtitles integer NOT NULL DEFAULT 0 CHECK (subtitles >= 0),
  moved integer NOT NULL DEFAULT 0 CHECK (moved >= 0),
  gone integer NOT NULL DEFAULT 0 CHECK (gone >= 0),
  matched integer NOT NULL DEFAULT 0 CHECK (matched >= 0),
  flagged integer NOT NULL DEFAULT 0 CHECK (flagged >= 0),
  unmatched integer NOT NULL DEFAULT 0 CHECK (unmatched >= 0),
  failed integer NOT NULL DEFAULT 0 CHECK (failed >= 0),
  current_folder text CHECK (length(current_folder) <= 2000),
  failure text CHECK (length(failure) BETWEEN 1 AND 500),
  holder uuid,
  held_until timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(),
  noted_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  UNIQUE (batch_id, phase),
  CHECK ((status = 'started') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX scan_log_one_scan ON scan_log (source_id) WHERE phase = 'collector' AND status = 'started';
CREATE INDEX scan_log_source ON scan_log (source_id, id DESC);
CREATE INDEX scan_log_started ON scan_log (started_at);
CREATE INDEX scan_log_running ON scan_log (phase, id) WHERE status = 'started';

-- The folders of the scan that runs, so that one that was broken off goes on where it was.
CREATE TABLE scan_folder (
  source_id bigint NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  path text NOT NULL CHECK (length(path) <= 2000),
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'read', 'failed')),
  PRIMARY KEY (source_id, path)
);
CREATE INDEX scan_folder_waiting ON scan_folder (source_id) WHERE state = 'waiting';

-- Files the scan that runs has seen, by the hash of their paths: what it has not seen by its end is gone.
CREATE TABLE scan_seen (
  source_id bigint NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  path_hash bigint NOT NULL,
  PRIMARY KEY (source_id, path_hash)
);

-- Videos that wait to be matched, and those that could not be. A matched one becomes a stream, and its row goes.
CREATE TABLE scan_item (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  source_id bigint NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  batch_id uuid NOT NULL,
  -- Segments joined by /, each as a URL has it.
  file_path text NOT NULL CHECK (length(file_path) BETWEEN 1 AND 2000),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 1000),
  -- What the program reads is below 2^53.
  size_bytes bigint CHECK (size_bytes BETWEEN 0 AND 9007199254740991),
  -- `held`: perhaps a known file that moved, which the end of the scan tells. `extra`: samples, trailers and the like, never matched.
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('held', 'pending', 'processing', 'unmatched', 'failed', 'extra')),
  attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  failure text CHECK (length(failure) BETWEEN 1 AND 500),
  -- Not taken before.
  next_at timestamptz NOT NULL DEFAULT now(),
  -- When the file was made, as far as the server tells.
  newest_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (source_id, file_path)
);
CREATE INDEX scan_item_next ON scan_item (newest_at DESC, id DESC) WHERE state IN ('pending', 'processing');
CREATE INDEX scan_item_batch ON scan_item (batch_id, state);
CREATE INDEX scan_item_state ON scan_item (state, next_at) WHERE state IN ('unmatched', 'failed');

-- Subtitle files, each with the stream it was linked to once there is one.
CREATE TABLE scan_subtitle (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  source_id bigint NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  batch_id uuid NOT NULL,
  file_path text NOT NULL CHECK (length(file_path) BETWEEN 1 AND 2000),
  -- Of the folder it lies in; '' the base.
  folder text NOT NULL CHECK (length(folder) <= 2000),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 1000),
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'linked', 'unmatched')),
  stream_id bigint REFERENCES stream (id) ON DELETE CASCADE,
  UNIQUE (source_id, file_path),
  CHECK ((state = 'linked') = (stream_id IS NOT NULL))
);
CREATE INDEX scan_subtitle_folder ON scan_subtitle (source_id, folder) WHERE state <> 'linked';
CREATE INDEX scan_subtitle_stream ON scan_subtitle (stream_id) WHERE stream_id IS NOT NULL;

-- Down Migration
DROP TABLE scan_subtitle;
DROP TABLE scan_item;
DROP TABLE scan_seen;
DROP TABLE scan_folder;
DROP TABLE scan_log;
DROP TRIGGER stream_local_delete ON stream_local;
ALTER TABLE stream_local DROP COLUMN source_id, DROP COLUMN file_path;
DROP INDEX source_due;
ALTER TABLE source
  DROP CONSTRAINT source_base_url_check,
  DROP COLUMN finder,
  DROP COLUMN config,
  DROP COLUMN username,
  DROP COLUMN password_sealed,
  DROP COLUMN allows_private,
  DROP COLUMN offers,
  DROP COLUMN last_error,
  DROP COLUMN scan_minutes,
  DROP COLUMN next_scan_at,
  DROP COLUMN is_scan_asked,
  DROP COLUMN last_scan_at;
