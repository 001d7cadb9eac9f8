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

-- Down Migration
DROP TABLE tracker_list, tracker_health, tracker_check;
ALTER TABLE tracker DROP COLUMN lists, DROP COLUMN reason, DROP COLUMN next_check_at, DROP COLUMN failures_in_row;
