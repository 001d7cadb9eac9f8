-- Up Migration
-- True in a transaction that writes ids, genres and images of titles one after the other and works out their cards once, by refresh_media_card at
-- its end: each of these statements would write every title anew otherwise, with an entry in each of its nineteen indexes.
CREATE FUNCTION is_card_held() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(current_setting('app.cards_held', true), '') = 'on'
$$;
CREATE OR REPLACE FUNCTION media_card_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT is_card_held() THEN
    PERFORM refresh_media_card(ARRAY(SELECT DISTINCT media_id FROM changed));
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION media_card_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT is_card_held() THEN
    PERFORM refresh_media_card(ARRAY(SELECT media_id FROM changed UNION SELECT media_id FROM former));
  END IF;
  RETURN NULL;
END $$;

-- Down Migration
CREATE OR REPLACE FUNCTION media_card_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_media_card(ARRAY(SELECT DISTINCT media_id FROM changed));
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION media_card_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_media_card(ARRAY(SELECT media_id FROM changed UNION SELECT media_id FROM former));
  RETURN NULL;
END $$;
DROP FUNCTION is_card_held();
