-- Up Migration
-- How trackers are watched: each is asked when next_check_at has come, by whoever claims the row first; a real announce counts as
-- a check. One that fails is asked again after 10 min, then twice as long each time, 24 h at most.
ALTER TABLE tracker
  ADD COLUMN failures_in_row integer NOT NULL DEFAULT 0 CHECK (failures_in_row >= 0),
  ADD COLUMN next_check_at timestamptz NOT NULL DEFAULT now(),
  -- Why it fails, or is not asked at all.
  ADD COLUMN reason text CHECK (length(reason) BETWEEN 1 AND 300),
  -- What it stands on besides the torrents' own lists and the owner's, which is a setting.
  ADD COLUMN lists text[] NOT NULL DEFAULT '{}' CHECK (lists <@ ARRAY['builtin', 'remote']);
CREATE INDEX tracker_due ON tracker (next_check_at);
CREATE INDEX tracker_listed ON tracker (status) WHERE lists <> '{}';

-- The checks of five minutes together, for the plots; kept for three days.
CREATE TABLE tracker_check (
  tracker_id bigint NOT NULL REFERENCES tracker ON DELETE CASCADE,
  at timestamptz NOT NULL,
  successes integer NOT NULL,
  failures integer NOT NULL,
  latency_ms integer,
  PRIMARY KEY (tracker_id, at)
);
CREATE INDEX tracker_check_at ON tracker_check (at);

-- All of them together, every five minutes; kept as long.
CREATE TABLE tracker_health (
  at timestamptz PRIMARY KEY,
  working integer NOT NULL,
  failing integer NOT NULL,
  unknown integer NOT NULL,
  -- The median of those that work.
  latency_ms integer
);

-- Lists that are fetched from elsewhere (one so far: 'remote').
CREATE TABLE tracker_list (
  name text PRIMARY KEY,
  url text NOT NULL,
  next_fetch_at timestamptz NOT NULL,
  fetched_at timestamptz,
  tracker_count integer NOT NULL DEFAULT 0,
  -- Why the last try brought nothing.
  reason text
);

-- The owner's list and the mode decide what is offered with torrents, and a tracker has a row as soon as it stands on a list.
CREATE FUNCTION tracker_setting_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'DELETE' AND NEW.key = 'trackerList' THEN
    INSERT INTO tracker (url) SELECT DISTINCT l.url FROM jsonb_array_elements_text(NEW.value) AS l(url) ORDER BY 1
    ON CONFLICT DO NOTHING;
  END IF;
  PERFORM pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}');
  RETURN NULL;
END $$;
CREATE TRIGGER tracker_setting_write AFTER INSERT OR UPDATE ON setting FOR EACH ROW
  WHEN (NEW.key IN ('trackerMode', 'trackerList')) EXECUTE FUNCTION tracker_setting_changed();
CREATE TRIGGER tracker_setting_delete AFTER DELETE ON setting FOR EACH ROW
  WHEN (OLD.key IN ('trackerMode', 'trackerList')) EXECUTE FUNCTION tracker_setting_changed();

-- Down Migration
DROP TRIGGER tracker_setting_write ON setting;
DROP TRIGGER tracker_setting_delete ON setting;
DROP FUNCTION tracker_setting_changed();
DROP TABLE tracker_list, tracker_health, tracker_check;
ALTER TABLE tracker DROP COLUMN lists, DROP COLUMN reason, DROP COLUMN next_check_at, DROP COLUMN failures_in_row;
