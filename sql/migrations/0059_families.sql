-- Up Migration
-- Who watches: profiles of an account. What a kid may see is decided here and nowhere else (src/catalogs/viewer.ts).
CREATE TABLE profile (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  user_id bigint NOT NULL REFERENCES app_user (id) ON DELETE CASCADE,
  kind text NOT NULL DEFAULT 'standard' CHECK (kind IN ('standard', 'kid')),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  avatar text CHECK (length(avatar) BETWEEN 1 AND 40),
  age integer CHECK (age BETWEEN 0 AND 120),
  pin_hash text CHECK (pin_hash ~ '^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$'),
  -- `all`: everything but what is denied; `allow`: nothing but what is allowed; `age`: by age rating, with exceptions both ways.
  mode text NOT NULL DEFAULT 'all' CHECK (mode IN ('all', 'allow', 'age')),
  max_age integer CHECK (max_age BETWEEN 0 AND 99),
  allows_unrated boolean NOT NULL DEFAULT false,
  -- [{"days": [1..7], "from": "07:00", "to": "19:30"}], ISO days in the time zone of the account; null: at any time.
  hours jsonb CHECK (jsonb_typeof(hours) = 'array' AND jsonb_array_length(hours) <= 50),
  daily_minutes integer CHECK (daily_minutes BETWEEN 0 AND 1440),
  config jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(config) = 'object'),
  -- Counts what changes what is seen: kept answers of an older one are never given out.
  policy_version integer NOT NULL DEFAULT 1,
  is_default boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (kind <> 'kid' OR (pin_hash IS NOT NULL AND mode <> 'all')),
  CHECK (mode <> 'age' OR max_age IS NOT NULL)
);
CREATE UNIQUE INDEX profile_default ON profile (user_id) WHERE is_default;
CREATE INDEX profile_user ON profile (user_id, id);
CREATE INDEX profile_kid ON profile (id) WHERE kind = 'kid';

ALTER TABLE app_user ADD COLUMN timezone text NOT NULL DEFAULT 'UTC' CHECK (timezone ~ '^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$' AND length(timezone) <= 64);

-- Exceptions, title by title. What orders a catalogue stands beside, as in genre_shelf: a kid's page is one walk of one index.
CREATE TABLE profile_policy (
  profile_id bigint NOT NULL REFERENCES profile (id) ON DELETE CASCADE,
  media_id bigint NOT NULL REFERENCES media (id) ON DELETE CASCADE,
  policy text NOT NULL CHECK (policy IN ('allow', 'deny')),
  kind text NOT NULL,
  rank real NOT NULL,
  last_stream_added_at timestamptz,
  is_shown boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (profile_id, media_id)
);
CREATE INDEX profile_policy_media ON profile_policy (media_id);
CREATE INDEX profile_policy_popular ON profile_policy (profile_id, kind, rank DESC, media_id) WHERE policy = 'allow' AND is_shown;
CREATE INDEX profile_policy_new ON profile_policy (profile_id, kind, last_stream_added_at DESC NULLS LAST, media_id) WHERE policy = 'allow' AND is_shown;

-- By number, not by row: the rule holds for episodes that are not known yet, and for ones that are loaded anew.
CREATE TABLE profile_blocked_episode (
  profile_id bigint NOT NULL REFERENCES profile (id) ON DELETE CASCADE,
  media_id bigint NOT NULL REFERENCES media (id) ON DELETE CASCADE,
  season_number integer NOT NULL CHECK (season_number >= 0),
  episode_number integer NOT NULL CHECK (episode_number >= 0),
  PRIMARY KEY (profile_id, media_id, season_number, episode_number)
);
CREATE INDEX profile_blocked_episode_media ON profile_blocked_episode (media_id);

-- An add-on as it stands in one player. Its address holds its id, sealed by our own key: nothing here opens anything.
CREATE TABLE install (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  profile_id bigint NOT NULL REFERENCES profile (id) ON DELETE CASCADE,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  -- Counts what changes what the manifest says.
  revision integer NOT NULL DEFAULT 0,
  -- Digest of the manifest its player took last; another than the present one: the player holds an old one.
  seen_manifest text CHECK (length(seen_manifest) <= 64),
  agent text CHECK (length(agent) BETWEEN 1 AND 200),
  last_seen_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX install_profile ON install (profile_id, id);

-- Minutes in which a profile with a daily limit was watching; kept for a month.
CREATE TABLE profile_minute (
  profile_id bigint NOT NULL REFERENCES profile (id) ON DELETE CASCADE,
  minute timestamptz NOT NULL CHECK (minute = date_trunc('minute', minute, 'UTC')),
  PRIMARY KEY (profile_id, minute)
);
CREATE INDEX profile_minute_old ON profile_minute (minute);

CREATE FUNCTION refresh_profile_policy(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE profile_policy s SET kind = n.kind, rank = n.rank, last_stream_added_at = n.last_stream_added_at, is_shown = n.is_shown
  FROM (
    SELECT pp.profile_id, m.id, m.kind, m.rank, m.last_stream_added_at,
      m.is_published AND NOT m.is_adult AND (m.is_public OR m.owner_id IS NOT DISTINCT FROM p.user_id) AS is_shown
    -- OFFSET 0: by their keys, as in refresh_genre_shelf.
    FROM (SELECT DISTINCT t.id FROM unnest(ids) AS t(id) ORDER BY t.id OFFSET 0) t
    JOIN profile_policy pp ON pp.media_id = t.id
    JOIN media m ON m.id = t.id
    JOIN profile p ON p.id = pp.profile_id
  ) n
  WHERE s.profile_id = n.profile_id AND s.media_id = n.id
    AND (s.kind, s.rank, s.last_stream_added_at, s.is_shown) IS DISTINCT FROM (n.kind, n.rank, n.last_stream_added_at, n.is_shown);
END $$;

CREATE OR REPLACE FUNCTION media_shelf_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[] := ARRAY(
    SELECT n.id FROM changed n JOIN former f ON f.id = n.id
    WHERE (n.kind, n.rank, n.last_stream_added_at, n.is_published, n.is_public, n.is_adult, n.open_streams > 0, n.owner_id)
      IS DISTINCT FROM (f.kind, f.rank, f.last_stream_added_at, f.is_published, f.is_public, f.is_adult, f.open_streams > 0, f.owner_id));
BEGIN
  IF cardinality(ids) > 0 THEN
    PERFORM refresh_genre_shelf(ids);
    PERFORM refresh_profile_policy(ids);
  END IF;
  RETURN NULL;
END $$;

-- Down Migration
CREATE OR REPLACE FUNCTION media_shelf_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[] := ARRAY(
    SELECT n.id FROM changed n JOIN former f ON f.id = n.id
    WHERE (n.kind, n.rank, n.last_stream_added_at, n.is_published, n.is_public, n.is_adult, n.open_streams > 0)
      IS DISTINCT FROM (f.kind, f.rank, f.last_stream_added_at, f.is_published, f.is_public, f.is_adult, f.open_streams > 0));
BEGIN
  IF cardinality(ids) > 0 THEN
    PERFORM refresh_genre_shelf(ids);
  END IF;
  RETURN NULL;
END $$;
DROP FUNCTION refresh_profile_policy(bigint[]);
DROP TABLE profile_minute, install, profile_blocked_episode, profile_policy;
ALTER TABLE app_user DROP COLUMN timezone;
DROP TABLE profile;
