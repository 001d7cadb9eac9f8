-- Up Migration
-- What is searched for, in a table of its own. In `media` the document stood beside fifteen indexes, all of which were written again for each
-- alias; and the best known of 300,000 titles with a word in `t…` could be had only by reading all of them.

DROP INDEX media_search;
ALTER TABLE media DROP COLUMN search;
DROP FUNCTION title_query(text), fold_words(text);

-- A name as names are compared: case, accents, signs and the variants of Greek and Arabic letters forgiven, single blanks.
CREATE FUNCTION search_name(value text) RETURNS text
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ BEGIN
    RETURN btrim(regexp_replace(
      translate(lower(public.unaccent('public.unaccent'::regdictionary, value)), 'ςأإآٱىةـ', 'σاااايه'),
      '[\u0001-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u00BF\u00D7\u00F7\u02B9-\u02DF\u060C\u061B\u061F\u0964\u0965\u2000-\u2BFF\u3000-\u3004\u3008-\u3020\u3030\u30FB\uFE00-\uFE6F\uFEFF-\uFF0F\uFF1A-\uFF20\uFF3B-\uFF40\uFF5B-\uFF65\U0001F000-\U0001FBFF\U000E0000-\U000E01EF]+',
      ' ', 'g'));
  END $$;

-- The words of such a name. Chinese, Japanese, Thai, Lao, Khmer and Burmese are written without blanks: there each pair of neighbours is a word,
-- and the last letter (`東京物`: `東京`, `京物`, `物`), so that any part of a name is found, and one letter as the beginning of a pair.
-- `is_typed`: as somebody types; the last letter is then in its pair, and the words stay in order.
CREATE FUNCTION search_words(name text, is_typed boolean) RETURNS text[]
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
  AS $$
DECLARE
  -- No name holds a `=`: it marks the runs.
  marked text := regexp_replace(name,
    '([\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3005-\u3007\u3021-\u302F\u3040-\u30FA\u30FC-\u30FF\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\U00020000-\U0003FFFF]+)',
    ' =\1 ', 'g');
  found text[] := '{}';
  word text;
BEGIN
  IF name = '' THEN
    RETURN found;
  END IF;
  IF marked = name THEN
    RETURN string_to_array(name, ' ');
  END IF;
  FOREACH word IN ARRAY string_to_array(marked, ' ') LOOP
    IF starts_with(word, '=') THEN
      found := found || ARRAY(
        SELECT substr(word, n, 2) FROM generate_series(2, length(word)) n
        WHERE n < length(word) OR n = 2 OR NOT is_typed);
    ELSIF word <> '' THEN
      found := found || word;
    END IF;
  END LOOP;
  RETURN found;
END $$;

-- One name as one word, for what is called just so: `=spiderman` for `Spider-Man` and `Spider Man`.
CREATE FUNCTION search_whole(name text) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT '=' || left(replace(name, ' ', ''), 40) $$;

-- Everything that is typed is a search: all of its words, the last one as a beginning. NULL when it has none. `without_short_end`: a last word of
-- up to three letters is left out where others stand before it, since a beginning of that kind has tens of thousands of words.
CREATE FUNCTION search_query(name text, without_short_end boolean DEFAULT false) RETURNS tsquery
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
  AS $$
DECLARE
  words text[] := search_words(name, true);
  ending text := ':*';
  query text := '';
  word text;
BEGIN
  IF without_short_end AND cardinality(words) > 1 AND length(words[cardinality(words)]) <= 3 THEN
    ending := '';
    words := trim_array(words, 1);
  END IF;
  FOREACH word IN ARRAY words LOOP
    query := query || ' & ' || array_to_tsvector(ARRAY[left(word, 60)])::text;
  END LOOP;
  RETURN CASE WHEN query <> '' THEN (substr(query, 4) || ending)::tsquery END;
END $$;

-- The words of a title's names: each name's own, each whole name, and what signs part written as one (`Spider-Man`: `spiderman`),
-- and the kind (`#movie`), so that few titles of a kind are found among many of another.
CREATE FUNCTION search_document(kind text, names text[], titles text[]) RETURNS tsvector
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
  AS $$
DECLARE
  words text[] := ARRAY['#' || kind];
  name text;
BEGIN
  FOREACH name IN ARRAY names LOOP
    words := words || search_words(name, false);
    IF length(name) <= 40 THEN
      words := words || search_whole(name);
    END IF;
  END LOOP;
  FOREACH name IN ARRAY titles LOOP
    IF name ~ '\w[-''’.·/]\w' THEN
      words := words || ARRAY(
        SELECT replace(search_name(part), ' ', '') FROM string_to_table(name, ' ') part
        WHERE part ~ '\w[-''’.·/]\w' AND search_name(part) <> '');
    END IF;
  END LOOP;
  RETURN array_to_tsvector(ARRAY(SELECT DISTINCT left(w, 60) FROM unnest(words) w WHERE w <> ''));
END $$;

-- From which rank on a title of a kind is among the 30,000 best known, and among the 2,000.
CREATE TABLE search_tier (
  kind text PRIMARY KEY CHECK (kind IN ('movie', 'series', 'tv', 'event')),
  known real NOT NULL,
  famous real NOT NULL,
  computed_at timestamptz NOT NULL DEFAULT now(),
  CHECK (known <= famous)
);

-- A row a title. `rank` stands in no index, so that a play writes one small row.
CREATE TABLE media_search (
  media_id bigint PRIMARY KEY REFERENCES media ON DELETE CASCADE,
  kind text NOT NULL,
  rank real NOT NULL,
  year integer,
  -- 2: famous, 1: known, 0: the others.
  tier smallint NOT NULL,
  is_shown boolean NOT NULL,
  is_open boolean NOT NULL,
  -- Folded; the title first.
  names text[] NOT NULL,
  document tsvector NOT NULL
) WITH (fillfactor = 90);
-- Short lists of waiting entries: each search reads them whole.
CREATE INDEX media_search_famous ON media_search USING gin (document) WITH (gin_pending_list_limit = 256) WHERE tier = 2;
CREATE INDEX media_search_known ON media_search USING gin (document) WITH (gin_pending_list_limit = 256) WHERE tier = 1;
CREATE INDEX media_search_others ON media_search USING gin (document) WITH (gin_pending_list_limit = 256) WHERE tier = 0;
CREATE INDEX media_search_open ON media_search USING gin (document) WITH (gin_pending_list_limit = 256) WHERE is_open;
CREATE INDEX media_search_tier ON media_search (kind, tier, media_id) WHERE tier > 0;

CREATE FUNCTION search_tier_of(kind text, rank real) RETURNS smallint
  LANGUAGE sql STABLE
  AS $$ SELECT coalesce(
    (SELECT CASE WHEN $2 > t.famous THEN 2 WHEN $2 > t.known THEN 1 ELSE 0 END FROM search_tier t WHERE t.kind = $1), 2)::smallint $$;

-- Where the tiers begin now. Of two writers one does it; the other takes what there is.
CREATE FUNCTION measure_search_tiers() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT pg_try_advisory_xact_lock(7241865325823966) THEN
    RETURN;
  END IF;
  INSERT INTO search_tier AS t (kind, known, famous)
  SELECT k.kind,
    coalesce((SELECT m.rank FROM media m WHERE m.kind = k.kind AND m.is_published AND m.is_public ORDER BY m.rank DESC OFFSET 30000 LIMIT 1), -1),
    coalesce((SELECT m.rank FROM media m WHERE m.kind = k.kind AND m.is_published AND m.is_public ORDER BY m.rank DESC OFFSET 2000 LIMIT 1), -1)
  FROM unnest('{movie,series,tv,event}'::text[]) AS k(kind)
  ON CONFLICT (kind) DO UPDATE SET known = excluded.known, famous = excluded.famous, computed_at = now();
END $$;

-- Moves up to `most` titles to the tier they belong to by now; answers how many it moved.
CREATE FUNCTION settle_search_tiers(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  moved integer;
BEGIN
  UPDATE media_search s SET tier = search_tier_of(s.kind, s.rank)
  WHERE s.media_id IN (
    (SELECT w.media_id FROM media_search w WHERE w.tier > 0 AND w.tier <> search_tier_of(w.kind, w.rank) LIMIT most)
    UNION
    (SELECT w.media_id FROM search_tier t
      CROSS JOIN LATERAL (
        SELECT m.id FROM media m WHERE m.kind = t.kind AND m.is_published AND m.is_public AND m.rank > t.known
        ORDER BY m.rank DESC LIMIT 30000) m
      JOIN media_search w ON w.media_id = m.id
      WHERE w.tier <> search_tier_of(w.kind, w.rank) LIMIT most));
  GET DIAGNOSTICS moved = ROW_COUNT;
  RETURN moved;
END $$;

-- Every word of four letters and more of every name, for words typed wrong. A word whose titles are gone stays: it finds nothing and harms nobody.
-- Two words that differ by one letter left out, put in, changed or swapped share a word that is left when one letter is taken away: these are
-- looked up by their hashes. Trigrams of a million titles' words took 60 ms a word.
DROP INDEX title_word_trigram;
-- In PL/pgSQL: 3.3 µs a word, 18 as a query, and an import of 5,000 titles brings 25,000 words.
CREATE FUNCTION word_slips(word text) RETURNS integer[]
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
  AS $$
DECLARE
  beginning text := left(word, 20);
  slips integer[] := ARRAY[hashtext(beginning)];
BEGIN
  FOR n IN 1..length(beginning) LOOP
    slips := slips || hashtext(overlay(beginning placing '' from n for 1));
  END LOOP;
  RETURN slips;
END $$;
TRUNCATE title_word;
CREATE INDEX title_word_slips ON title_word USING gin (word_slips(word)) WITH (gin_pending_list_limit = 256);

CREATE OR REPLACE FUNCTION refresh_media_search(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(ids) >= 500 AND NOT EXISTS (SELECT FROM search_tier t WHERE t.computed_at > now() - interval '10 seconds') THEN
    PERFORM measure_search_tiers();
  END IF;
  -- Two writers of one title's names come one after the other, and the second sees what the first wrote.
  PERFORM 1 FROM media WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
  INSERT INTO media_search AS s (media_id, kind, rank, year, tier, is_shown, is_open, names, document)
  SELECT m.id, m.kind, m.rank, m.year, search_tier_of(m.kind, m.rank), m.is_published AND m.is_public, m.open_streams > 0,
    n.names, search_document(m.kind, n.names, n.titles)
  FROM (SELECT DISTINCT t.id FROM unnest(ids) AS t(id) ORDER BY t.id OFFSET 0) t
  JOIN media m ON m.id = t.id
  CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(f.name ORDER BY f.place, f.name), '{}') AS names, coalesce(array_agg(f.title), '{}') AS titles
    FROM (
      SELECT search_name(g.title) AS name, min(g.title) AS title, min(g.place) AS place
      FROM (
        SELECT m.title, 0 AS place
        UNION ALL SELECT m.original_title, 1 WHERE m.original_title IS NOT NULL
        UNION ALL SELECT a.title, 2 FROM media_alias a WHERE a.media_id = m.id
        UNION ALL SELECT tr.title, 3 FROM media_translation tr WHERE tr.media_id = m.id AND tr.title IS NOT NULL
      ) g
      GROUP BY 1 ORDER BY 3, 1 LIMIT 100
    ) f
    WHERE f.name <> ''
  ) n
  ON CONFLICT (media_id) DO UPDATE SET
    kind = excluded.kind, rank = excluded.rank, year = excluded.year, tier = excluded.tier, is_shown = excluded.is_shown, is_open = excluded.is_open,
    names = excluded.names, document = excluded.document
  WHERE (s.kind, s.rank, s.year, s.tier, s.is_shown, s.is_open, s.names, s.document)
    IS DISTINCT FROM (excluded.kind, excluded.rank, excluded.year, excluded.tier, excluded.is_shown, excluded.is_open, excluded.names, excluded.document);
  -- In the order of the words, so that two writers cannot wait for each other.
  INSERT INTO title_word (word)
  SELECT DISTINCT w.word FROM media_search s CROSS JOIN LATERAL unnest(tsvector_to_array(s.document)) AS w(word)
  WHERE s.media_id = ANY (ids) AND length(w.word) > 3 AND NOT starts_with(w.word, '=')
  ORDER BY w.word
  ON CONFLICT DO NOTHING;
END $$;

CREATE OR REPLACE FUNCTION media_title_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  renamed bigint[] := ARRAY(
    SELECT n.id FROM changed n JOIN former f ON f.id = n.id
    WHERE (n.title, n.original_title, n.kind) IS DISTINCT FROM (f.title, f.original_title, f.kind));
  moved bigint[] := ARRAY(
    SELECT n.id FROM changed n JOIN former f ON f.id = n.id
    WHERE (n.rank, n.year, n.is_published AND n.is_public, n.open_streams > 0)
      IS DISTINCT FROM (f.rank, f.year, f.is_published AND f.is_public, f.open_streams > 0));
BEGIN
  IF cardinality(renamed) > 0 THEN
    PERFORM refresh_media_search(renamed);
  END IF;
  IF cardinality(moved) > 0 THEN
    IF cardinality(moved) >= 500 AND NOT EXISTS (SELECT FROM search_tier t WHERE t.computed_at > now() - interval '10 seconds') THEN
      PERFORM measure_search_tiers();
    END IF;
    UPDATE media_search s SET rank = m.rank, year = m.year, tier = search_tier_of(m.kind, m.rank),
      is_shown = m.is_published AND m.is_public, is_open = m.open_streams > 0
    FROM (SELECT t.id FROM unnest(moved) AS t(id) ORDER BY t.id OFFSET 0) t
    JOIN media m ON m.id = t.id
    WHERE s.media_id = m.id;
  END IF;
  RETURN NULL;
END $$;

SELECT refresh_media_search(ARRAY(SELECT id FROM media));

-- The words of people, as those of names.
CREATE INDEX person_search ON person USING gin (array_to_tsvector(search_words(search_name(name), false))) WITH (gin_pending_list_limit = 256);

-- Down Migration
DROP INDEX person_search;
DROP INDEX title_word_slips;
DROP TABLE media_search, search_tier;
DROP FUNCTION word_slips(text), settle_search_tiers(integer), measure_search_tiers(), search_tier_of(text, real), search_document(text, text[], text[]),
  search_query(text, boolean), search_whole(text), search_words(text, boolean), search_name(text);
CREATE FUNCTION fold_words(value text) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT btrim(replace(replace(translate(public.fold(value), '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)), '  ', ' '), '  ', ' ')) $$;
CREATE FUNCTION title_query(typed text) RETURNS tsquery
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT (nullif(plainto_tsquery('pg_catalog.simple'::regconfig, public.fold_words(typed))::text, '') || ':*')::tsquery $$;
ALTER TABLE media ADD COLUMN search tsvector NOT NULL DEFAULT '';
CREATE INDEX media_search ON media USING gin (search);
TRUNCATE title_word;
CREATE INDEX title_word_trigram ON title_word USING gin (word gin_trgm_ops);
CREATE OR REPLACE FUNCTION refresh_media_search(ids bigint[]) RETURNS void LANGUAGE sql AS $$
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
CREATE OR REPLACE FUNCTION media_title_updated() RETURNS trigger LANGUAGE plpgsql AS $$
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
SELECT refresh_media_search(ARRAY(SELECT id FROM media));
