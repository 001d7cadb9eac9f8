-- Up Migration
-- A page of a genre by age: the age stands on the genre's shelf, in the indexes that order it, so that no title is looked up to be passed by.
ALTER TABLE genre_shelf ADD COLUMN age_min integer;
UPDATE genre_shelf s SET age_min = m.age_min FROM media m WHERE m.id = s.media_id AND m.age_min IS NOT NULL;
DROP INDEX genre_shelf_popular, genre_shelf_new;
CREATE INDEX genre_shelf_popular ON genre_shelf (genre_id, kind, rank DESC, media_id) INCLUDE (age_min);
CREATE INDEX genre_shelf_new ON genre_shelf (genre_id, kind, last_stream_added_at DESC NULLS LAST, media_id) INCLUDE (age_min);

CREATE OR REPLACE FUNCTION refresh_genre_shelf(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM genre_shelf s
  WHERE s.media_id = ANY (ids) AND NOT EXISTS (
    SELECT FROM media_genre mg JOIN media m ON m.id = mg.media_id
    WHERE mg.media_id = s.media_id AND mg.genre_id = s.genre_id AND m.is_published AND m.is_public AND NOT m.is_adult);
  INSERT INTO genre_shelf AS s (genre_id, media_id, kind, rank, last_stream_added_at, is_open, age_min)
  SELECT mg.genre_id, m.id, m.kind, m.rank, m.last_stream_added_at, m.open_streams > 0, m.age_min
  -- OFFSET 0: titles are looked up by their key; merged with the rest, all of media would be read for a large batch.
  FROM (SELECT DISTINCT t.id FROM unnest(ids) AS t(id) ORDER BY t.id OFFSET 0) t
  JOIN media m ON m.id = t.id AND m.is_published AND m.is_public AND NOT m.is_adult
  JOIN media_genre mg ON mg.media_id = m.id
  ON CONFLICT (media_id, genre_id) DO UPDATE SET
    kind = excluded.kind, rank = excluded.rank, last_stream_added_at = excluded.last_stream_added_at, is_open = excluded.is_open,
    age_min = excluded.age_min
  WHERE (s.kind, s.rank, s.last_stream_added_at, s.is_open, s.age_min)
    IS DISTINCT FROM (excluded.kind, excluded.rank, excluded.last_stream_added_at, excluded.is_open, excluded.age_min);
END $$;

-- A page of a genre of what is allowed: one walk too. Rules that allow, by the genres of their titles; written by triggers only.
CREATE TABLE profile_shelf (
  media_id bigint NOT NULL,
  profile_id bigint NOT NULL,
  genre_id bigint NOT NULL,
  kind text NOT NULL,
  rank real NOT NULL,
  last_stream_added_at timestamptz,
  PRIMARY KEY (media_id, profile_id, genre_id),
  FOREIGN KEY (profile_id, media_id) REFERENCES profile_policy (profile_id, media_id) ON DELETE CASCADE
);
CREATE INDEX profile_shelf_popular ON profile_shelf (profile_id, genre_id, kind, rank DESC, media_id);
CREATE INDEX profile_shelf_new ON profile_shelf (profile_id, genre_id, kind, last_stream_added_at DESC NULLS LAST, media_id);

-- Of the rules whose title and profile stand at the same place of both lists. Whoever writes a rule holds its title's lock, as whoever
-- changes the title or its genres does.
CREATE FUNCTION refresh_profile_shelf(titles bigint[], profiles bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM profile_shelf s USING unnest(titles, profiles) AS c(media_id, profile_id)
  WHERE s.media_id = c.media_id AND s.profile_id = c.profile_id AND NOT EXISTS (
    SELECT FROM media_genre mg JOIN profile_policy p ON p.media_id = mg.media_id AND p.profile_id = s.profile_id
    WHERE mg.media_id = s.media_id AND mg.genre_id = s.genre_id AND p.policy = 'allow' AND p.is_shown);
  INSERT INTO profile_shelf AS s (media_id, profile_id, genre_id, kind, rank, last_stream_added_at)
  SELECT p.media_id, p.profile_id, mg.genre_id, p.kind, p.rank, p.last_stream_added_at
  FROM (SELECT DISTINCT u.media_id, u.profile_id FROM unnest(titles, profiles) AS u(media_id, profile_id) ORDER BY 1, 2 OFFSET 0) c
  JOIN profile_policy p ON p.media_id = c.media_id AND p.profile_id = c.profile_id AND p.policy = 'allow' AND p.is_shown
  JOIN media_genre mg ON mg.media_id = p.media_id
  -- A rule that is taken away meanwhile drops out, instead of failing the key.
  FOR KEY SHARE OF p
  ON CONFLICT (media_id, profile_id, genre_id) DO UPDATE SET
    kind = excluded.kind, rank = excluded.rank, last_stream_added_at = excluded.last_stream_added_at
  WHERE (s.kind, s.rank, s.last_stream_added_at) IS DISTINCT FROM (excluded.kind, excluded.rank, excluded.last_stream_added_at);
END $$;
CREATE FUNCTION profile_shelf_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_profile_shelf((SELECT array_agg(media_id ORDER BY media_id, profile_id) FROM changed),
    (SELECT array_agg(profile_id ORDER BY media_id, profile_id) FROM changed));
  RETURN NULL;
END $$;
CREATE TRIGGER profile_policy_shelf_insert AFTER INSERT ON profile_policy REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION profile_shelf_changed();
CREATE TRIGGER profile_policy_shelf_update AFTER UPDATE ON profile_policy REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION profile_shelf_changed();
-- A title that moves to other genres moves for those who have rules for it.
CREATE FUNCTION refresh_profile_genres(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  titles bigint[];
  profiles bigint[];
BEGIN
  SELECT array_agg(p.media_id), array_agg(p.profile_id) INTO titles, profiles FROM profile_policy p WHERE p.media_id = ANY (ids);
  IF titles IS NOT NULL THEN
    PERFORM refresh_profile_shelf(titles, profiles);
  END IF;
END $$;
INSERT INTO profile_shelf (media_id, profile_id, genre_id, kind, rank, last_stream_added_at)
SELECT p.media_id, p.profile_id, mg.genre_id, p.kind, p.rank, p.last_stream_added_at
FROM profile_policy p JOIN media_genre mg ON mg.media_id = p.media_id WHERE p.policy = 'allow' AND p.is_shown;

CREATE OR REPLACE FUNCTION genre_shelf_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[] := ARRAY(SELECT DISTINCT media_id FROM changed);
BEGIN
  PERFORM refresh_genre_shelf(ids);
  PERFORM refresh_profile_genres(ids);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION genre_shelf_moved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[] := ARRAY(SELECT media_id FROM changed UNION SELECT media_id FROM former);
BEGIN
  PERFORM refresh_genre_shelf(ids);
  PERFORM refresh_profile_genres(ids);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION media_shelf_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[] := ARRAY(
    SELECT n.id FROM changed n JOIN former f ON f.id = n.id
    WHERE (n.kind, n.rank, n.last_stream_added_at, n.is_published, n.is_public, n.is_adult, n.open_streams > 0, n.owner_id, n.age_min)
      IS DISTINCT FROM (f.kind, f.rank, f.last_stream_added_at, f.is_published, f.is_public, f.is_adult, f.open_streams > 0, f.owner_id, f.age_min));
BEGIN
  IF cardinality(ids) > 0 THEN
    PERFORM refresh_genre_shelf(ids);
    PERFORM refresh_profile_policy(ids);
  END IF;
  RETURN NULL;
END $$;

-- Which part of a title waits for its tags: the title itself (`episode_id` null), or one episode. Until they are written, whoever blocks tags
-- does not see it; `is_known`: rules changed and not the title, whose tags of before hold until then.
ALTER TABLE media_tag_due ADD COLUMN episode_id bigint, ADD COLUMN is_known boolean NOT NULL DEFAULT false;
CREATE INDEX media_tag_due_place ON media_tag_due (media_id, episode_id) WHERE NOT is_known;

CREATE OR REPLACE FUNCTION tags_due_of_episodes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO media_tag_due (media_id, episode_id) SELECT media_id, id FROM changed WHERE num_nonnulls(title, overview) > 0;
  ELSE
    INSERT INTO media_tag_due (media_id, episode_id)
    SELECT n.media_id, n.id FROM changed n JOIN former f ON f.id = n.id
    WHERE (n.title, n.overview) IS DISTINCT FROM (f.title, f.overview);
  END IF;
  RETURN NULL;
END $$;

-- What is kept of the catalogue for whoever blocks tags is of no use once something waits for its tags, or does no longer; and the job is told.
CREATE FUNCTION tags_owed_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM changed WHERE NOT is_known) AND EXISTS (SELECT FROM profile_blocked_tag) THEN
    PERFORM pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}');
  END IF;
  IF TG_OP = 'INSERT' THEN
    PERFORM pg_notify('tributary', 'db tags-due changed');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER media_tag_due_insert AFTER INSERT ON media_tag_due REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_owed_changed();
CREATE TRIGGER media_tag_due_delete AFTER DELETE ON media_tag_due REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_owed_changed();

-- Ages are by the ratings of one country. With another one they are not known until a job has read them anew: no country stands here then, and
-- whoever sees by age sees what is allowed title by title.
CREATE FUNCTION household_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM rating_country;
  RETURN NULL;
END $$;
CREATE TRIGGER setting_household_insert AFTER INSERT ON setting FOR EACH ROW
  WHEN (NEW.key IN ('catalogRegion', 'catalogLanguage')) EXECUTE FUNCTION household_moved();
CREATE TRIGGER setting_household_update AFTER UPDATE ON setting FOR EACH ROW
  WHEN (NEW.key IN ('catalogRegion', 'catalogLanguage') AND NEW.value <> OLD.value) EXECUTE FUNCTION household_moved();
CREATE TRIGGER setting_household_delete AFTER DELETE ON setting FOR EACH ROW
  WHEN (OLD.key IN ('catalogRegion', 'catalogLanguage')) EXECUTE FUNCTION household_moved();
CREATE TRIGGER rating_country_notify AFTER INSERT OR DELETE ON rating_country FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

-- Down Migration
DROP TRIGGER rating_country_notify ON rating_country;
DROP TRIGGER setting_household_delete ON setting;
DROP TRIGGER setting_household_update ON setting;
DROP TRIGGER setting_household_insert ON setting;
DROP FUNCTION household_moved();
DROP TRIGGER media_tag_due_delete ON media_tag_due;
DROP TRIGGER media_tag_due_insert ON media_tag_due;
DROP FUNCTION tags_owed_changed();
CREATE OR REPLACE FUNCTION tags_due_of_episodes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO media_tag_due (media_id) SELECT DISTINCT media_id FROM changed WHERE num_nonnulls(title, overview) > 0;
  ELSE
    INSERT INTO media_tag_due (media_id)
    SELECT DISTINCT n.media_id FROM changed n JOIN former f ON f.id = n.id
    WHERE (n.title, n.overview) IS DISTINCT FROM (f.title, f.overview);
  END IF;
  RETURN NULL;
END $$;
DROP INDEX media_tag_due_place;
ALTER TABLE media_tag_due DROP COLUMN is_known, DROP COLUMN episode_id;
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
CREATE OR REPLACE FUNCTION genre_shelf_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_genre_shelf(ARRAY(SELECT media_id FROM changed UNION SELECT media_id FROM former));
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION genre_shelf_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_genre_shelf(ARRAY(SELECT DISTINCT media_id FROM changed));
  RETURN NULL;
END $$;
DROP FUNCTION refresh_profile_genres(bigint[]);
DROP TRIGGER profile_policy_shelf_update ON profile_policy;
DROP TRIGGER profile_policy_shelf_insert ON profile_policy;
DROP FUNCTION profile_shelf_changed(), refresh_profile_shelf(bigint[], bigint[]);
DROP TABLE profile_shelf;
CREATE OR REPLACE FUNCTION refresh_genre_shelf(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM genre_shelf s
  WHERE s.media_id = ANY (ids) AND NOT EXISTS (
    SELECT FROM media_genre mg JOIN media m ON m.id = mg.media_id
    WHERE mg.media_id = s.media_id AND mg.genre_id = s.genre_id AND m.is_published AND m.is_public AND NOT m.is_adult);
  INSERT INTO genre_shelf AS s (genre_id, media_id, kind, rank, last_stream_added_at, is_open)
  SELECT mg.genre_id, m.id, m.kind, m.rank, m.last_stream_added_at, m.open_streams > 0
  -- OFFSET 0: titles are looked up by their key; merged with the rest, all of media would be read for a large batch.
  FROM (SELECT DISTINCT t.id FROM unnest(ids) AS t(id) ORDER BY t.id OFFSET 0) t
  JOIN media m ON m.id = t.id AND m.is_published AND m.is_public AND NOT m.is_adult
  JOIN media_genre mg ON mg.media_id = m.id
  ON CONFLICT (media_id, genre_id) DO UPDATE SET
    kind = excluded.kind, rank = excluded.rank, last_stream_added_at = excluded.last_stream_added_at, is_open = excluded.is_open
  WHERE (s.kind, s.rank, s.last_stream_added_at, s.is_open)
    IS DISTINCT FROM (excluded.kind, excluded.rank, excluded.last_stream_added_at, excluded.is_open);
END $$;
DROP INDEX genre_shelf_new, genre_shelf_popular;
ALTER TABLE genre_shelf DROP COLUMN age_min;
CREATE INDEX genre_shelf_popular ON genre_shelf (genre_id, kind, rank DESC, media_id);
CREATE INDEX genre_shelf_new ON genre_shelf (genre_id, kind, last_stream_added_at DESC NULLS LAST, media_id);
