-- Up Migration
-- Titles and everything known about them. Shapes and conflicts: C1, C2, C4, C8, C9, C18, C19, C23, C31, C32.
CREATE TABLE metadata_provider (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  priority integer NOT NULL DEFAULT 100,
  is_external boolean NOT NULL DEFAULT true
);
INSERT INTO metadata_provider (name, priority, is_external) VALUES
  ('tributary', 0, false), ('imdb', 10, true), ('tmdb', 20, true), ('tvdb', 30, true), ('kitsu', 40, true), ('mal', 50, true),
  ('anilist', 60, true), ('wikidata', 70, true), ('trakt', 80, true);

CREATE TABLE media (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  kind text NOT NULL CHECK (kind IN ('movie', 'series', 'tv', 'event')),
  subkind text CHECK (subkind IN ('anime', 'documentary', 'short', 'miniseries', 'sport', 'concert')),
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 500),
  original_title text,
  year integer CHECK (year BETWEEN 1870 AND 2200),
  release_date date,
  end_date date,
  runtime_minutes integer CHECK (runtime_minutes > 0),
  episode_run_time integer[] CHECK (0 < ALL (episode_run_time)),
  status text,
  in_production boolean,
  network text,
  budget bigint CHECK (budget >= 0),
  revenue bigint CHECK (revenue >= 0),
  tagline text,
  overview text,
  age_min integer CHECK (age_min BETWEEN 0 AND 99),
  age_max integer CHECK (age_max BETWEEN 0 AND 99),
  nudity text NOT NULL DEFAULT 'unknown' CHECK (nudity IN ('none', 'mild', 'moderate', 'severe', 'unknown')),
  languages text[] NOT NULL DEFAULT '{}',
  countries text[] NOT NULL DEFAULT '{}',
  trailer_youtube_id text CHECK (trailer_youtube_id ~ '^[A-Za-z0-9_-]{11}$'),
  popularity real NOT NULL DEFAULT 0 CHECK (popularity >= 0),
  rating numeric(3, 1) CHECK (rating BETWEEN 0 AND 10),
  rating_count integer CHECK (rating_count >= 0),
  custom_fields jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(custom_fields) = 'object'),
  enrichment_status text NOT NULL DEFAULT 'approved'
    CHECK (enrichment_status IN ('pending', 'completed', 'flagged', 'approved', 'rejected')),
  match_confidence real CHECK (match_confidence BETWEEN 0 AND 1),
  is_published boolean NOT NULL DEFAULT true,
  is_featured boolean NOT NULL DEFAULT false,
  is_public boolean NOT NULL DEFAULT true,
  owner_id bigint REFERENCES app_user ON DELETE SET NULL,
  provider_id bigint REFERENCES metadata_provider ON DELETE RESTRICT,
  watch_count bigint NOT NULL DEFAULT 0 CHECK (watch_count >= 0),
  -- Kept by triggers (below and in 0003), so that a catalogue page reads this one table by one index.
  canonical_id text NOT NULL DEFAULT '' ,
  imdb_id text,
  poster_url text,
  background_url text,
  logo_url text,
  genres text[] NOT NULL DEFAULT '{}',
  total_streams integer NOT NULL DEFAULT 0,
  open_streams integer NOT NULL DEFAULT 0,
  last_stream_added_at timestamptz,
  search tsvector NOT NULL DEFAULT '',
  rank real GENERATED ALWAYS AS ((ln(1 + greatest(watch_count, 0)::double precision) * 10 + popularity)::real) STORED,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK (age_min <= age_max),
  CHECK (release_date <= end_date),
  CHECK (created_at <= updated_at)
);
-- A page walks one of these until it has its titles, and with `genres` in it reads nothing else for a genre's page.
CREATE INDEX media_popular ON media (kind, rank DESC, id) INCLUDE (genres) WHERE is_published AND is_public;
CREATE INDEX media_popular_open ON media (kind, rank DESC, id) INCLUDE (genres) WHERE is_published AND is_public AND open_streams > 0;
CREATE INDEX media_new ON media (kind, last_stream_added_at DESC NULLS LAST, id) INCLUDE (genres) WHERE is_published AND is_public;
CREATE INDEX media_new_open ON media (kind, last_stream_added_at DESC NULLS LAST, id) INCLUDE (genres) WHERE is_published AND is_public AND open_streams > 0;
CREATE INDEX media_release ON media (kind, release_date DESC NULLS LAST, id DESC) WHERE is_published AND is_public;
CREATE INDEX media_by_rating ON media (kind, rating DESC NULLS LAST, id) WHERE is_published AND is_public;
CREATE INDEX media_genres ON media USING gin (genres);
CREATE INDEX media_search ON media USING gin (search);
CREATE INDEX media_owner ON media (owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX media_canonical ON media (canonical_id);
CREATE INDEX media_year ON media (year, kind);
-- The API's own lists, which show hidden titles too, and the match of an import by folded title and year.
CREATE INDEX media_kind ON media (kind, id);
CREATE INDEX media_hidden ON media (kind, id) WHERE NOT (is_published AND is_public);
CREATE INDEX media_same_title ON media (fold(title), kind, year);
CREATE INDEX media_enrichment ON media (enrichment_status, created_at DESC) WHERE enrichment_status IN ('pending', 'flagged');

CREATE FUNCTION media_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    NEW.updated_at := greatest(now(), NEW.created_at);
  END IF;
  IF NEW.canonical_id = '' THEN
    NEW.canonical_id := 'trib:' || NEW.public_id;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER media_touch BEFORE INSERT OR UPDATE ON media FOR EACH ROW EXECUTE FUNCTION media_touch();

-- C1: TMDB movie 550 is not TMDB show 550, hence the namespace.
CREATE TABLE media_external_id (
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  provider text NOT NULL REFERENCES metadata_provider (name) ON UPDATE CASCADE ON DELETE RESTRICT,
  ns text NOT NULL DEFAULT 'any' CHECK (ns IN ('movie', 'tv', 'any')),
  external_id text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 100),
  PRIMARY KEY (provider, ns, external_id),
  UNIQUE (media_id, provider, ns),
  CHECK (provider <> 'imdb' OR (ns = 'any' AND external_id ~ '^tt[0-9]{5,12}$')),
  -- These number films and series apart, so their ids mean nothing without the namespace.
  CHECK (provider NOT IN ('tmdb', 'tvdb', 'trakt') OR (ns <> 'any' AND external_id ~ '^[1-9][0-9]{0,9}$'))
);

CREATE TABLE media_translation (
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  language text NOT NULL CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
  title text,
  overview text,
  tagline text,
  PRIMARY KEY (media_id, language),
  CHECK (num_nonnulls(title, overview, tagline) > 0)
);

CREATE TABLE media_alias (
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 500),
  PRIMARY KEY (media_id, title)
);

CREATE TABLE media_image (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  provider_id bigint REFERENCES metadata_provider ON DELETE RESTRICT,
  type text NOT NULL CHECK (type IN ('poster', 'background', 'logo', 'still')),
  url text NOT NULL CHECK (url ~ '^(https?://|asset:)'),
  language text,
  position integer NOT NULL DEFAULT 0,
  UNIQUE NULLS NOT DISTINCT (media_id, provider_id, type, url)
);

CREATE TABLE genre (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  tmdb_id integer UNIQUE,
  parent_id bigint REFERENCES genre ON DELETE SET NULL,
  is_active boolean NOT NULL DEFAULT true
);
CREATE UNIQUE INDEX genre_top_name ON genre (name) WHERE parent_id IS NULL;

CREATE TABLE genre_translation (
  genre_id bigint NOT NULL REFERENCES genre ON DELETE CASCADE,
  language text NOT NULL,
  name text NOT NULL,
  PRIMARY KEY (genre_id, language)
);

CREATE TABLE media_genre (
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  genre_id bigint NOT NULL REFERENCES genre ON DELETE CASCADE,
  weight real NOT NULL DEFAULT 1 CHECK (weight BETWEEN 0 AND 1),
  PRIMARY KEY (media_id, genre_id)
);
CREATE INDEX media_genre_genre ON media_genre (genre_id, media_id);

CREATE TABLE keyword (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200)
);
CREATE TABLE media_keyword (
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  keyword_id bigint NOT NULL REFERENCES keyword ON DELETE CASCADE,
  PRIMARY KEY (media_id, keyword_id)
);
CREATE INDEX media_keyword_keyword ON media_keyword (keyword_id, media_id);

CREATE TABLE company (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 300),
  tmdb_id integer UNIQUE
);
CREATE TABLE media_company (
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  company_id bigint NOT NULL REFERENCES company ON DELETE CASCADE,
  PRIMARY KEY (media_id, company_id)
);
CREATE INDEX media_company_company ON media_company (company_id, media_id);

CREATE TABLE person (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 300),
  tmdb_id integer UNIQUE,
  imdb_id text UNIQUE CHECK (imdb_id ~ '^nm[0-9]{5,12}$'),
  image_url text,
  overall_rating numeric(4, 2)
);
CREATE INDEX person_name ON person (fold(name));

-- C23: one table for cast and crew; two jobs in one department fit, a repeated row does not.
CREATE TABLE media_credit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  person_id bigint NOT NULL REFERENCES person ON DELETE CASCADE,
  credit_type text NOT NULL CHECK (credit_type IN ('cast', 'crew')),
  department text,
  job text,
  character text,
  position integer NOT NULL DEFAULT 0 CHECK (position >= 0),
  UNIQUE NULLS NOT DISTINCT (media_id, person_id, credit_type, department, job, character)
);
CREATE INDEX media_credit_person ON media_credit (person_id, media_id);

CREATE TABLE rating_provider (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  max_rating numeric(6, 2) NOT NULL CHECK (max_rating > 0),
  is_percentage boolean NOT NULL DEFAULT false
);
INSERT INTO rating_provider (name, max_rating, is_percentage) VALUES
  ('imdb', 10, false), ('tmdb', 10, false), ('trakt', 10, false), ('letterboxd', 5, false), ('rottentomatoes', 100, true),
  ('metacritic', 100, false), ('rogerebert', 4, false), ('mal', 10, false);

-- rating is normalised to 0–10; raw_rating is what the provider said.
CREATE TABLE media_rating (
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  provider_id bigint NOT NULL REFERENCES rating_provider ON DELETE RESTRICT,
  rating_type text NOT NULL DEFAULT 'user' CHECK (rating_type IN ('user', 'critic')),
  rating numeric(4, 2) NOT NULL CHECK (rating BETWEEN 0 AND 10),
  raw_rating numeric(7, 2) NOT NULL CHECK (raw_rating >= 0),
  vote_count bigint CHECK (vote_count >= 0),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (media_id, provider_id, rating_type)
);

-- C32: an age rating is a country's word; min_age NULL = the country's code says no age.
CREATE TABLE media_certification (
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
  code text NOT NULL CHECK (length(code) BETWEEN 1 AND 30),
  min_age integer CHECK (min_age BETWEEN 0 AND 99),
  PRIMARY KEY (media_id, country, code)
);

CREATE TABLE season (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  number integer NOT NULL CHECK (number >= 0),
  title text,
  overview text,
  poster_url text,
  air_date date,
  tmdb_id integer UNIQUE,
  provider_id bigint REFERENCES metadata_provider ON DELETE RESTRICT,
  UNIQUE (media_id, number),
  UNIQUE (id, media_id)
);

CREATE TABLE episode (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  season_id bigint NOT NULL,
  media_id bigint NOT NULL,
  number integer NOT NULL CHECK (number >= 0),
  title text,
  overview text,
  air_date date,
  runtime_minutes integer CHECK (runtime_minutes > 0),
  thumbnail_url text,
  tmdb_id integer UNIQUE,
  provider_id bigint REFERENCES metadata_provider ON DELETE RESTRICT,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (season_id, number),
  UNIQUE (id, media_id),
  -- The denormalised media_id cannot disagree with the season's.
  FOREIGN KEY (season_id, media_id) REFERENCES season (id, media_id) ON DELETE CASCADE,
  CHECK (created_at <= updated_at)
);
CREATE INDEX episode_media ON episode (media_id, season_id, number);
CREATE TRIGGER episode_touch BEFORE UPDATE ON episode FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- The columns of media that mirror its dependants. One UPDATE a statement, ids locked in order so that two importers cannot deadlock.
CREATE FUNCTION refresh_media_card(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM media WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
  UPDATE media m SET
    imdb_id = x.imdb_id,
    canonical_id = coalesce(x.imdb_id, 'tmdb:' || x.tmdb_id, 'trib:' || m.public_id),
    poster_url = x.poster_url, background_url = x.background_url, logo_url = x.logo_url,
    genres = x.genres
  FROM (
    SELECT t.id,
      (SELECT e.external_id FROM media_external_id e WHERE e.media_id = t.id AND e.provider = 'imdb') AS imdb_id,
      (SELECT e.external_id FROM media_external_id e WHERE e.media_id = t.id AND e.provider = 'tmdb'
         ORDER BY e.ns LIMIT 1) AS tmdb_id,
      (SELECT i.url FROM media_image i WHERE i.media_id = t.id AND i.type = 'poster' ORDER BY i.position, i.id LIMIT 1) AS poster_url,
      (SELECT i.url FROM media_image i WHERE i.media_id = t.id AND i.type = 'background' ORDER BY i.position, i.id LIMIT 1) AS background_url,
      (SELECT i.url FROM media_image i WHERE i.media_id = t.id AND i.type = 'logo' ORDER BY i.position, i.id LIMIT 1) AS logo_url,
      -- An index entry holds 2,700 bytes: names past 2,000 are left out (a hundred genres of usual length).
      coalesce((SELECT array_agg(n.name ORDER BY n.place) FROM (
         SELECT g.name, row_number() OVER by_weight AS place, sum(octet_length(g.name) + 8) OVER by_weight AS size_bytes
         FROM media_genre mg JOIN genre g ON g.id = mg.genre_id WHERE mg.media_id = t.id
         WINDOW by_weight AS (ORDER BY mg.weight DESC, g.name)) n WHERE n.size_bytes <= 2000), '{}') AS genres
    -- OFFSET 0: each is looked up once, and the titles by their key; merged with the UPDATE, all of media would be read.
    FROM unnest(ids) AS t(id) OFFSET 0
  ) x
  WHERE m.id = x.id
    AND (m.imdb_id, m.poster_url, m.background_url, m.logo_url, m.genres, m.canonical_id) IS DISTINCT FROM
        (x.imdb_id, x.poster_url, x.background_url, x.logo_url, x.genres, coalesce(x.imdb_id, 'tmdb:' || x.tmdb_id, 'trib:' || m.public_id));
END $$;

-- Every word of every search document, for words typed wrong. A word whose titles are gone stays: it finds nothing and harms nobody.
CREATE TABLE title_word (
  word text PRIMARY KEY
);
CREATE INDEX title_word_trigram ON title_word USING gin (word gin_trgm_ops);

-- Titles, aliases and translations in one document: A = the title, B = the original title and aliases, C = translations.
CREATE FUNCTION refresh_media_search(ids bigint[]) RETURNS void LANGUAGE sql AS $$
  UPDATE media m SET search = d.document
  FROM (
    SELECT t.id,
      setweight(to_tsvector('simple', fold_words(t.title)), 'A')
      || setweight(to_tsvector('simple', fold_words(coalesce(t.original_title, ''))), 'B')
      || setweight(to_tsvector('simple', fold_words(coalesce((SELECT string_agg(a.title, ' ') FROM media_alias a WHERE a.media_id = t.id), ''))), 'B')
      || setweight(to_tsvector('simple', fold_words(coalesce((SELECT string_agg(tr.title, ' ') FROM media_translation tr WHERE tr.media_id = t.id), ''))), 'C')
      AS document
    FROM media t WHERE t.id = ANY (ids) OFFSET 0
  ) d
  WHERE m.id = d.id AND m.search IS DISTINCT FROM d.document;
  -- In the order of the words, so that two writers cannot wait for each other.
  INSERT INTO title_word (word)
  SELECT DISTINCT w.lexeme FROM media m CROSS JOIN LATERAL unnest(m.search) AS w WHERE m.id = ANY (ids)
  ORDER BY w.lexeme
  ON CONFLICT DO NOTHING;
$$;

CREATE FUNCTION media_card_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_media_card(ARRAY(SELECT DISTINCT media_id FROM changed));
  RETURN NULL;
END $$;
-- A row that moves to another title changes both.
CREATE FUNCTION media_card_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_media_card(ARRAY(SELECT media_id FROM changed UNION SELECT media_id FROM former));
  RETURN NULL;
END $$;
CREATE FUNCTION media_search_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_media_search(ARRAY(SELECT DISTINCT media_id FROM changed));
  RETURN NULL;
END $$;
CREATE FUNCTION media_search_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_media_search(ARRAY(SELECT media_id FROM changed UNION SELECT media_id FROM former));
  RETURN NULL;
END $$;
-- Cards hold the genres' names.
CREATE FUNCTION genre_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[] := ARRAY(
    SELECT DISTINCT mg.media_id FROM changed n JOIN former f ON f.id = n.id AND f.name <> n.name
    JOIN media_genre mg ON mg.genre_id = n.id);
BEGIN
  IF cardinality(ids) > 0 THEN
    PERFORM refresh_media_card(ids);
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION media_title_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_media_search(ARRAY(SELECT id FROM changed));
  RETURN NULL;
END $$;
CREATE FUNCTION media_title_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[] := ARRAY(
    SELECT n.id FROM changed n JOIN former f ON f.id = n.id
    WHERE (n.title, n.original_title) IS DISTINCT FROM (f.title, f.original_title));
BEGIN
  -- A statement trigger also fires for an UPDATE of no rows: without this it would call itself for ever.
  IF cardinality(ids) > 0 THEN
    PERFORM refresh_media_search(ids);
  END IF;
  RETURN NULL;
END $$;
-- Transition tables cannot be combined with a column list, so the comparison is in the function.
CREATE TRIGGER media_search_insert AFTER INSERT ON media REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_title_changed();
CREATE TRIGGER media_search_update AFTER UPDATE ON media REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_title_updated();

CREATE TRIGGER external_id_insert AFTER INSERT ON media_external_id REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_changed();
CREATE TRIGGER external_id_update AFTER UPDATE ON media_external_id REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_updated();
CREATE TRIGGER external_id_delete AFTER DELETE ON media_external_id REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_changed();
CREATE TRIGGER image_insert AFTER INSERT ON media_image REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_changed();
CREATE TRIGGER image_update AFTER UPDATE ON media_image REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_updated();
CREATE TRIGGER image_delete AFTER DELETE ON media_image REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_changed();
CREATE TRIGGER media_genre_insert AFTER INSERT ON media_genre REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_changed();
CREATE TRIGGER media_genre_update AFTER UPDATE ON media_genre REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_updated();
CREATE TRIGGER media_genre_delete AFTER DELETE ON media_genre REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_changed();
CREATE TRIGGER genre_update AFTER UPDATE ON genre REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION genre_updated();
CREATE TRIGGER alias_insert AFTER INSERT ON media_alias REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_search_changed();
CREATE TRIGGER alias_update AFTER UPDATE ON media_alias REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_search_updated();
CREATE TRIGGER alias_delete AFTER DELETE ON media_alias REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_search_changed();
CREATE TRIGGER translation_insert AFTER INSERT ON media_translation REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_search_changed();
CREATE TRIGGER translation_update AFTER UPDATE ON media_translation REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_search_updated();
CREATE TRIGGER translation_delete AFTER DELETE ON media_translation REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_search_changed();

-- Down Migration
DROP TABLE episode, season, media_certification, media_rating, rating_provider, media_credit, person, media_company, company,
  media_keyword, keyword, media_genre, genre_translation, genre, media_image, media_alias, media_translation, media_external_id,
  media, title_word, metadata_provider;
DROP FUNCTION genre_updated(), media_title_updated(), media_title_changed(), media_search_updated(), media_search_changed(),
  media_card_updated(), media_card_changed(), refresh_media_search(bigint[]),
  refresh_media_card(bigint[]), media_touch();
