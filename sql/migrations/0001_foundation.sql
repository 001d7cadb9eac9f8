-- Up Migration
-- Ground every table stands on: extensions, shared trigger functions, accounts and sources (minimal), settings.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS citext;

-- Case and accents forgiven; IMMUTABLE so that it can be indexed (the dictionary is named, so it cannot change with search_path).
-- PL/pgSQL because it is called for each row and a SQL function that cannot be inlined takes three times as long.
CREATE FUNCTION fold(value text) RETURNS text
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ BEGIN RETURN lower(public.unaccent('public.unaccent'::regdictionary, value)); END $$;

-- Folded words with single spaces: the text parser would take `Face/Off` for a path, `E.T.` for a host and `-2` for a number.
CREATE FUNCTION fold_words(value text) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT btrim(replace(replace(translate(public.fold(value), '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)), '  ', ' '), '  ', ' ')) $$;

-- Everything that is typed is a search: all of its words, the last one as a beginning. NULL when it has none.
CREATE FUNCTION title_query(typed text) RETURNS tsquery
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT (nullif(plainto_tsquery('pg_catalog.simple'::regconfig, public.fold_words(typed))::text, '') || ':*')::tsquery $$;

CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := greatest(now(), NEW.created_at);
  RETURN NEW;
END $$;

CREATE TABLE app_user (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  email citext UNIQUE,
  username citext UNIQUE,
  role text NOT NULL DEFAULT 'user' CHECK (role IN ('guest', 'user', 'moderator', 'admin')),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'banned')),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK (num_nonnulls(email, username) > 0),
  CHECK (created_at <= updated_at)
);
CREATE TRIGGER app_user_touch BEFORE UPDATE ON app_user FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE source (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200),
  base_url text NOT NULL,
  is_active boolean NOT NULL DEFAULT false,
  priority integer NOT NULL DEFAULT 0,
  health_score numeric(5, 2) NOT NULL DEFAULT 100 CHECK (health_score BETWEEN 0 AND 100),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK (created_at <= updated_at)
);
CREATE TRIGGER source_touch BEFORE UPDATE ON source FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- Run-time settings: a row only where the owner changed the default.
CREATE TABLE setting (
  key text PRIMARY KEY CHECK (key ~ '^[a-z][A-Za-z0-9.]{0,99}$'),
  type text NOT NULL CHECK (type IN ('string', 'integer', 'boolean', 'json')),
  value jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK (created_at <= updated_at)
);
CREATE TRIGGER setting_touch BEFORE UPDATE ON setting FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- What a recurring import or seed remembers of its last run.
CREATE TABLE sync_state (
  key text PRIMARY KEY,
  last_sync_at timestamptz NOT NULL DEFAULT now(),
  data jsonb NOT NULL DEFAULT '{}'
);

-- Fixed-window counters shared by all instances when there is no Redis. Unlogged: lost counters after a crash cost nothing.
CREATE UNLOGGED TABLE rate_limit (
  key varchar(255) PRIMARY KEY,
  points integer NOT NULL DEFAULT 0,
  expire bigint
);
CREATE INDEX rate_limit_expire ON rate_limit (expire);

CREATE TABLE language (
  code text PRIMARY KEY CHECK (code ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
  iso639_2 text NOT NULL CHECK (iso639_2 ~ '^[a-z]{3}$'),
  name text NOT NULL
);

-- Licences under which a stream may be shown. is_open: anyone may watch and pass it on without asking (PD, CC0, CC BY, CC BY-SA).
CREATE TABLE licence (
  code text PRIMARY KEY CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9.+-]{0,39}$'),
  name text NOT NULL,
  url text,
  is_open boolean NOT NULL
);
INSERT INTO licence (code, name, url, is_open) VALUES
  ('PD', 'Public domain', 'https://creativecommons.org/publicdomain/mark/1.0/', true),
  ('CC0-1.0', 'Creative Commons Zero 1.0', 'https://creativecommons.org/publicdomain/zero/1.0/', true),
  ('CC-BY-2.0', 'Creative Commons Attribution 2.0', 'https://creativecommons.org/licenses/by/2.0/', true),
  ('CC-BY-2.5', 'Creative Commons Attribution 2.5', 'https://creativecommons.org/licenses/by/2.5/', true),
  ('CC-BY-3.0', 'Creative Commons Attribution 3.0', 'https://creativecommons.org/licenses/by/3.0/', true),
  ('CC-BY-4.0', 'Creative Commons Attribution 4.0', 'https://creativecommons.org/licenses/by/4.0/', true),
  ('CC-BY-SA-2.0', 'Creative Commons Attribution-ShareAlike 2.0', 'https://creativecommons.org/licenses/by-sa/2.0/', true),
  ('CC-BY-SA-2.5', 'Creative Commons Attribution-ShareAlike 2.5', 'https://creativecommons.org/licenses/by-sa/2.5/', true),
  ('CC-BY-SA-3.0', 'Creative Commons Attribution-ShareAlike 3.0', 'https://creativecommons.org/licenses/by-sa/3.0/', true),
  ('CC-BY-SA-4.0', 'Creative Commons Attribution-ShareAlike 4.0', 'https://creativecommons.org/licenses/by-sa/4.0/', true),
  ('CC-BY-NC-3.0', 'Creative Commons Attribution-NonCommercial 3.0', 'https://creativecommons.org/licenses/by-nc/3.0/', false),
  ('CC-BY-NC-4.0', 'Creative Commons Attribution-NonCommercial 4.0', 'https://creativecommons.org/licenses/by-nc/4.0/', false),
  ('CC-BY-NC-SA-3.0', 'Creative Commons Attribution-NonCommercial-ShareAlike 3.0', 'https://creativecommons.org/licenses/by-nc-sa/3.0/', false),
  ('CC-BY-NC-SA-4.0', 'Creative Commons Attribution-NonCommercial-ShareAlike 4.0', 'https://creativecommons.org/licenses/by-nc-sa/4.0/', false),
  ('CC-BY-ND-4.0', 'Creative Commons Attribution-NoDerivatives 4.0', 'https://creativecommons.org/licenses/by-nd/4.0/', false),
  ('CC-BY-NC-ND-4.0', 'Creative Commons Attribution-NonCommercial-NoDerivatives 4.0', 'https://creativecommons.org/licenses/by-nc-nd/4.0/', false),
  ('OWNED', 'Owned by the operator', NULL, false);

-- Down Migration
DROP TABLE licence, language, rate_limit, sync_state, setting, source, app_user;
DROP FUNCTION touch_updated_at();
DROP FUNCTION title_query(text), fold_words(text), fold(text);
