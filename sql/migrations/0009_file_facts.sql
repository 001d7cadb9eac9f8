-- Up Migration
-- What looking into a file told: its tracks (ffprobe) and its hash (OpenSubtitles). Valid for the file of this ETag and size.
CREATE TABLE file_facts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stream_id bigint NOT NULL REFERENCES stream ON DELETE CASCADE,
  -- NULL: the stream is one file.
  file_index integer CHECK (file_index >= 0),
  etag text CHECK (length(etag) <= 1000),
  size_bytes bigint CHECK (size_bytes >= 0),
  video_hash text CHECK (video_hash ~ '^[0-9a-f]{16}$'),
  media jsonb CHECK (jsonb_typeof(media) = 'object'),
  -- Why there are no tracks: the code of an error.
  failure text CHECK (length(failure) BETWEEN 1 AND 100),
  -- Columns of the stream that were set from here, not by a person and not from the release name.
  set_columns text[] NOT NULL DEFAULT '{}',
  probed_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (stream_id, file_index),
  CHECK ((media IS NULL) <> (failure IS NULL))
);
-- Offers say the hash and the embedded subtitles.
CREATE TRIGGER file_facts_notify AFTER INSERT OR UPDATE OR DELETE ON file_facts FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

-- Down Migration
DROP TABLE file_facts;
