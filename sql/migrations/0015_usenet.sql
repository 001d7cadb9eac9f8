-- Up Migration
-- What is kept of a Usenet post: which articles (release_key, a hash of their ids), how it is, and when it is looked at again.
ALTER TABLE stream_usenet
  ADD COLUMN release_key text CHECK (release_key ~ '^[A-Za-z0-9_-]{22}$'),
  ADD COLUMN posted_at timestamptz,
  ADD COLUMN size_bytes bigint CHECK (size_bytes >= 0),
  -- Share of the articles that were there; before the first check, of those that the NZB names.
  ADD COLUMN completeness real CHECK (completeness BETWEEN 0 AND 1),
  ADD COLUMN health text CHECK (health IN ('complete', 'damaged', 'gone', 'unknown')),
  ADD COLUMN checked_at timestamptz,
  -- NULL: never; without its NZB nobody can be asked.
  ADD COLUMN next_check_at timestamptz,
  ADD COLUMN password_sealed bytea;
CREATE INDEX stream_usenet_release ON stream_usenet (release_key) WHERE release_key IS NOT NULL;
CREATE INDEX stream_usenet_check ON stream_usenet (next_check_at) WHERE next_check_at IS NOT NULL;

-- What was learned of the articles of a release (sizes, names, what lies inside archives), whoever plays it by whatever link.
CREATE TABLE usenet_release (
  release_key text PRIMARY KEY CHECK (release_key ~ '^[A-Za-z0-9_-]{22}$'),
  learned jsonb NOT NULL CHECK (octet_length(learned::text) <= 262144),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX usenet_release_updated ON usenet_release (updated_at);

-- NZBs behind play links: they do not fit a URL. They go after the last link to them has ended.
CREATE TABLE usenet_upload (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  release_key text NOT NULL UNIQUE CHECK (release_key ~ '^[A-Za-z0-9_-]{22}$'),
  nzb_sealed bytea NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX usenet_upload_expires ON usenet_upload (expires_at);

-- What each provider gave on each day, for the plots.
CREATE TABLE usenet_provider_usage (
  provider text NOT NULL CHECK (length(provider) BETWEEN 1 AND 100),
  day date NOT NULL,
  bytes bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0),
  articles bigint NOT NULL DEFAULT 0 CHECK (articles >= 0),
  missing bigint NOT NULL DEFAULT 0 CHECK (missing >= 0),
  failures bigint NOT NULL DEFAULT 0 CHECK (failures >= 0),
  PRIMARY KEY (provider, day)
);

-- Down Migration
DROP TABLE usenet_provider_usage;
DROP TABLE usenet_upload;
DROP TABLE usenet_release;
DROP INDEX stream_usenet_check, stream_usenet_release;
ALTER TABLE stream_usenet
  DROP COLUMN password_sealed, DROP COLUMN next_check_at, DROP COLUMN checked_at, DROP COLUMN health, DROP COLUMN completeness,
  DROP COLUMN size_bytes, DROP COLUMN posted_at, DROP COLUMN release_key;
