-- Up Migration
-- Files on FTP servers: by hand (with credentials of their own, sealed) or of a source.
CREATE TABLE stream_ftp (
  stream_id bigint PRIMARY KEY REFERENCES stream ON DELETE CASCADE,
  source_id bigint REFERENCES source ON DELETE CASCADE,
  file_path text,
  url text NOT NULL CHECK (url ~ '^ftp(e?s)?://[^@]+$' AND length(url) <= 8192),
  url_hash bytea NOT NULL UNIQUE CHECK (octet_length(url_hash) = 32),
  credentials_sealed bytea,
  UNIQUE (source_id, file_path),
  CHECK ((source_id IS NULL) = (file_path IS NULL))
);

-- A source's removal takes its streams with it, as with HTTP.
CREATE FUNCTION stream_ftp_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM stream s USING gone g WHERE s.id = g.stream_id;
  RETURN NULL;
END $$;
CREATE TRIGGER stream_ftp_delete AFTER DELETE ON stream_ftp REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION stream_ftp_deleted();

-- Down Migration
DROP TABLE stream_ftp;
DROP FUNCTION stream_ftp_deleted();
