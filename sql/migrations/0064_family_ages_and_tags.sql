-- Up Migration
-- What a profile does not want to see wherever it stands; rows of media_tag say where.
CREATE TABLE profile_blocked_tag (
  profile_id bigint NOT NULL REFERENCES profile (id) ON DELETE CASCADE,
  tag_id bigint NOT NULL REFERENCES content_tag (id) ON DELETE CASCADE,
  PRIMARY KEY (profile_id, tag_id)
);
CREATE INDEX profile_blocked_tag_tag ON profile_blocked_tag (tag_id);

-- Whose ratings this household goes by, in order; the program writes it (`ratingCountries` of kit/age-rating.ts). Others come after.
CREATE TABLE rating_country (
  country text PRIMARY KEY CHECK (country ~ '^[A-Z]{2}$'),
  place integer NOT NULL CHECK (place >= 0)
);

-- media.age_min is the age of the rating that decides here (`ratingOf` of kit/age-rating.ts); null: unrated.
CREATE FUNCTION refresh_media_age(ids bigint[]) RETURNS void LANGUAGE sql AS $$
  UPDATE media m SET age_min = n.min_age, age_max = CASE WHEN m.age_max < n.min_age THEN NULL ELSE m.age_max END
  FROM (
    SELECT t.id, r.min_age
    FROM (SELECT DISTINCT u.id FROM unnest(ids) AS u(id) ORDER BY u.id OFFSET 0) t
    LEFT JOIN LATERAL (
      SELECT c.min_age FROM media_certification c LEFT JOIN rating_country o ON o.country = c.country
      WHERE c.media_id = t.id AND c.min_age IS NOT NULL
      ORDER BY o.place, c.country, c.min_age DESC LIMIT 1
    ) r ON true
  ) n
  WHERE m.id = n.id AND m.age_min IS DISTINCT FROM n.min_age
$$;

CREATE FUNCTION certification_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_media_age(ARRAY(SELECT DISTINCT media_id FROM changed));
  RETURN NULL;
END $$;
CREATE FUNCTION certification_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_media_age(ARRAY(SELECT media_id FROM changed UNION SELECT media_id FROM former));
  RETURN NULL;
END $$;
CREATE TRIGGER certification_insert AFTER INSERT ON media_certification REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION certification_changed();
CREATE TRIGGER certification_delete AFTER DELETE ON media_certification REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION certification_changed();
CREATE TRIGGER certification_update AFTER UPDATE ON media_certification REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION certification_updated();

-- Most titles have no rating: who sees rated ones only walks these.
CREATE INDEX media_rated_popular ON media (kind, rank DESC, id) INCLUDE (age_min) WHERE is_published AND is_public AND NOT is_adult AND age_min IS NOT NULL;
CREATE INDEX media_rated_new ON media (kind, last_stream_added_at DESC NULLS LAST, id) INCLUDE (age_min) WHERE is_published AND is_public AND NOT is_adult AND age_min IS NOT NULL;

-- Down Migration
DROP INDEX media_rated_new, media_rated_popular;
DROP TRIGGER certification_update ON media_certification;
DROP TRIGGER certification_delete ON media_certification;
DROP TRIGGER certification_insert ON media_certification;
DROP FUNCTION certification_updated(), certification_changed(), refresh_media_age(bigint[]);
DROP TABLE rating_country, profile_blocked_tag;
