-- Up Migration
-- How file servers do: our own probes, what viewers' browsers reported, and what follows from both.
-- The months of the reports lie in a schema of their own: which ones there are depends on the calendar, not on the migrations.
CREATE SCHEMA IF NOT EXISTS months;

-- No address and nothing made from one is kept. One row a client, source and hour; `is_vote`: the client's first of the day, the one that
-- counts in the score.
CREATE TABLE source_health_report (
  id bigint GENERATED ALWAYS AS IDENTITY,
  reported_at timestamptz NOT NULL DEFAULT now(),
  source_id bigint NOT NULL REFERENCES source ON DELETE CASCADE,
  origin text NOT NULL DEFAULT 'crowd' CHECK (origin IN ('crowd', 'probe')),
  isp_name text NOT NULL CHECK (length(isp_name) BETWEEN 1 AND 100),
  is_reachable boolean NOT NULL,
  response_ms integer CHECK (response_ms BETWEEN 0 AND 30000),
  is_vote boolean NOT NULL DEFAULT true,
  PRIMARY KEY (id, reported_at)
) PARTITION BY RANGE (reported_at);
CREATE INDEX source_health_report_source ON source_health_report (source_id, reported_at);

-- The month (UTC) of a moment gets its partition; nothing happens where it has one. Two callers at once: the second waits for the first.
CREATE FUNCTION make_report_month(moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  month timestamp := date_trunc('month', moment AT TIME ZONE 'UTC');
  child text := 'source_health_report_' || to_char(month, 'YYYY_MM');
BEGIN
  IF to_regclass('months.' || child) IS NOT NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('source_health_report'));
  EXECUTE format('CREATE TABLE IF NOT EXISTS months.%I PARTITION OF source_health_report FOR VALUES FROM (%L) TO (%L)',
    child, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
END $$;

-- Months that ended before `oldest` go whole, which costs nothing; in the month it lies in the rows before it go one by one.
CREATE FUNCTION forget_reports(oldest timestamptz) RETURNS TABLE (months integer, reports bigint) LANGUAGE plpgsql AS $$
DECLARE
  child record;
BEGIN
  months := 0;
  FOR child IN
    SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'source_health_report'::regclass AND c.relname ~ '^source_health_report_\d{4}_\d\d$'
  LOOP
    IF (to_date(right(child.name, 7), 'YYYY_MM')::timestamp + interval '1 month') AT TIME ZONE 'UTC' <= oldest THEN
      EXECUTE format('DROP TABLE months.%I', child.name);
      months := months + 1;
    END IF;
  END LOOP;
  DELETE FROM source_health_report r WHERE r.reported_at < oldest;
  GET DIAGNOSTICS reports = ROW_COUNT;
  RETURN NEXT;
END $$;

-- What is thought of each source now. `source` mirrors score, state and reach, so that whoever ranks streams reads one table.
CREATE TABLE source_health (
  source_id bigint PRIMARY KEY REFERENCES source ON DELETE CASCADE,
  score numeric(5,2) NOT NULL DEFAULT 100 CONSTRAINT source_health_own_score_check CHECK (score BETWEEN 0 AND 100),
  state text NOT NULL DEFAULT 'unknown'
    CONSTRAINT source_health_own_state_check CHECK (state IN ('unknown', 'online', 'slow', 'isp_outage', 'globally_offline')),
  state_since timestamptz NOT NULL DEFAULT now(),
  -- Since when nobody reached it; null: somebody does, or nobody tried.
  unreachable_since timestamptz,
  -- Scores this low rest it until it answers us again.
  disabled_at timestamptz,
  -- Scans that failed since the last one that did not.
  scan_failures integer NOT NULL DEFAULT 0 CHECK (scan_failures >= 0),
  probe_failures integer NOT NULL DEFAULT 0 CHECK (probe_failures >= 0),
  last_probe_at timestamptz,
  last_ok_at timestamptz,
  -- Why our last probe failed.
  reason text CHECK (length(reason) BETWEEN 1 AND 300),
  next_probe_at timestamptz NOT NULL DEFAULT now(),
  -- Path of the file that was looked at last: the next one is the next in order.
  sampled_path text,
  settled_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE source_probe (
  source_id bigint NOT NULL REFERENCES source ON DELETE CASCADE,
  at timestamptz NOT NULL DEFAULT now(),
  is_ok boolean NOT NULL,
  connect_ms integer CHECK (connect_ms >= 0),
  listing_ms integer CHECK (listing_ms >= 0),
  first_byte_ms integer CHECK (first_byte_ms >= 0),
  bytes_per_second bigint CHECK (bytes_per_second >= 0),
  reason text CHECK (length(reason) BETWEEN 1 AND 300),
  PRIMARY KEY (source_id, at)
);

-- The same by day: sums of what was measured, and how often.
CREATE TABLE source_probe_day (
  source_id bigint NOT NULL REFERENCES source ON DELETE CASCADE,
  day date NOT NULL,
  probes integer NOT NULL CHECK (probes > 0),
  successes integer NOT NULL CHECK (successes BETWEEN 0 AND probes),
  connect_ms integer CHECK (connect_ms >= 0),
  listing_ms integer CHECK (listing_ms >= 0),
  first_byte_ms integer CHECK (first_byte_ms >= 0),
  bytes_per_second bigint CHECK (bytes_per_second >= 0),
  PRIMARY KEY (source_id, day)
);

-- Files of sources that were looked at and not reached, and those hidden with their source.
CREATE TABLE source_link_check (
  stream_id bigint PRIMARY KEY REFERENCES stream ON DELETE CASCADE,
  checked_at timestamptz NOT NULL DEFAULT now(),
  failing_since timestamptz NOT NULL,
  broken_at timestamptz,
  -- Its whole source was away for so long: it comes back with it.
  is_with_source boolean NOT NULL DEFAULT false,
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 300)
);
CREATE INDEX source_link_check_broken ON source_link_check (broken_at) WHERE broken_at IS NOT NULL;

-- Whoever shows a file again (a scan that saw it, its owner): what was noted against it goes.
CREATE FUNCTION stream_shown() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM source_link_check WHERE stream_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER stream_shown AFTER UPDATE OF state ON stream FOR EACH ROW WHEN (OLD.state = 'broken' AND NEW.state <> 'broken')
  EXECUTE FUNCTION stream_shown();

ALTER TABLE source
  ADD COLUMN health_state text NOT NULL DEFAULT 'unknown'
    CHECK (health_state IN ('unknown', 'online', 'slow', 'isp_outage', 'globally_offline')),
  ADD COLUMN is_reachable boolean NOT NULL DEFAULT true;

CREATE FUNCTION source_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO source_health (source_id) SELECT id FROM added ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER source_health_row AFTER INSERT ON source REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION source_added();
INSERT INTO source_health (source_id, score) SELECT id, health_score FROM source;

CREATE FUNCTION source_health_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE source s SET health_score = n.score, health_state = n.state,
    is_reachable = n.state <> 'globally_offline' AND n.disabled_at IS NULL
  FROM changed n
  WHERE s.id = n.source_id AND (s.health_score, s.health_state, s.is_reachable)
    IS DISTINCT FROM (n.score, n.state, n.state <> 'globally_offline' AND n.disabled_at IS NULL);
  RETURN NULL;
END $$;
CREATE TRIGGER source_health_mirror AFTER UPDATE ON source_health REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION source_health_changed();

-- What streams are ordered by: the score in tenths only, so that a point up or down does not empty every cache.
CREATE FUNCTION notify_source_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM changed n JOIN former f ON f.id = n.id
    WHERE (n.is_active, n.priority, n.offers, n.username, n.is_reachable, floor(n.health_score / 10)) IS DISTINCT FROM
      (f.is_active, f.priority, f.offers, f.username, f.is_reachable, floor(f.health_score / 10))
  ) THEN
    PERFORM pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER source_notify_update AFTER UPDATE ON source REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION notify_source_updated();

-- Who is asked otherwise begins anew: what failed before says nothing of it. Of who is elsewhere nothing is known at all, and what viewers said
-- of one that they do not reach themselves any more does not count either.
CREATE FUNCTION source_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  moved bigint[] := ARRAY(SELECT n.id FROM changed n JOIN former f ON f.id = n.id
    WHERE (n.base_url, n.finder) IS DISTINCT FROM (f.base_url, f.finder));
  unheard bigint[] := ARRAY(SELECT n.id FROM changed n JOIN former f ON f.id = n.id
    WHERE (n.allows_private OR n.offers = 'proxied' OR n.username IS NOT NULL)
      AND NOT (f.allows_private OR f.offers = 'proxied' OR f.username IS NOT NULL));
BEGIN
  UPDATE source_health h SET scan_failures = 0, probe_failures = 0, disabled_at = NULL, unreachable_since = NULL, state = 'unknown',
    state_since = now(), next_probe_at = now(), last_probe_at = NULL,
    score = CASE WHEN n.id = ANY (moved) THEN 100 ELSE h.score END, reason = CASE WHEN n.id <> ALL (moved) THEN h.reason END,
    last_ok_at = CASE WHEN n.id <> ALL (moved) THEN h.last_ok_at END
  FROM changed n JOIN former f ON f.id = n.id
  WHERE h.source_id = n.id AND (n.base_url, n.finder, n.username, n.password_sealed, n.allows_private, n.is_active)
    IS DISTINCT FROM (f.base_url, f.finder, f.username, f.password_sealed, f.allows_private, f.is_active);
  IF cardinality(moved) > 0 THEN
    DELETE FROM source_probe WHERE source_id = ANY (moved);
    DELETE FROM source_probe_day WHERE source_id = ANY (moved);
  END IF;
  IF cardinality(moved || unheard) > 0 THEN
    DELETE FROM source_health_report WHERE source_id = ANY (moved || unheard);
  END IF;
  RETURN NULL;
END $$;
-- Not for what the mirror writes, which would go round and round.
CREATE TRIGGER source_health_anew AFTER UPDATE ON source REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION source_changed();

-- Down Migration
DROP TRIGGER source_health_anew ON source;
DROP TRIGGER source_notify_update ON source;
DROP TRIGGER source_health_row ON source;
DROP TRIGGER stream_shown ON stream;
DROP TABLE source_link_check, source_probe_day, source_probe, source_health, source_health_report;
DROP FUNCTION stream_shown(), source_changed(), notify_source_updated(), source_health_changed(), source_added(), forget_reports(timestamptz), make_report_month(timestamptz);
ALTER TABLE source DROP COLUMN health_state, DROP COLUMN is_reachable;
DROP SCHEMA months;
