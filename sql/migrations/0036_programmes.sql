-- Up Migration
-- What live channels show, from guides (XMLTV): from a day ago to two weeks ahead, older rows are deleted by a job. Two of one channel may
-- overlap, as guides do; who reads takes the one that began last.
CREATE TABLE tv_programme (
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  start_at timestamptz NOT NULL,
  stop_at timestamptz NOT NULL,
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 500),
  subtitle text CHECK (length(subtitle) BETWEEN 1 AND 500),
  description text CHECK (length(description) BETWEEN 1 AND 5000),
  categories text[] NOT NULL DEFAULT '{}' CHECK (cardinality(categories) <= 20),
  icon_url text CHECK (icon_url ~ '^https?://' AND length(icon_url) <= 2000),
  rating text CHECK (length(rating) BETWEEN 1 AND 100),
  episode text CHECK (length(episode) BETWEEN 1 AND 100),
  PRIMARY KEY (media_id, start_at),
  CHECK (start_at < stop_at AND stop_at <= start_at + interval '2 days')
);
CREATE INDEX tv_programme_stop ON tv_programme (stop_at);
CREATE TRIGGER programme_notify AFTER INSERT OR UPDATE ON tv_programme FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

-- A guide that is being read (see 0025).
CREATE UNLOGGED TABLE IF NOT EXISTS staging.programme (
  media_id bigint NOT NULL,
  start_at timestamptz NOT NULL,
  stop_at timestamptz NOT NULL,
  title text NOT NULL,
  subtitle text,
  description text,
  categories text[] NOT NULL,
  icon_url text,
  rating text,
  episode text,
  PRIMARY KEY (media_id, start_at)
);

-- Down Migration
DROP TABLE IF EXISTS staging.programme;
DROP TABLE tv_programme;
