-- Up Migration
-- What an importer of millions of titles reads, before it becomes titles: unlogged, outside `public`, so that no backup holds it. IF NOT
-- EXISTS: a restore makes `public` anew, and this may be there from before.
CREATE SCHEMA IF NOT EXISTS staging;
-- Which import the rows belong to; a crash of the server empties unlogged tables, this one with them.
CREATE UNLOGGED TABLE IF NOT EXISTS staging.run (id text PRIMARY KEY);
-- `id` is the number in the provider's id: tt0063350 is 63350.
CREATE UNLOGGED TABLE IF NOT EXISTS staging.title (
  id integer PRIMARY KEY,
  imdb_id text NOT NULL,
  kind text NOT NULL,
  subkind text,
  title text NOT NULL,
  original_title text,
  year integer,
  status text,
  runtime_minutes integer,
  is_adult boolean NOT NULL,
  genres text[] NOT NULL
);
CREATE UNLOGGED TABLE IF NOT EXISTS staging.rating (id integer PRIMARY KEY, rating numeric(3, 1) NOT NULL, votes integer NOT NULL);
CREATE UNLOGGED TABLE IF NOT EXISTS staging.aka (
  title_id integer NOT NULL,
  position integer NOT NULL,
  title text NOT NULL,
  -- Whose translation it is; NULL = a name only. The lowest preference of a language is the one shown.
  language text,
  preference integer NOT NULL
);
CREATE INDEX IF NOT EXISTS aka_title ON staging.aka (title_id);
CREATE UNLOGGED TABLE IF NOT EXISTS staging.episode_name (id integer PRIMARY KEY, title text NOT NULL, runtime_minutes integer);
CREATE UNLOGGED TABLE IF NOT EXISTS staging.series_episode (
  id integer PRIMARY KEY,
  series_id integer NOT NULL,
  season integer NOT NULL,
  number integer NOT NULL
);
CREATE INDEX IF NOT EXISTS episode_series ON staging.series_episode (series_id);
CREATE UNLOGGED TABLE IF NOT EXISTS staging.credit (
  title_id integer NOT NULL,
  position integer NOT NULL,
  person_id integer NOT NULL,
  credit_type text NOT NULL,
  department text,
  job text,
  character text
);
CREATE INDEX IF NOT EXISTS credit_title ON staging.credit (title_id);
CREATE UNLOGGED TABLE IF NOT EXISTS staging.known_name (id integer PRIMARY KEY, imdb_id text NOT NULL, name text NOT NULL);

-- Titles that an importer of IMDb ids may find by name; empty in a catalogue made of IMDb.
CREATE INDEX media_without_imdb ON media (fold(title), kind, year) WHERE imdb_id IS NULL;

-- True in a transaction that adds new titles with their cards and shelves worked out already, and calls refresh_media_search once at its
-- end: each of the triggers of inserts would write every title or its names anew, with an entry in each of its indexes.
CREATE FUNCTION is_title_whole() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(current_setting('app.whole_titles', true), '') = 'on'
$$;
CREATE OR REPLACE TRIGGER media_search_insert AFTER INSERT ON media REFERENCING NEW TABLE AS changed FOR EACH STATEMENT WHEN (NOT is_title_whole()) EXECUTE FUNCTION media_title_changed();
CREATE OR REPLACE TRIGGER external_id_insert AFTER INSERT ON media_external_id REFERENCING NEW TABLE AS changed FOR EACH STATEMENT WHEN (NOT is_title_whole()) EXECUTE FUNCTION media_card_changed();
CREATE OR REPLACE TRIGGER media_genre_insert AFTER INSERT ON media_genre REFERENCING NEW TABLE AS changed FOR EACH STATEMENT WHEN (NOT is_title_whole()) EXECUTE FUNCTION media_card_changed();
CREATE OR REPLACE TRIGGER media_genre_shelf_insert AFTER INSERT ON media_genre REFERENCING NEW TABLE AS changed FOR EACH STATEMENT WHEN (NOT is_title_whole()) EXECUTE FUNCTION genre_shelf_changed();
CREATE OR REPLACE TRIGGER alias_insert AFTER INSERT ON media_alias REFERENCING NEW TABLE AS changed FOR EACH STATEMENT WHEN (NOT is_title_whole()) EXECUTE FUNCTION media_search_changed();
CREATE OR REPLACE TRIGGER translation_insert AFTER INSERT ON media_translation REFERENCING NEW TABLE AS changed FOR EACH STATEMENT WHEN (NOT is_title_whole()) EXECUTE FUNCTION media_search_changed();

-- Down Migration
CREATE OR REPLACE TRIGGER translation_insert AFTER INSERT ON media_translation REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_search_changed();
CREATE OR REPLACE TRIGGER alias_insert AFTER INSERT ON media_alias REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_search_changed();
CREATE OR REPLACE TRIGGER media_genre_shelf_insert AFTER INSERT ON media_genre REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION genre_shelf_changed();
CREATE OR REPLACE TRIGGER media_genre_insert AFTER INSERT ON media_genre REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_changed();
CREATE OR REPLACE TRIGGER external_id_insert AFTER INSERT ON media_external_id REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_changed();
CREATE OR REPLACE TRIGGER media_search_insert AFTER INSERT ON media REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_title_changed();
DROP FUNCTION is_title_whole();
DROP INDEX media_without_imdb;
DROP SCHEMA staging CASCADE;
