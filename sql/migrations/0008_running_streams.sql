-- Up Migration
-- Who is being sent what right now, over all instances, when there is no Redis. Worth nothing after a crash, so unlogged.
-- Instances that serve one viewer the same file hold a row each, and it counts once.
CREATE UNLOGGED TABLE stream_lease (
  key text NOT NULL,
  holder text NOT NULL,
  subject_key text NOT NULL,
  ip_key text NOT NULL,
  ends_at timestamptz NOT NULL,
  PRIMARY KEY (key, holder)
);
CREATE INDEX stream_lease_subject ON stream_lease (subject_key, ends_at);
CREATE INDEX stream_lease_ip ON stream_lease (ip_key, ends_at);
CREATE INDEX stream_lease_end ON stream_lease (ends_at);

-- 0: the lease is held now (or still); else the seconds until one of those counted ends. A limit of 0 counts nothing.
-- Each statement of a volatile function sees what was committed before it began, so the count after the locks is of now; one plain
-- statement would count in the snapshot it took before it waited, and let two through.
CREATE FUNCTION take_stream_lease(wanted text, wanter text, subject text, ip text, per_subject integer, per_ip integer, life_s integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  subject_lock bigint := hashtextextended(subject, 8);
  ip_lock bigint := hashtextextended(ip, 9);
  is_full boolean := false;
  held integer;
  first_end timestamptz;
BEGIN
  -- In one order for everybody: nobody waits for someone who waits for him.
  PERFORM pg_advisory_xact_lock(least(subject_lock, ip_lock));
  PERFORM pg_advisory_xact_lock(greatest(subject_lock, ip_lock));
  IF NOT EXISTS (SELECT FROM stream_lease l WHERE l.key = wanted AND l.ends_at > clock_timestamp()) THEN
    SELECT count(DISTINCT l.key), min(l.ends_at) INTO held, first_end
    FROM stream_lease l WHERE l.subject_key = subject AND l.ends_at > clock_timestamp();
    is_full := per_subject > 0 AND held >= per_subject;
    IF NOT is_full THEN
      SELECT count(DISTINCT l.key), min(l.ends_at) INTO held, first_end
      FROM stream_lease l WHERE l.ip_key = ip AND l.ends_at > clock_timestamp();
      is_full := per_ip > 0 AND held >= per_ip;
    END IF;
  END IF;
  IF NOT is_full THEN
    INSERT INTO stream_lease AS l (key, holder, subject_key, ip_key, ends_at)
    VALUES (wanted, wanter, subject, ip, clock_timestamp() + make_interval(secs => life_s))
    ON CONFLICT (key, holder) DO UPDATE SET ends_at = excluded.ends_at;
    RETURN 0;
  END IF;
  RETURN greatest(1, ceil(extract(epoch FROM first_end - clock_timestamp())));
END $$;

-- What each instance is sending, for the page of any other; rows of instances that are gone are older than some seconds.
CREATE UNLOGGED TABLE live_list (
  instance text PRIMARY KEY,
  streams jsonb NOT NULL,
  updated_at timestamptz NOT NULL
);

-- Down Migration
DROP TABLE live_list, stream_lease;
DROP FUNCTION take_stream_lease(text, text, text, text, integer, integer, integer);
