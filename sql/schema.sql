-- Written by scripts/dump-schema.ts from the migrations; do not edit. `npm run db:dump` writes it anew.

CREATE OR REPLACE FUNCTION public.catalog_items_deleted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  UPDATE catalog c SET item_count = item_count - n.count
  FROM (SELECT catalog_id, count(*)::integer AS count FROM changed GROUP BY catalog_id) n WHERE c.id = n.catalog_id;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.catalog_items_inserted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  UPDATE catalog c SET item_count = item_count + n.count
  FROM (SELECT catalog_id, count(*)::integer AS count FROM changed GROUP BY catalog_id) n WHERE c.id = n.catalog_id;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.certification_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM refresh_media_age(ARRAY(SELECT DISTINCT media_id FROM changed));
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.certification_updated()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM refresh_media_age(ARRAY(SELECT media_id FROM changed UNION SELECT media_id FROM former));
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.fold(value text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$ BEGIN RETURN lower(public.unaccent('public.unaccent'::regdictionary, value)); END $function$;

CREATE OR REPLACE FUNCTION public.forget_reports(oldest timestamp with time zone)
 RETURNS TABLE(months integer, reports bigint)
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.genre_shelf_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
  ids bigint[] := ARRAY(SELECT DISTINCT media_id FROM changed);
BEGIN
  PERFORM refresh_genre_shelf(ids);
  PERFORM refresh_profile_genres(ids);
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.genre_shelf_moved()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
  ids bigint[] := ARRAY(SELECT media_id FROM changed UNION SELECT media_id FROM former);
BEGIN
  PERFORM refresh_genre_shelf(ids);
  PERFORM refresh_profile_genres(ids);
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.genre_updated()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
  ids bigint[] := ARRAY(
    SELECT DISTINCT mg.media_id FROM changed n JOIN former f ON f.id = n.id AND f.name <> n.name
    JOIN media_genre mg ON mg.genre_id = n.id);
BEGIN
  IF cardinality(ids) > 0 THEN
    PERFORM refresh_media_card(ids);
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.history_play_counted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  UPDATE media SET watch_count = watch_count + 1 WHERE id = NEW.media_id;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.household_moved()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  DELETE FROM rating_country;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.is_card_held()
 RETURNS boolean
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
  SELECT coalesce(current_setting('app.cards_held', true), '') = 'on'
$function$;

CREATE OR REPLACE FUNCTION public.is_open_stream(stream_id bigint, kind text, licence_code text)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  SELECT EXISTS (SELECT 1 FROM licence li WHERE li.code = licence_code AND li.is_open) AND CASE kind
    WHEN 'torrent' THEN NOT EXISTS (SELECT 1 FROM stream_torrent t WHERE t.stream_id = is_open_stream.stream_id AND t.visibility = 'private')
    WHEN 'http' THEN NOT EXISTS (SELECT 1 FROM stream_http h WHERE h.stream_id = is_open_stream.stream_id AND h.source_id IS NOT NULL)
    WHEN 'local' THEN NOT EXISTS (SELECT 1 FROM stream_local o WHERE o.stream_id = is_open_stream.stream_id AND o.folder <> 'starter')
    WHEN 'usenet' THEN false
    WHEN 'ftp' THEN false
    ELSE true
  END;
$function$;

CREATE OR REPLACE FUNCTION public.is_title_whole()
 RETURNS boolean
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
  SELECT coalesce(current_setting('app.whole_titles', true), '') = 'on'
$function$;

CREATE OR REPLACE FUNCTION public.kids_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM pg_notify('tributary', 'db family-kids changed');
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.licence_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM refresh_media_streams(ARRAY(
    SELECT DISTINCT l.media_id FROM stream s JOIN stream_media_link l ON l.stream_id = s.id WHERE s.licence_code = NEW.code));
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.links_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM refresh_media_streams(ARRAY(SELECT DISTINCT media_id FROM changed));
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.links_deleted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM refresh_media_streams(ARRAY(SELECT DISTINCT media_id FROM changed));
  DELETE FROM stream s USING (SELECT DISTINCT stream_id FROM changed) c
  WHERE s.id = c.stream_id AND NOT EXISTS (SELECT 1 FROM stream_media_link l WHERE l.stream_id = s.id);
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.links_updated()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM refresh_media_streams(ARRAY(SELECT media_id FROM changed UNION SELECT media_id FROM former));
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.make_report_month(moment timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.measure_search_tiers()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF NOT pg_try_advisory_xact_lock(7241865325823966) THEN
    RETURN;
  END IF;
  INSERT INTO search_tier AS t (kind, known, famous)
  SELECT k.kind,
    coalesce((SELECT m.rank FROM media m WHERE m.kind = k.kind AND m.is_published AND m.is_public AND NOT m.is_adult ORDER BY m.rank DESC OFFSET 30000 LIMIT 1), -1),
    coalesce((SELECT m.rank FROM media m WHERE m.kind = k.kind AND m.is_published AND m.is_public AND NOT m.is_adult ORDER BY m.rank DESC OFFSET 2000 LIMIT 1), -1)
  FROM unnest('{movie,series,tv,event}'::text[]) AS k(kind)
  ON CONFLICT (kind) DO UPDATE SET known = excluded.known, famous = excluded.famous, computed_at = now();
END $function$;

CREATE OR REPLACE FUNCTION public.media_card_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF NOT is_card_held() THEN
    PERFORM refresh_media_card(ARRAY(SELECT DISTINCT media_id FROM changed));
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.media_card_updated()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF NOT is_card_held() THEN
    PERFORM refresh_media_card(ARRAY(SELECT media_id FROM changed UNION SELECT media_id FROM former));
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.media_delete_guard()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF coalesce(current_setting('app.force_delete', true), '') <> 'on' AND EXISTS (
    SELECT 1 FROM stream_media_link l
    JOIN stream_torrent t ON t.stream_id = l.stream_id
    WHERE l.media_id = OLD.id
      AND NOT EXISTS (SELECT 1 FROM stream_media_link o WHERE o.stream_id = l.stream_id AND o.media_id <> OLD.id)
  ) THEN
    RAISE EXCEPTION 'media % still has a torrent that no other title uses', OLD.id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN OLD;
END $function$;

CREATE OR REPLACE FUNCTION public.media_search_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM refresh_media_search(ARRAY(SELECT DISTINCT media_id FROM changed));
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.media_search_updated()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM refresh_media_search(ARRAY(SELECT media_id FROM changed UNION SELECT media_id FROM former));
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.media_shelf_updated()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.media_title_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM refresh_media_search(ARRAY(SELECT id FROM changed));
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.media_title_updated()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
  renamed bigint[] := ARRAY(
    SELECT n.id FROM changed n JOIN former f ON f.id = n.id
    WHERE (n.title, n.original_title, n.kind, n.is_adult) IS DISTINCT FROM (f.title, f.original_title, f.kind, f.is_adult));
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
      is_shown = m.is_published AND m.is_public AND NOT m.is_adult, is_open = m.open_streams > 0
    FROM (SELECT t.id FROM unnest(moved) AS t(id) ORDER BY t.id OFFSET 0) t
    JOIN media m ON m.id = t.id
    WHERE s.media_id = m.id;
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.media_touch()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    NEW.updated_at := greatest(now(), NEW.created_at);
  END IF;
  IF NEW.canonical_id = '' THEN
    NEW.canonical_id := 'trib:' || NEW.public_id;
  END IF;
  RETURN NEW;
END $function$;

CREATE OR REPLACE FUNCTION public.merge_title(gone bigint, kept bigint, dropped text[])
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
DECLARE
  former media;
BEGIN
  PERFORM FROM media m WHERE m.id IN (gone, kept) ORDER BY m.id FOR UPDATE;
  SELECT m.* INTO former FROM media m JOIN media k ON k.id = kept AND k.kind = m.kind AND k.owner_id IS NOT DISTINCT FROM m.owner_id
    WHERE m.id = gone AND m.id <> kept AND m.is_from_name AND NOT m.is_published;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  -- Episodes that streams are of, where the other has none of that number yet.
  INSERT INTO season (media_id, number, title, overview, poster_url, air_date, provider_id)
  SELECT kept, s.number, s.title, s.overview, s.poster_url, s.air_date, s.provider_id FROM season s
  WHERE s.media_id = gone AND EXISTS (SELECT FROM episode e JOIN stream_media_link l ON l.episode_id = e.id WHERE e.season_id = s.id)
  ON CONFLICT (media_id, number) DO NOTHING;
  INSERT INTO episode (season_id, media_id, number, title, overview, air_date, runtime_minutes, thumbnail_url, provider_id)
  SELECT ks.id, kept, e.number, e.title, e.overview, e.air_date, e.runtime_minutes, e.thumbnail_url, e.provider_id
  FROM season s JOIN episode e ON e.season_id = s.id JOIN season ks ON ks.media_id = kept AND ks.number = s.number
  WHERE s.media_id = gone AND EXISTS (SELECT FROM stream_media_link l WHERE l.episode_id = e.id)
  ON CONFLICT (season_id, number) DO NOTHING;
  UPDATE stream_media_link l SET media_id = kept, episode_id = g.episode_id
  FROM (
    SELECT o.id, o.stream_id, o.file_index, ke.id AS episode_id FROM stream_media_link o
    LEFT JOIN episode e ON e.id = o.episode_id
    LEFT JOIN season s ON s.id = e.season_id
    LEFT JOIN season ks ON ks.media_id = kept AND ks.number = s.number
    LEFT JOIN episode ke ON ke.season_id = ks.id AND ke.number = e.number
    WHERE o.media_id = gone
  ) g
  WHERE l.id = g.id AND NOT EXISTS (
    SELECT FROM stream_media_link h WHERE h.media_id = kept AND h.stream_id = g.stream_id
      AND h.episode_id IS NOT DISTINCT FROM g.episode_id AND h.file_index IS NOT DISTINCT FROM g.file_index);
  UPDATE play_count p SET media_id = kept
  WHERE p.media_id = gone AND NOT EXISTS (SELECT FROM play_count h WHERE h.media_id = kept AND h.subject_hash = p.subject_hash);
  INSERT INTO play_day AS d (day, media_id, plays) SELECT p.day, kept, p.plays FROM play_day p WHERE p.media_id = gone
  ON CONFLICT (day, media_id) DO UPDATE SET plays = d.plays + excluded.plays;
  UPDATE catalog_item c SET media_id = kept
  WHERE c.media_id = gone AND NOT EXISTS (SELECT FROM catalog_item h WHERE h.media_id = kept AND h.catalog_id = c.catalog_id);
  UPDATE tv_programme p SET media_id = kept
  WHERE p.media_id = gone AND NOT EXISTS (
    SELECT FROM tv_programme h WHERE h.media_id = kept AND h.start_at < p.stop_at AND p.start_at < h.stop_at);
  UPDATE media_external_id e SET media_id = kept
  WHERE e.media_id = gone AND e.provider <> ALL (dropped) AND NOT EXISTS (
    SELECT FROM media_external_id h WHERE h.media_id = kept AND h.provider = e.provider AND h.ns = e.ns);
  INSERT INTO media_alias (media_id, title)
  SELECT kept, n.title FROM (
    SELECT former.title UNION SELECT a.title FROM media_alias a WHERE a.media_id = gone
  ) n JOIN media k ON k.id = kept AND k.title <> n.title
  ON CONFLICT DO NOTHING;
  -- What people keep of it. Of two rules of one profile the stricter one stays.
  INSERT INTO profile_policy AS p (profile_id, media_id, policy, kind, rank, last_stream_added_at, is_shown)
  SELECT g.profile_id, k.id, g.policy, k.kind, k.rank, k.last_stream_added_at,
    k.is_published AND NOT k.is_adult AND (k.is_public OR k.owner_id IS NOT DISTINCT FROM o.user_id)
  FROM profile_policy g JOIN profile o ON o.id = g.profile_id JOIN media k ON k.id = kept
  WHERE g.media_id = gone
  ON CONFLICT (profile_id, media_id) DO UPDATE SET policy = 'deny' WHERE excluded.policy = 'deny' AND p.policy = 'allow';
  INSERT INTO profile_blocked_episode (profile_id, media_id, season_number, episode_number)
  SELECT b.profile_id, kept, b.season_number, b.episode_number FROM profile_blocked_episode b WHERE b.media_id = gone
  ON CONFLICT DO NOTHING;
  UPDATE profile SET policy_version = policy_version + 1 WHERE id IN (
    SELECT b.profile_id FROM profile_blocked_episode b WHERE b.media_id = gone UNION SELECT g.profile_id FROM profile_policy g WHERE g.media_id = gone);
  UPDATE profile_request r SET media_id = kept
  WHERE r.media_id = gone AND (r.state <> 'pending' OR NOT EXISTS (
    SELECT FROM profile_request h WHERE h.media_id = kept AND h.profile_id = r.profile_id AND h.state = 'pending'
      AND h.season_number IS NOT DISTINCT FROM r.season_number AND h.episode_number IS NOT DISTINCT FROM r.episode_number));
  UPDATE watch_history w SET media_id = kept, episode_id = (
    SELECT ke.id FROM episode e JOIN season s ON s.id = e.season_id
    JOIN season ks ON ks.media_id = kept AND ks.number = s.number
    JOIN episode ke ON ke.season_id = ks.id AND ke.number = e.number WHERE e.id = w.episode_id)
  WHERE w.media_id = gone;
  UPDATE user_media_mark u SET media_id = kept
  WHERE u.media_id = gone AND NOT EXISTS (
    SELECT FROM user_media_mark h WHERE h.media_id = kept AND h.profile_id = u.profile_id AND h.kind = u.kind);
  UPDATE content_report c SET media_id = kept
  WHERE c.media_id = gone AND (c.state <> 'pending' OR NOT EXISTS (
    SELECT FROM content_report h WHERE h.media_id = kept AND h.reporter_id = c.reporter_id AND h.kind = c.kind
      AND h.tag_id IS NOT DISTINCT FROM c.tag_id AND h.state = 'pending'));
  UPDATE media m SET watch_count = m.watch_count + former.watch_count WHERE m.id = kept AND former.watch_count > 0;
  DELETE FROM media WHERE id = gone;
  RETURN true;
END $function$;

CREATE OR REPLACE FUNCTION public.notify_media_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}');
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.notify_media_updated()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_nestloop TO 'off'
AS $function$
BEGIN
  IF EXISTS (
    SELECT 1 FROM changed n JOIN former f ON f.id = n.id
    WHERE (to_jsonb(n) - '{watch_count,rank,updated_at,search}'::text[]) IS DISTINCT FROM (to_jsonb(f) - '{watch_count,rank,updated_at,search}'::text[])
  ) THEN
    PERFORM pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}');
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.notify_source_updated()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF EXISTS (
    SELECT 1 FROM changed n JOIN former f ON f.id = n.id
    WHERE (n.is_active, n.priority, n.offers, n.username, n.is_reachable, floor(n.health_score / 10)) IS DISTINCT FROM
      (f.is_active, f.priority, f.offers, f.username, f.is_reachable, floor(f.health_score / 10))
  ) THEN
    PERFORM pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}');
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.notify_stream_updated()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_nestloop TO 'off'
AS $function$
BEGIN
  IF EXISTS (
    SELECT 1 FROM changed n JOIN former f ON f.id = n.id
    WHERE (to_jsonb(n) - '{playback_count,updated_at,last_seen_at,verified_at,score}'::text[])
      IS DISTINCT FROM (to_jsonb(f) - '{playback_count,updated_at,last_seen_at,verified_at,score}'::text[])
  ) THEN
    PERFORM pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}');
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.play_counted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  UPDATE media SET watch_count = watch_count + 1 WHERE id = NEW.media_id;
  UPDATE stream SET playback_count = playback_count + 1 WHERE id = NEW.stream_id;
  INSERT INTO play_day AS d (day, media_id) VALUES ((NEW.counted_at AT TIME ZONE 'UTC')::date, NEW.media_id)
  ON CONFLICT (day, media_id) DO UPDATE SET plays = d.plays + 1;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.profile_shelf_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM refresh_profile_shelf((SELECT array_agg(media_id ORDER BY media_id, profile_id) FROM changed),
    (SELECT array_agg(profile_id ORDER BY media_id, profile_id) FROM changed));
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.ranking_facts(kind text, resolution text, quality text, codec text, audio text[], channels text[], hdr_formats text[], visual_tags text[])
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  SELECT jsonb_build_array(kind, resolution, quality, codec, audio, channels, hdr_formats, visual_tags)::text;
$function$;

CREATE OR REPLACE FUNCTION public.refresh_genre_shelf(ids bigint[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.refresh_media_age(ids bigint[])
 RETURNS void
 LANGUAGE sql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.refresh_media_card(ids bigint[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.refresh_media_search(ids bigint[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF cardinality(ids) >= 500 AND NOT EXISTS (SELECT FROM search_tier t WHERE t.computed_at > now() - interval '10 seconds') THEN
    PERFORM measure_search_tiers();
  END IF;
  -- Two writers of one title's names come one after the other, and the second sees what the first wrote.
  PERFORM 1 FROM media WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
  INSERT INTO media_search AS s (media_id, kind, rank, year, tier, is_shown, is_open, names, document)
  SELECT m.id, m.kind, m.rank, m.year, search_tier_of(m.kind, m.rank), m.is_published AND m.is_public AND NOT m.is_adult, m.open_streams > 0,
    n.names, search_document(m.kind, n.names, n.titles) || array_to_tsvector(CASE WHEN m.is_adult THEN '{#adult}' ELSE '{}' END::text[])
  FROM (SELECT DISTINCT t.id FROM unnest(ids) AS t(id) ORDER BY t.id OFFSET 0) t
  JOIN media m ON m.id = t.id
  CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(f.name ORDER BY f.place, f.name), '{}') AS names, coalesce(array_agg(f.title), '{}') AS titles
    FROM (
      SELECT search_name(g.title) AS name, min(g.title) AS title, min(g.place) AS place
      FROM (
        SELECT u.title, min(u.place) AS place FROM (
        SELECT m.title, 0 AS place
        UNION ALL SELECT m.original_title, 1 WHERE m.original_title IS NOT NULL
        UNION ALL SELECT a.title, 2 FROM media_alias a WHERE a.media_id = m.id
        UNION ALL SELECT tr.title, 3 FROM media_translation tr WHERE tr.media_id = m.id AND tr.title IS NOT NULL
        ) u GROUP BY u.title
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
END $function$;

CREATE OR REPLACE FUNCTION public.refresh_media_streams(ids bigint[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM 1 FROM media WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
  UPDATE media m SET total_streams = x.total, open_streams = x.open, last_stream_added_at = x.added
  FROM (
    SELECT t.id,
      count(DISTINCT s.id)::integer AS total,
      (count(DISTINCT s.id) FILTER (WHERE is_open_stream(s.id, s.kind, s.licence_code)))::integer AS open,
      max(s.created_at) AS added
    FROM unnest(ids) AS t(id)
    LEFT JOIN stream_media_link l ON l.media_id = t.id
    LEFT JOIN stream s ON s.id = l.stream_id AND s.is_active AND NOT s.is_blocked AND s.state = 'active' AND s.is_public
    GROUP BY t.id
  ) x
  WHERE m.id = x.id
    AND (m.total_streams, m.open_streams, m.last_stream_added_at) IS DISTINCT FROM (x.total, x.open, x.added);
END $function$;

CREATE OR REPLACE FUNCTION public.refresh_profile_genres(ids bigint[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  titles bigint[];
  profiles bigint[];
BEGIN
  SELECT array_agg(p.media_id), array_agg(p.profile_id) INTO titles, profiles FROM profile_policy p WHERE p.media_id = ANY (ids);
  IF titles IS NOT NULL THEN
    PERFORM refresh_profile_shelf(titles, profiles);
  END IF;
END $function$;

CREATE OR REPLACE FUNCTION public.refresh_profile_policy(ids bigint[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.refresh_profile_shelf(titles bigint[], profiles bigint[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.search_document(kind text, names text[], titles text[])
 RETURNS tsvector
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.search_name(value text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$ BEGIN
    RETURN btrim(regexp_replace(
      translate(lower(public.unaccent('public.unaccent'::regdictionary, value)), 'ςأإآٱىةـ', 'σاااايه'),
      '[\u0001-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u00BF\u00D7\u00F7\u02B9-\u02DF\u060C\u061B\u061F\u0964\u0965\u2000-\u2BFF\u3000-\u3004\u3008-\u3020\u3030\u30FB\uFE00-\uFE6F\uFEFF-\uFF0F\uFF1A-\uFF20\uFF3B-\uFF40\uFF5B-\uFF65\U0001F000-\U0001FBFF\U000E0000-\U000E01EF]+',
      ' ', 'g'));
  END $function$;

CREATE OR REPLACE FUNCTION public.search_query(name text, without_short_end boolean DEFAULT false)
 RETURNS tsquery
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.search_tier_of(kind text, rank real)
 RETURNS smallint
 LANGUAGE sql
 STABLE
AS $function$ SELECT coalesce(
    (SELECT CASE WHEN $2 > t.famous THEN 2 WHEN $2 > t.known THEN 1 ELSE 0 END FROM search_tier t WHERE t.kind = $1), 2)::smallint $function$;

CREATE OR REPLACE FUNCTION public.search_whole(name text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$ SELECT '=' || left(replace(name, ' ', ''), 40) $function$;

CREATE OR REPLACE FUNCTION public.search_words(name text, is_typed boolean)
 RETURNS text[]
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.settle_search_tiers(most integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
  moved integer;
BEGIN
  UPDATE media_search s SET tier = search_tier_of(s.kind, s.rank)
  WHERE s.media_id IN (
    (SELECT w.media_id FROM media_search w WHERE w.tier > 0 AND w.tier <> search_tier_of(w.kind, w.rank) LIMIT most)
    UNION
    (SELECT w.media_id FROM search_tier t
      CROSS JOIN LATERAL (
        SELECT m.id FROM media m WHERE m.kind = t.kind AND m.is_published AND m.is_public AND NOT m.is_adult AND m.rank > t.known
        ORDER BY m.rank DESC LIMIT 30000) m
      JOIN media_search w ON w.media_id = m.id
      WHERE w.tier <> search_tier_of(w.kind, w.rank) LIMIT most));
  GET DIAGNOSTICS moved = ROW_COUNT;
  RETURN moved;
END $function$;

CREATE OR REPLACE FUNCTION public.source_added()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  INSERT INTO source_health (source_id) SELECT id FROM added ON CONFLICT DO NOTHING;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.source_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.source_health_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  UPDATE source s SET health_score = n.score, health_state = n.state,
    is_reachable = n.state <> 'globally_offline' AND n.disabled_at IS NULL
  FROM changed n
  WHERE s.id = n.source_id AND (s.health_score, s.health_state, s.is_reachable)
    IS DISTINCT FROM (n.score, n.state, n.state <> 'globally_offline' AND n.disabled_at IS NULL);
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.stream_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
  ids bigint[] := ARRAY(
    SELECT DISTINCT l.media_id FROM changed n
    JOIN former f ON f.id = n.id
    JOIN stream_media_link l ON l.stream_id = n.id
    WHERE (n.is_active, n.is_blocked, n.is_public, n.state, n.licence_code)
      IS DISTINCT FROM (f.is_active, f.is_blocked, f.is_public, f.state, f.licence_code));
BEGIN
  IF cardinality(ids) > 0 THEN
    PERFORM refresh_media_streams(ids);
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.stream_ftp_deleted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  DELETE FROM stream s USING gone g WHERE s.id = g.stream_id;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.stream_http_deleted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  DELETE FROM stream s USING gone g WHERE s.id = g.stream_id;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.stream_shown()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  DELETE FROM source_link_check WHERE stream_id = NEW.id;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.tags_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF EXISTS (SELECT FROM changed) THEN
    PERFORM pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}');
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.tags_due()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  INSERT INTO media_tag_due (media_id) SELECT DISTINCT media_id FROM changed;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.tags_due_of_episodes()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO media_tag_due (media_id, episode_id) SELECT media_id, id FROM changed WHERE num_nonnulls(title, overview) > 0;
  ELSE
    INSERT INTO media_tag_due (media_id, episode_id)
    SELECT n.media_id, n.id FROM changed n JOIN former f ON f.id = n.id
    WHERE (n.title, n.overview) IS DISTINCT FROM (f.title, f.overview);
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.tags_due_of_media()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO media_tag_due (media_id)
    SELECT id FROM changed WHERE overview IS NOT NULL OR is_adult OR nudity NOT IN ('none', 'unknown');
  ELSE
    INSERT INTO media_tag_due (media_id)
    SELECT n.id FROM changed n JOIN former f ON f.id = n.id
    WHERE (n.title, n.overview, n.is_adult, n.nudity) IS DISTINCT FROM (f.title, f.overview, f.is_adult, f.nudity);
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.tags_owed_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF EXISTS (SELECT FROM changed WHERE NOT is_known) AND EXISTS (SELECT FROM profile_blocked_tag) THEN
    PERFORM pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}');
  END IF;
  IF TG_OP = 'INSERT' THEN
    PERFORM pg_notify('tributary', 'db tags-due changed');
  END IF;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.take_stream_lease(wanted text, wanter text, subject text, ip text, per_subject integer, per_ip integer, life_s integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.torrent_visibility_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM refresh_media_streams(ARRAY(SELECT DISTINCT l.media_id FROM stream_media_link l WHERE l.stream_id = NEW.stream_id));
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.touch_updated_at()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  NEW.updated_at := greatest(now(), NEW.created_at);
  RETURN NEW;
END $function$;

CREATE OR REPLACE FUNCTION public.tracker_setting_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF TG_OP <> 'DELETE' AND NEW.key = 'trackerList' THEN
    INSERT INTO tracker (url) SELECT DISTINCT l.url FROM jsonb_array_elements_text(NEW.value) AS l(url) ORDER BY 1
    ON CONFLICT DO NOTHING;
  END IF;
  PERFORM pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}');
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.word_slips(word text)
 RETURNS integer[]
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
DECLARE
  beginning text := left(word, 20);
  slips integer[] := ARRAY[hashtext(beginning)];
BEGIN
  FOR n IN 1..length(beginning) LOOP
    slips := slips || hashtext(overlay(beginning placing '' from n for 1));
  END LOOP;
  RETURN slips;
END $function$;

CREATE TABLE app_user (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  email citext,
  username citext,
  role text NOT NULL DEFAULT 'user'::text,
  status text NOT NULL DEFAULT 'active'::text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  password_hash text,
  email_verified_at timestamp with time zone,
  last_sign_in_at timestamp with time zone,
  timezone text NOT NULL DEFAULT 'UTC'::text,
  CONSTRAINT app_user_email_key UNIQUE (email),
  CONSTRAINT app_user_public_id_key UNIQUE (public_id),
  CONSTRAINT app_user_username_key UNIQUE (username),
  CONSTRAINT app_user_pkey PRIMARY KEY (id),
  CONSTRAINT app_user_check CHECK ((num_nonnulls(email, username) > 0)),
  CONSTRAINT app_user_check1 CHECK ((created_at <= updated_at)),
  CONSTRAINT app_user_email_check CHECK (((email ~ '^[^@\s]+@[^@\s]+$'::citext) AND (length((email)::text) <= 254))),
  CONSTRAINT app_user_password_hash_check CHECK ((password_hash ~ '^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$'::text)),
  CONSTRAINT app_user_role_check CHECK ((role = ANY (ARRAY['guest'::text, 'user'::text, 'moderator'::text, 'admin'::text]))),
  CONSTRAINT app_user_status_check CHECK ((status = ANY (ARRAY['active'::text, 'inactive'::text, 'banned'::text]))),
  CONSTRAINT app_user_timezone_check CHECK (((timezone ~ '^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$'::text) AND (length(timezone) <= 64))),
  CONSTRAINT app_user_username_check CHECK (((username ~ '^[^@\s[:cntrl:]]+$'::citext) AND ((length((username)::text) >= 2) AND (length((username)::text) <= 40))))
);

CREATE INDEX app_user_admin ON public.app_user USING btree (id) WHERE (role = 'admin'::text);

CREATE TRIGGER app_user_touch BEFORE UPDATE ON public.app_user FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE audit_log (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  user_id bigint,
  actor text NOT NULL,
  action text NOT NULL,
  severity text NOT NULL DEFAULT 'info'::text,
  resource text,
  before jsonb,
  after jsonb,
  address text,
  agent text,
  at timestamp with time zone NOT NULL DEFAULT now(),
  undoes bigint,
  CONSTRAINT audit_log_pkey PRIMARY KEY (id),
  CONSTRAINT audit_log_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id) ON DELETE SET NULL,
  CONSTRAINT audit_log_action_check CHECK ((action ~ '^[a-z_]+(\.[a-z_]+)+$'::text)),
  CONSTRAINT audit_log_actor_check CHECK ((actor = ANY (ARRAY['admin-token'::text, 'user'::text, 'device'::text, 'nobody'::text, 'system'::text]))),
  CONSTRAINT audit_log_address_check CHECK ((length(address) <= 64)),
  CONSTRAINT audit_log_after_check CHECK ((jsonb_typeof(after) = 'object'::text)),
  CONSTRAINT audit_log_agent_check CHECK (((length(agent) >= 1) AND (length(agent) <= 200))),
  CONSTRAINT audit_log_before_check CHECK ((jsonb_typeof(before) = 'object'::text)),
  CONSTRAINT audit_log_check CHECK ((undoes < id)),
  CONSTRAINT audit_log_resource_check CHECK (((length(resource) >= 1) AND (length(resource) <= 200))),
  CONSTRAINT audit_log_severity_check CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'error'::text, 'critical'::text])))
);

CREATE INDEX audit_log_action ON public.audit_log USING btree (action COLLATE "C", at, id);

CREATE INDEX audit_log_at ON public.audit_log USING btree (at, id);

CREATE INDEX audit_log_resource ON public.audit_log USING btree (resource COLLATE "C", at, id) WHERE (resource IS NOT NULL);

CREATE INDEX audit_log_standing_out ON public.audit_log USING btree (at, id) WHERE (severity <> 'info'::text);

CREATE INDEX audit_log_user ON public.audit_log USING btree (user_id, at, id) WHERE (user_id IS NOT NULL);

CREATE TABLE auth_session (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  user_id bigint NOT NULL,
  agent text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  last_used_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL,
  CONSTRAINT auth_session_public_id_key UNIQUE (public_id),
  CONSTRAINT auth_session_pkey PRIMARY KEY (id),
  CONSTRAINT auth_session_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id) ON DELETE CASCADE,
  CONSTRAINT auth_session_agent_check CHECK (((length(agent) >= 1) AND (length(agent) <= 200))),
  CONSTRAINT auth_session_check CHECK ((created_at < expires_at))
);

CREATE INDEX auth_session_ended ON public.auth_session USING btree (expires_at);

CREATE INDEX auth_session_user ON public.auth_session USING btree (user_id, last_used_at);

CREATE TABLE auth_ticket (
  token_hash bytea NOT NULL,
  user_id bigint NOT NULL,
  purpose text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL,
  email citext,
  CONSTRAINT auth_ticket_user_id_purpose_key UNIQUE (user_id, purpose),
  CONSTRAINT auth_ticket_pkey PRIMARY KEY (token_hash),
  CONSTRAINT auth_ticket_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id) ON DELETE CASCADE,
  CONSTRAINT auth_ticket_check CHECK ((created_at < expires_at)),
  CONSTRAINT auth_ticket_purpose_check CHECK ((purpose = ANY (ARRAY['reset-password'::text, 'verify-email'::text]))),
  CONSTRAINT auth_ticket_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

CREATE INDEX auth_ticket_ended ON public.auth_ticket USING btree (expires_at);

CREATE TABLE auth_token (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  user_id bigint NOT NULL,
  kind text NOT NULL,
  token_hash bytea NOT NULL,
  session_id bigint,
  name text,
  scopes text[] NOT NULL DEFAULT '{}'::text[],
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  last_used_at timestamp with time zone,
  superseded_at timestamp with time zone,
  expires_at timestamp with time zone,
  CONSTRAINT auth_token_public_id_key UNIQUE (public_id),
  CONSTRAINT auth_token_token_hash_key UNIQUE (token_hash),
  CONSTRAINT auth_token_pkey PRIMARY KEY (id),
  CONSTRAINT auth_token_session_id_fkey FOREIGN KEY (session_id) REFERENCES auth_session(id) ON DELETE CASCADE,
  CONSTRAINT auth_token_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id) ON DELETE CASCADE,
  CONSTRAINT auth_token_check CHECK (((kind = 'refresh'::text) = (session_id IS NOT NULL))),
  CONSTRAINT auth_token_check1 CHECK (((kind = 'api'::text) = (name IS NOT NULL))),
  CONSTRAINT auth_token_check2 CHECK (((kind = 'api'::text) = (cardinality(scopes) > 0))),
  CONSTRAINT auth_token_check3 CHECK (((superseded_at IS NULL) OR (kind = 'refresh'::text))),
  CONSTRAINT auth_token_kind_check CHECK ((kind = ANY (ARRAY['api'::text, 'refresh'::text]))),
  CONSTRAINT auth_token_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
  CONSTRAINT auth_token_scopes_check CHECK ((scopes <@ ARRAY['read'::text, 'write'::text, 'activity:read'::text, 'activity:write'::text, 'family:read'::text, 'family:write'::text, 'titles:read'::text, 'titles:write'::text, 'catalog:read'::text, 'catalog:write'::text, 'streams:read'::text, 'streams:write'::text, 'sources:read'::text, 'sources:write'::text, 'admin'::text])),
  CONSTRAINT auth_token_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

CREATE UNIQUE INDEX auth_token_current ON public.auth_token USING btree (session_id) WHERE ((kind = 'refresh'::text) AND (superseded_at IS NULL));

CREATE INDEX auth_token_session ON public.auth_token USING btree (session_id) WHERE (session_id IS NOT NULL);

CREATE INDEX auth_token_user ON public.auth_token USING btree (user_id);

CREATE TABLE catalog (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  slug text NOT NULL,
  name text NOT NULL,
  description text,
  owner_id bigint,
  is_public boolean NOT NULL DEFAULT true,
  in_manifest boolean NOT NULL DEFAULT false,
  position integer NOT NULL DEFAULT 0,
  item_count integer NOT NULL DEFAULT 0,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT catalog_public_id_key UNIQUE (public_id),
  CONSTRAINT catalog_slug_key UNIQUE (slug),
  CONSTRAINT catalog_pkey PRIMARY KEY (id),
  CONSTRAINT catalog_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app_user(id) ON DELETE CASCADE,
  CONSTRAINT catalog_check CHECK ((created_at <= updated_at)),
  CONSTRAINT catalog_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
  CONSTRAINT catalog_slug_check CHECK (((slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text) AND (length(slug) <= 60)))
);

CREATE INDEX catalog_owner ON public.catalog USING btree (owner_id) WHERE (owner_id IS NOT NULL);

CREATE UNIQUE INDEX catalog_system_name ON public.catalog USING btree (name) WHERE (owner_id IS NULL);

CREATE TRIGGER catalog_touch BEFORE UPDATE ON public.catalog FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE catalog_item (
  catalog_id bigint NOT NULL,
  media_id bigint NOT NULL,
  position integer NOT NULL DEFAULT 0,
  added_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT catalog_item_pkey PRIMARY KEY (catalog_id, media_id),
  CONSTRAINT catalog_item_catalog_id_fkey FOREIGN KEY (catalog_id) REFERENCES catalog(id) ON DELETE CASCADE,
  CONSTRAINT catalog_item_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE
);

CREATE INDEX catalog_item_media ON public.catalog_item USING btree (media_id);

CREATE INDEX catalog_item_position ON public.catalog_item USING btree (catalog_id, "position", media_id);

CREATE TRIGGER catalog_item_delete AFTER DELETE ON public.catalog_item REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_items_deleted();

CREATE TRIGGER catalog_item_insert AFTER INSERT ON public.catalog_item REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_items_inserted();

CREATE TRIGGER catalog_notify AFTER INSERT OR DELETE OR UPDATE ON public.catalog_item FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

CREATE TABLE company (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  name text NOT NULL,
  tmdb_id integer,
  CONSTRAINT company_name_key UNIQUE (name),
  CONSTRAINT company_tmdb_id_key UNIQUE (tmdb_id),
  CONSTRAINT company_pkey PRIMARY KEY (id),
  CONSTRAINT company_name_check CHECK (((length(name) >= 1) AND (length(name) <= 300)))
);

CREATE TABLE content_report (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  reporter_id bigint NOT NULL,
  media_id bigint,
  episode_id bigint,
  stream_id bigint,
  tag_id bigint,
  kind text NOT NULL,
  description text,
  state text NOT NULL DEFAULT 'pending'::text,
  reviewer_id bigint,
  note text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  resolved_at timestamp with time zone,
  CONSTRAINT content_report_public_id_key UNIQUE (public_id),
  CONSTRAINT content_report_pkey PRIMARY KEY (id),
  CONSTRAINT content_report_episode_id_fkey FOREIGN KEY (episode_id) REFERENCES episode(id) ON DELETE CASCADE,
  CONSTRAINT content_report_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT content_report_reporter_id_fkey FOREIGN KEY (reporter_id) REFERENCES app_user(id) ON DELETE CASCADE,
  CONSTRAINT content_report_reviewer_id_fkey FOREIGN KEY (reviewer_id) REFERENCES app_user(id) ON DELETE SET NULL,
  CONSTRAINT content_report_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT content_report_tag_id_fkey FOREIGN KEY (tag_id) REFERENCES content_tag(id) ON DELETE CASCADE,
  CONSTRAINT content_report_check CHECK ((created_at <= resolved_at)),
  CONSTRAINT content_report_description_check CHECK (((length(description) >= 1) AND (length(description) <= 2000))),
  CONSTRAINT content_report_kind_check CHECK ((kind = ANY (ARRAY['wrong_title'::text, 'wrong_episode'::text, 'wrong_details'::text, 'not_for_children'::text, 'wrong_tag'::text, 'missing_tag'::text, 'broken'::text, 'takedown'::text, 'other'::text]))),
  CONSTRAINT content_report_not_own CHECK ((reviewer_id <> reporter_id)),
  CONSTRAINT content_report_note_check CHECK (((length(note) >= 1) AND (length(note) <= 1000))),
  CONSTRAINT content_report_one_target CHECK ((num_nonnulls(media_id, episode_id, stream_id) = 1)),
  CONSTRAINT content_report_resolved CHECK (((state = 'pending'::text) = (resolved_at IS NULL))),
  CONSTRAINT content_report_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'resolved'::text, 'dismissed'::text]))),
  CONSTRAINT content_report_tag_of CHECK (((tag_id IS NULL) OR (stream_id IS NULL)))
);

CREATE INDEX content_report_episode ON public.content_report USING btree (episode_id) WHERE (episode_id IS NOT NULL);

CREATE INDEX content_report_media ON public.content_report USING btree (media_id) WHERE (media_id IS NOT NULL);

CREATE UNIQUE INDEX content_report_pending ON public.content_report USING btree (reporter_id, media_id, episode_id, stream_id, tag_id, kind) NULLS NOT DISTINCT WHERE (state = 'pending'::text);

CREATE INDEX content_report_reporter ON public.content_report USING btree (reporter_id, id);

CREATE INDEX content_report_reviewer ON public.content_report USING btree (reviewer_id) WHERE (reviewer_id IS NOT NULL);

CREATE INDEX content_report_state ON public.content_report USING btree (state, id);

CREATE INDEX content_report_stream ON public.content_report USING btree (stream_id) WHERE (stream_id IS NOT NULL);

CREATE INDEX content_report_tag ON public.content_report USING btree (tag_id) WHERE (tag_id IS NOT NULL);

CREATE TABLE content_tag (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  tag text NOT NULL,
  category text NOT NULL,
  name text NOT NULL,
  CONSTRAINT content_tag_tag_key UNIQUE (tag),
  CONSTRAINT content_tag_pkey PRIMARY KEY (id),
  CONSTRAINT content_tag_category_check CHECK ((category = ANY (ARRAY['creatures'::text, 'situations'::text, 'loss'::text, 'atmosphere'::text, 'intensity'::text, 'social'::text, 'warning'::text, 'age'::text, 'rating'::text]))),
  CONSTRAINT content_tag_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
  CONSTRAINT content_tag_tag_check CHECK (((tag ~ '^[a-z0-9]+(_[a-z0-9]+)*$'::text) AND (length(tag) <= 60)))
);

CREATE TABLE deep_link_report (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  stream_id bigint NOT NULL,
  user_id bigint NOT NULL,
  device text,
  reported_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT deep_link_report_stream_id_user_id_device_key UNIQUE NULLS NOT DISTINCT (stream_id, user_id, device),
  CONSTRAINT deep_link_report_pkey PRIMARY KEY (id),
  CONSTRAINT deep_link_report_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT deep_link_report_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id) ON DELETE CASCADE,
  CONSTRAINT deep_link_report_device_check CHECK (((length(device) >= 1) AND (length(device) <= 100)))
);

CREATE INDEX deep_link_report_user ON public.deep_link_report USING btree (user_id, reported_at);

CREATE TABLE device (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  user_id bigint NOT NULL,
  profile_id bigint,
  install_id bigint,
  friendly_name text NOT NULL,
  key_hash bytea NOT NULL,
  paired_at timestamp with time zone NOT NULL DEFAULT now(),
  last_active_at timestamp with time zone,
  CONSTRAINT device_install_id_key UNIQUE (install_id),
  CONSTRAINT device_key_hash_key UNIQUE (key_hash),
  CONSTRAINT device_public_id_key UNIQUE (public_id),
  CONSTRAINT device_pkey PRIMARY KEY (id),
  CONSTRAINT device_install_id_fkey FOREIGN KEY (install_id) REFERENCES install(id) ON DELETE SET NULL,
  CONSTRAINT device_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES profile(id) ON DELETE SET NULL,
  CONSTRAINT device_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id) ON DELETE CASCADE,
  CONSTRAINT device_friendly_name_check CHECK (((length(friendly_name) >= 1) AND (length(friendly_name) <= 60))),
  CONSTRAINT device_key_hash_check CHECK ((octet_length(key_hash) = 32))
);

CREATE INDEX device_profile ON public.device USING btree (profile_id) WHERE (profile_id IS NOT NULL);

CREATE INDEX device_user ON public.device USING btree (user_id, id);

CREATE TABLE episode (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  season_id bigint NOT NULL,
  media_id bigint NOT NULL,
  number integer NOT NULL,
  title text,
  overview text,
  air_date date,
  runtime_minutes integer,
  thumbnail_url text,
  tmdb_id integer,
  provider_id bigint,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT episode_id_media_id_key UNIQUE (id, media_id),
  CONSTRAINT episode_public_id_key UNIQUE (public_id),
  CONSTRAINT episode_season_id_number_key UNIQUE (season_id, number),
  CONSTRAINT episode_tmdb_id_key UNIQUE (tmdb_id),
  CONSTRAINT episode_pkey PRIMARY KEY (id),
  CONSTRAINT episode_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES metadata_provider(id) ON DELETE RESTRICT,
  CONSTRAINT episode_season_id_media_id_fkey FOREIGN KEY (season_id, media_id) REFERENCES season(id, media_id) ON DELETE CASCADE,
  CONSTRAINT episode_check CHECK ((created_at <= updated_at)),
  CONSTRAINT episode_number_check CHECK ((number >= 0)),
  CONSTRAINT episode_runtime_minutes_check CHECK ((runtime_minutes > 0))
);

CREATE INDEX episode_air_date ON public.episode USING btree (air_date, media_id) WHERE (air_date IS NOT NULL);

CREATE INDEX episode_media ON public.episode USING btree (media_id, season_id, number);

CREATE TRIGGER episode_notify AFTER INSERT OR DELETE OR UPDATE ON public.episode FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

CREATE TRIGGER episode_tags_insert AFTER INSERT ON public.episode REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due_of_episodes();

CREATE TRIGGER episode_tags_update AFTER UPDATE ON public.episode REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due_of_episodes();

CREATE TRIGGER episode_touch BEFORE UPDATE ON public.episode FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE family_service (
  user_id bigint NOT NULL,
  service text NOT NULL,
  CONSTRAINT family_service_pkey PRIMARY KEY (user_id, service),
  CONSTRAINT family_service_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id) ON DELETE CASCADE,
  CONSTRAINT family_service_service_check CHECK ((service ~ '^[a-z0-9_]{1,40}$'::text))
);

CREATE TABLE file_facts (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  stream_id bigint NOT NULL,
  file_index integer,
  etag text,
  size_bytes bigint,
  video_hash text,
  media jsonb,
  failure text,
  set_columns text[] NOT NULL DEFAULT '{}'::text[],
  probed_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT file_facts_stream_id_file_index_key UNIQUE NULLS NOT DISTINCT (stream_id, file_index),
  CONSTRAINT file_facts_pkey PRIMARY KEY (id),
  CONSTRAINT file_facts_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT file_facts_check CHECK (((media IS NULL) <> (failure IS NULL))),
  CONSTRAINT file_facts_etag_check CHECK ((length(etag) <= 1000)),
  CONSTRAINT file_facts_failure_check CHECK (((length(failure) >= 1) AND (length(failure) <= 100))),
  CONSTRAINT file_facts_file_index_check CHECK ((file_index >= 0)),
  CONSTRAINT file_facts_media_check CHECK ((jsonb_typeof(media) = 'object'::text)),
  CONSTRAINT file_facts_size_bytes_check CHECK ((size_bytes >= 0)),
  CONSTRAINT file_facts_video_hash_check CHECK ((video_hash ~ '^[0-9a-f]{16}$'::text))
);

CREATE TRIGGER file_facts_notify AFTER INSERT OR DELETE OR UPDATE ON public.file_facts FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

CREATE TABLE finder (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  owner_id bigint,
  kind text NOT NULL,
  name text NOT NULL,
  host text NOT NULL,
  place_hash bytea NOT NULL,
  place_sealed bytea NOT NULL,
  has_key boolean NOT NULL,
  categories integer[] NOT NULL DEFAULT '{}'::integer[],
  state text NOT NULL DEFAULT 'pending'::text,
  asked bigint NOT NULL DEFAULT 0,
  found bigint NOT NULL DEFAULT 0,
  failures bigint NOT NULL DEFAULT 0,
  failures_in_row integer NOT NULL DEFAULT 0,
  last_error text,
  last_asked_at timestamp with time zone,
  rest_until timestamp with time zone,
  next_poll_at timestamp with time zone,
  etag text,
  last_modified text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT finder_owner_id_place_hash_key UNIQUE NULLS NOT DISTINCT (owner_id, place_hash),
  CONSTRAINT finder_public_id_key UNIQUE (public_id),
  CONSTRAINT finder_pkey PRIMARY KEY (id),
  CONSTRAINT finder_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app_user(id) ON DELETE CASCADE,
  CONSTRAINT finder_asked_check CHECK ((asked >= 0)),
  CONSTRAINT finder_categories_check CHECK ((cardinality(categories) <= 50)),
  CONSTRAINT finder_etag_check CHECK ((length(etag) <= 500)),
  CONSTRAINT finder_failures_check CHECK ((failures >= 0)),
  CONSTRAINT finder_failures_in_row_check CHECK ((failures_in_row >= 0)),
  CONSTRAINT finder_found_check CHECK ((found >= 0)),
  CONSTRAINT finder_host_check CHECK (((length(host) >= 1) AND (length(host) <= 300))),
  CONSTRAINT finder_kind_check CHECK ((kind = ANY (ARRAY['torznab'::text, 'newznab'::text, 'rss'::text]))),
  CONSTRAINT finder_last_error_check CHECK (((length(last_error) >= 1) AND (length(last_error) <= 500))),
  CONSTRAINT finder_last_modified_check CHECK ((length(last_modified) <= 500)),
  CONSTRAINT finder_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
  CONSTRAINT finder_place_hash_check CHECK ((octet_length(place_hash) = 32)),
  CONSTRAINT finder_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'approved'::text, 'rejected'::text])))
);

CREATE INDEX finder_poll ON public.finder USING btree (next_poll_at) WHERE ((next_poll_at IS NOT NULL) AND (state = 'approved'::text));

CREATE TABLE finder_day (
  finder_id bigint NOT NULL,
  day date NOT NULL,
  asked bigint NOT NULL DEFAULT 0,
  failures bigint NOT NULL DEFAULT 0,
  found bigint NOT NULL DEFAULT 0,
  answer_ms bigint NOT NULL DEFAULT 0,
  last_error text,
  last_failed_at timestamp with time zone,
  CONSTRAINT finder_day_pkey PRIMARY KEY (finder_id, day),
  CONSTRAINT finder_day_finder_id_fkey FOREIGN KEY (finder_id) REFERENCES finder(id) ON DELETE CASCADE,
  CONSTRAINT finder_day_answer_ms_check CHECK ((answer_ms >= 0)),
  CONSTRAINT finder_day_asked_check CHECK ((asked >= 0)),
  CONSTRAINT finder_day_failures_check CHECK ((failures >= 0)),
  CONSTRAINT finder_day_found_check CHECK ((found >= 0)),
  CONSTRAINT finder_day_last_error_check CHECK (((length(last_error) >= 1) AND (length(last_error) <= 500))),
  CONSTRAINT finder_day_last_failure_check CHECK ((num_nulls(last_error, last_failed_at) <> 1))
);

CREATE TABLE finder_pattern (
  finder_id bigint NOT NULL,
  position integer NOT NULL,
  pattern text NOT NULL,
  catalog_id bigint,
  CONSTRAINT finder_pattern_pkey PRIMARY KEY (finder_id, "position"),
  CONSTRAINT finder_pattern_catalog_id_fkey FOREIGN KEY (catalog_id) REFERENCES catalog(id) ON DELETE SET NULL,
  CONSTRAINT finder_pattern_finder_id_fkey FOREIGN KEY (finder_id) REFERENCES finder(id) ON DELETE CASCADE,
  CONSTRAINT finder_pattern_pattern_check CHECK (((length(pattern) >= 1) AND (length(pattern) <= 300))),
  CONSTRAINT finder_pattern_position_check CHECK ((("position" >= 0) AND ("position" <= 19)))
);

CREATE INDEX finder_pattern_catalog ON public.finder_pattern USING btree (catalog_id) WHERE (catalog_id IS NOT NULL);

CREATE TABLE finder_seen (
  finder_id bigint NOT NULL,
  item_hash bytea NOT NULL,
  seen_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT finder_seen_pkey PRIMARY KEY (finder_id, item_hash),
  CONSTRAINT finder_seen_finder_id_fkey FOREIGN KEY (finder_id) REFERENCES finder(id) ON DELETE CASCADE,
  CONSTRAINT finder_seen_item_hash_check CHECK ((octet_length(item_hash) = 32))
);

CREATE INDEX finder_seen_at ON public.finder_seen USING btree (seen_at);

CREATE TABLE genre (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  slug text NOT NULL,
  name text NOT NULL,
  tmdb_id integer,
  parent_id bigint,
  is_active boolean NOT NULL DEFAULT true,
  CONSTRAINT genre_slug_key UNIQUE (slug),
  CONSTRAINT genre_tmdb_id_key UNIQUE (tmdb_id),
  CONSTRAINT genre_pkey PRIMARY KEY (id),
  CONSTRAINT genre_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES genre(id) ON DELETE SET NULL,
  CONSTRAINT genre_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
  CONSTRAINT genre_slug_check CHECK ((slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text))
);

CREATE UNIQUE INDEX genre_top_name ON public.genre USING btree (name) WHERE (parent_id IS NULL);

CREATE TRIGGER genre_update AFTER UPDATE ON public.genre REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION genre_updated();

CREATE TABLE genre_shelf (
  genre_id bigint NOT NULL,
  media_id bigint NOT NULL,
  kind text NOT NULL,
  rank real NOT NULL,
  last_stream_added_at timestamp with time zone,
  is_open boolean NOT NULL,
  age_min integer,
  CONSTRAINT genre_shelf_pkey PRIMARY KEY (media_id, genre_id),
  CONSTRAINT genre_shelf_genre_id_fkey FOREIGN KEY (genre_id) REFERENCES genre(id) ON DELETE CASCADE,
  CONSTRAINT genre_shelf_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE
);

CREATE INDEX genre_shelf_new ON public.genre_shelf USING btree (genre_id, kind, last_stream_added_at DESC NULLS LAST, media_id) INCLUDE (age_min);

CREATE INDEX genre_shelf_new_open ON public.genre_shelf USING btree (genre_id, kind, last_stream_added_at DESC NULLS LAST, media_id) WHERE is_open;

CREATE INDEX genre_shelf_popular ON public.genre_shelf USING btree (genre_id, kind, rank DESC, media_id) INCLUDE (age_min);

CREATE INDEX genre_shelf_popular_open ON public.genre_shelf USING btree (genre_id, kind, rank DESC, media_id) WHERE is_open;

CREATE TABLE genre_translation (
  genre_id bigint NOT NULL,
  language text NOT NULL,
  name text NOT NULL,
  CONSTRAINT genre_translation_pkey PRIMARY KEY (genre_id, language),
  CONSTRAINT genre_translation_genre_id_fkey FOREIGN KEY (genre_id) REFERENCES genre(id) ON DELETE CASCADE
);

CREATE TABLE id_mapping (
  list text NOT NULL,
  entry text NOT NULL,
  type text,
  mal integer,
  anilist integer,
  kitsu integer,
  anidb integer,
  imdb text,
  tmdb_movie integer,
  tmdb_tv integer,
  tvdb integer,
  trakt integer,
  tvdb_season integer,
  tvdb_absolute boolean NOT NULL DEFAULT false,
  tvdb_offset integer,
  tmdb_season integer,
  tmdb_absolute boolean NOT NULL DEFAULT false,
  tmdb_offset integer,
  rules jsonb NOT NULL DEFAULT '[]'::jsonb,
  CONSTRAINT id_mapping_pkey PRIMARY KEY (list, entry),
  CONSTRAINT id_mapping_anidb_check CHECK ((anidb > 0)),
  CONSTRAINT id_mapping_anilist_check CHECK ((anilist > 0)),
  CONSTRAINT id_mapping_check CHECK (((NOT tvdb_absolute) OR (tvdb_season IS NULL))),
  CONSTRAINT id_mapping_check1 CHECK (((NOT tmdb_absolute) OR (tmdb_season IS NULL))),
  CONSTRAINT id_mapping_entry_check CHECK (((length(entry) >= 1) AND (length(entry) <= 100))),
  CONSTRAINT id_mapping_imdb_check CHECK ((imdb ~ '^tt[0-9]{5,12}$'::text)),
  CONSTRAINT id_mapping_kitsu_check CHECK ((kitsu > 0)),
  CONSTRAINT id_mapping_list_check CHECK ((list = ANY (ARRAY['fribb'::text, 'anime-lists'::text, 'manami'::text]))),
  CONSTRAINT id_mapping_mal_check CHECK ((mal > 0)),
  CONSTRAINT id_mapping_rules_check CHECK (((jsonb_typeof(rules) = 'array'::text) AND (octet_length((rules)::text) <= 262144))),
  CONSTRAINT id_mapping_tmdb_movie_check CHECK ((tmdb_movie > 0)),
  CONSTRAINT id_mapping_tmdb_season_check CHECK ((tmdb_season >= 0)),
  CONSTRAINT id_mapping_tmdb_tv_check CHECK ((tmdb_tv > 0)),
  CONSTRAINT id_mapping_trakt_check CHECK ((trakt > 0)),
  CONSTRAINT id_mapping_tvdb_check CHECK ((tvdb > 0)),
  CONSTRAINT id_mapping_tvdb_season_check CHECK ((tvdb_season >= 0)),
  CONSTRAINT id_mapping_type_check CHECK ((type = ANY (ARRAY['tv'::text, 'movie'::text, 'ova'::text, 'ona'::text, 'special'::text])))
);

CREATE INDEX id_mapping_anidb ON public.id_mapping USING btree (anidb) WHERE (anidb IS NOT NULL);

CREATE INDEX id_mapping_anilist ON public.id_mapping USING btree (anilist) WHERE (anilist IS NOT NULL);

CREATE INDEX id_mapping_imdb ON public.id_mapping USING btree (imdb) WHERE (imdb IS NOT NULL);

CREATE INDEX id_mapping_kitsu ON public.id_mapping USING btree (kitsu) WHERE (kitsu IS NOT NULL);

CREATE INDEX id_mapping_mal ON public.id_mapping USING btree (mal) WHERE (mal IS NOT NULL);

CREATE INDEX id_mapping_tmdb_movie ON public.id_mapping USING btree (tmdb_movie) WHERE (tmdb_movie IS NOT NULL);

CREATE INDEX id_mapping_tmdb_tv ON public.id_mapping USING btree (tmdb_tv) WHERE (tmdb_tv IS NOT NULL);

CREATE INDEX id_mapping_trakt ON public.id_mapping USING btree (trakt) WHERE (trakt IS NOT NULL);

CREATE INDEX id_mapping_tvdb ON public.id_mapping USING btree (tvdb) WHERE (tvdb IS NOT NULL);

CREATE TABLE install (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  profile_id bigint NOT NULL,
  name text NOT NULL,
  revision integer NOT NULL DEFAULT 0,
  seen_manifest text,
  agent text,
  last_seen_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT install_public_id_key UNIQUE (public_id),
  CONSTRAINT install_pkey PRIMARY KEY (id),
  CONSTRAINT install_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES profile(id) ON DELETE CASCADE,
  CONSTRAINT install_agent_check CHECK (((length(agent) >= 1) AND (length(agent) <= 200))),
  CONSTRAINT install_name_check CHECK (((length(name) >= 1) AND (length(name) <= 60))),
  CONSTRAINT install_seen_manifest_check CHECK ((length(seen_manifest) <= 64))
);

CREATE INDEX install_profile ON public.install USING btree (profile_id, id);

CREATE TABLE keyword (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  name text NOT NULL,
  CONSTRAINT keyword_name_key UNIQUE (name),
  CONSTRAINT keyword_pkey PRIMARY KEY (id),
  CONSTRAINT keyword_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);

CREATE TABLE language (
  code text NOT NULL,
  iso639_2 text NOT NULL,
  name text NOT NULL,
  CONSTRAINT language_pkey PRIMARY KEY (code),
  CONSTRAINT language_code_check CHECK ((code ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'::text)),
  CONSTRAINT language_iso639_2_check CHECK ((iso639_2 ~ '^[a-z]{3}$'::text))
);

CREATE TABLE licence (
  code text NOT NULL,
  name text NOT NULL,
  url text,
  is_open boolean NOT NULL,
  CONSTRAINT licence_pkey PRIMARY KEY (code),
  CONSTRAINT licence_code_check CHECK ((code ~ '^[A-Za-z0-9][A-Za-z0-9.+-]{0,39}$'::text))
);

CREATE TRIGGER licence_update AFTER UPDATE OF is_open ON public.licence FOR EACH ROW WHEN ((new.is_open IS DISTINCT FROM old.is_open)) EXECUTE FUNCTION licence_changed();

CREATE UNLOGGED TABLE live_list (
  instance text NOT NULL,
  streams jsonb NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  CONSTRAINT live_list_pkey PRIMARY KEY (instance)
);

CREATE TABLE login_identity (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  user_id bigint NOT NULL,
  issuer text NOT NULL,
  subject text NOT NULL,
  name text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  last_used_at timestamp with time zone,
  CONSTRAINT login_identity_issuer_subject_key UNIQUE (issuer, subject),
  CONSTRAINT login_identity_public_id_key UNIQUE (public_id),
  CONSTRAINT login_identity_pkey PRIMARY KEY (id),
  CONSTRAINT login_identity_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id) ON DELETE CASCADE,
  CONSTRAINT login_identity_issuer_check CHECK (((length(issuer) >= 1) AND (length(issuer) <= 500))),
  CONSTRAINT login_identity_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  CONSTRAINT login_identity_subject_check CHECK (((length(subject) >= 1) AND (length(subject) <= 255)))
);

CREATE INDEX login_identity_user ON public.login_identity USING btree (user_id);

CREATE TABLE media (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  kind text NOT NULL,
  subkind text,
  title text NOT NULL,
  original_title text,
  year integer,
  release_date date,
  end_date date,
  runtime_minutes integer,
  episode_run_time integer[],
  status text,
  in_production boolean,
  network text,
  budget bigint,
  revenue bigint,
  tagline text,
  overview text,
  age_min integer,
  age_max integer,
  nudity text NOT NULL DEFAULT 'unknown'::text,
  languages text[] NOT NULL DEFAULT '{}'::text[],
  countries text[] NOT NULL DEFAULT '{}'::text[],
  trailer_youtube_id text,
  popularity real NOT NULL DEFAULT 0,
  rating numeric(3,1),
  rating_count integer,
  custom_fields jsonb NOT NULL DEFAULT '{}'::jsonb,
  enrichment_status text NOT NULL DEFAULT 'approved'::text,
  match_confidence real,
  is_published boolean NOT NULL DEFAULT true,
  is_featured boolean NOT NULL DEFAULT false,
  is_public boolean NOT NULL DEFAULT true,
  owner_id bigint,
  provider_id bigint,
  watch_count bigint NOT NULL DEFAULT 0,
  canonical_id text NOT NULL DEFAULT ''::text,
  imdb_id text,
  poster_url text,
  background_url text,
  logo_url text,
  genres text[] NOT NULL DEFAULT '{}'::text[],
  total_streams integer NOT NULL DEFAULT 0,
  open_streams integer NOT NULL DEFAULT 0,
  last_stream_added_at timestamp with time zone,
  rank real GENERATED ALWAYS AS ((((ln(((1)::double precision + (GREATEST(watch_count, (0)::bigint))::double precision)) * (10)::double precision) + popularity))::real) STORED,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  is_adult boolean NOT NULL DEFAULT false,
  is_from_name boolean NOT NULL DEFAULT false,
  CONSTRAINT media_public_id_key UNIQUE (public_id),
  CONSTRAINT media_pkey PRIMARY KEY (id),
  CONSTRAINT media_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app_user(id) ON DELETE SET NULL,
  CONSTRAINT media_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES metadata_provider(id) ON DELETE RESTRICT,
  CONSTRAINT media_age_max_check CHECK (((age_max >= 0) AND (age_max <= 99))),
  CONSTRAINT media_age_min_check CHECK (((age_min >= 0) AND (age_min <= 99))),
  CONSTRAINT media_budget_check CHECK ((budget >= 0)),
  CONSTRAINT media_check CHECK ((age_min <= age_max)),
  CONSTRAINT media_check1 CHECK ((release_date <= end_date)),
  CONSTRAINT media_check2 CHECK ((created_at <= updated_at)),
  CONSTRAINT media_custom_fields_check CHECK ((jsonb_typeof(custom_fields) = 'object'::text)),
  CONSTRAINT media_enrichment_status_check CHECK ((enrichment_status = ANY (ARRAY['pending'::text, 'completed'::text, 'flagged'::text, 'approved'::text, 'rejected'::text]))),
  CONSTRAINT media_episode_run_time_check CHECK ((0 < ALL (episode_run_time))),
  CONSTRAINT media_kind_check CHECK ((kind = ANY (ARRAY['movie'::text, 'series'::text, 'tv'::text, 'event'::text]))),
  CONSTRAINT media_match_confidence_check CHECK (((match_confidence >= (0)::double precision) AND (match_confidence <= (1)::double precision))),
  CONSTRAINT media_nudity_check CHECK ((nudity = ANY (ARRAY['none'::text, 'mild'::text, 'moderate'::text, 'severe'::text, 'unknown'::text]))),
  CONSTRAINT media_popularity_check CHECK ((popularity >= (0)::double precision)),
  CONSTRAINT media_rating_check CHECK (((rating >= (0)::numeric) AND (rating <= (10)::numeric))),
  CONSTRAINT media_rating_count_check CHECK ((rating_count >= 0)),
  CONSTRAINT media_revenue_check CHECK ((revenue >= 0)),
  CONSTRAINT media_runtime_minutes_check CHECK ((runtime_minutes > 0)),
  CONSTRAINT media_subkind_check CHECK ((subkind = ANY (ARRAY['anime'::text, 'documentary'::text, 'short'::text, 'miniseries'::text, 'sport'::text, 'concert'::text]))),
  CONSTRAINT media_title_check CHECK (((length(title) >= 1) AND (length(title) <= 500))),
  CONSTRAINT media_trailer_youtube_id_check CHECK ((trailer_youtube_id ~ '^[A-Za-z0-9_-]{11}$'::text)),
  CONSTRAINT media_watch_count_check CHECK ((watch_count >= 0)),
  CONSTRAINT media_year_check CHECK (((year >= 1870) AND (year <= 2200)))
);

CREATE INDEX media_adult ON public.media USING btree (kind, id) WHERE is_adult;

CREATE INDEX media_by_rating ON public.media USING btree (kind, rating DESC NULLS LAST, id) WHERE (is_published AND is_public AND (NOT is_adult));

CREATE INDEX media_canonical ON public.media USING btree (canonical_id);

CREATE INDEX media_enrichment ON public.media USING btree (enrichment_status, created_at DESC) WHERE (enrichment_status = ANY (ARRAY['pending'::text, 'flagged'::text]));

CREATE INDEX media_genres ON public.media USING gin (genres);

CREATE INDEX media_hidden ON public.media USING btree (kind, id) WHERE (NOT (is_published AND is_public));

CREATE INDEX media_kind ON public.media USING btree (kind, id);

CREATE INDEX media_new ON public.media USING btree (kind, last_stream_added_at DESC NULLS LAST, id) WHERE (is_published AND is_public AND (NOT is_adult));

CREATE INDEX media_new_open ON public.media USING btree (kind, last_stream_added_at DESC NULLS LAST, id) WHERE (is_published AND is_public AND (NOT is_adult) AND (open_streams > 0));

CREATE INDEX media_owner ON public.media USING btree (owner_id) WHERE (owner_id IS NOT NULL);

CREATE INDEX media_popular ON public.media USING btree (kind, rank DESC, id) WHERE (is_published AND is_public AND (NOT is_adult));

CREATE INDEX media_popular_open ON public.media USING btree (kind, rank DESC, id) WHERE (is_published AND is_public AND (NOT is_adult) AND (open_streams > 0));

CREATE INDEX media_rated_new ON public.media USING btree (kind, last_stream_added_at DESC NULLS LAST, id) INCLUDE (age_min) WHERE (is_published AND is_public AND (NOT is_adult) AND (age_min IS NOT NULL));

CREATE INDEX media_rated_popular ON public.media USING btree (kind, rank DESC, id) INCLUDE (age_min) WHERE (is_published AND is_public AND (NOT is_adult) AND (age_min IS NOT NULL));

CREATE INDEX media_release ON public.media USING btree (kind, release_date DESC NULLS LAST, id DESC) WHERE (is_published AND is_public AND (NOT is_adult));

CREATE INDEX media_same_original ON public.media USING btree (fold(original_title), kind) WHERE (original_title IS NOT NULL);

CREATE INDEX media_same_title ON public.media USING btree (fold(title), kind, year);

CREATE INDEX media_without_imdb ON public.media USING btree (fold(title), kind, year) WHERE (imdb_id IS NULL);

CREATE INDEX media_year ON public.media USING btree (year, kind);

CREATE TRIGGER media_delete_guard BEFORE DELETE ON public.media FOR EACH ROW EXECUTE FUNCTION media_delete_guard();

CREATE TRIGGER media_notify_insert AFTER INSERT OR DELETE ON public.media FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

CREATE TRIGGER media_notify_update AFTER UPDATE ON public.media REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION notify_media_updated();

CREATE TRIGGER media_search_insert AFTER INSERT ON public.media REFERENCING NEW TABLE AS changed FOR EACH STATEMENT WHEN ((NOT is_title_whole())) EXECUTE FUNCTION media_title_changed();

CREATE TRIGGER media_search_update AFTER UPDATE ON public.media REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_title_updated();

CREATE TRIGGER media_shelf_update AFTER UPDATE ON public.media REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_shelf_updated();

CREATE TRIGGER media_tags_insert AFTER INSERT ON public.media REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due_of_media();

CREATE TRIGGER media_tags_update AFTER UPDATE ON public.media REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due_of_media();

CREATE TRIGGER media_touch BEFORE INSERT OR UPDATE ON public.media FOR EACH ROW EXECUTE FUNCTION media_touch();

CREATE TABLE media_alias (
  media_id bigint NOT NULL,
  title text NOT NULL,
  CONSTRAINT media_alias_pkey PRIMARY KEY (media_id, title),
  CONSTRAINT media_alias_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT media_alias_title_check CHECK (((length(title) >= 1) AND (length(title) <= 500)))
);

CREATE INDEX media_alias_title ON public.media_alias USING hash (title);

CREATE TRIGGER alias_delete AFTER DELETE ON public.media_alias REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_search_changed();

CREATE TRIGGER alias_insert AFTER INSERT ON public.media_alias REFERENCING NEW TABLE AS changed FOR EACH STATEMENT WHEN ((NOT is_title_whole())) EXECUTE FUNCTION media_search_changed();

CREATE TRIGGER alias_update AFTER UPDATE ON public.media_alias REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_search_updated();

CREATE TABLE media_certification (
  media_id bigint NOT NULL,
  country text NOT NULL,
  code text NOT NULL,
  min_age integer,
  CONSTRAINT media_certification_pkey PRIMARY KEY (media_id, country, code),
  CONSTRAINT media_certification_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT media_certification_code_check CHECK (((length(code) >= 1) AND (length(code) <= 30))),
  CONSTRAINT media_certification_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
  CONSTRAINT media_certification_min_age_check CHECK (((min_age >= 0) AND (min_age <= 99)))
);

CREATE TRIGGER certification_delete AFTER DELETE ON public.media_certification REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION certification_changed();

CREATE TRIGGER certification_insert AFTER INSERT ON public.media_certification REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION certification_changed();

CREATE TRIGGER certification_notify AFTER INSERT OR DELETE OR UPDATE ON public.media_certification FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

CREATE TRIGGER certification_tags_delete AFTER DELETE ON public.media_certification REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due();

CREATE TRIGGER certification_tags_insert AFTER INSERT ON public.media_certification REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due();

CREATE TRIGGER certification_tags_update AFTER UPDATE ON public.media_certification REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due();

CREATE TRIGGER certification_update AFTER UPDATE ON public.media_certification REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION certification_updated();

CREATE TABLE media_company (
  media_id bigint NOT NULL,
  company_id bigint NOT NULL,
  CONSTRAINT media_company_pkey PRIMARY KEY (media_id, company_id),
  CONSTRAINT media_company_company_id_fkey FOREIGN KEY (company_id) REFERENCES company(id) ON DELETE CASCADE,
  CONSTRAINT media_company_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE
);

CREATE INDEX media_company_company ON public.media_company USING btree (company_id, media_id);

CREATE TABLE media_credit (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  media_id bigint NOT NULL,
  person_id bigint NOT NULL,
  credit_type text NOT NULL,
  department text,
  job text,
  character text,
  position integer NOT NULL DEFAULT 0,
  CONSTRAINT media_credit_media_id_person_id_credit_type_department_job__key UNIQUE NULLS NOT DISTINCT (media_id, person_id, credit_type, department, job, "character"),
  CONSTRAINT media_credit_pkey PRIMARY KEY (id),
  CONSTRAINT media_credit_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT media_credit_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(id) ON DELETE CASCADE,
  CONSTRAINT media_credit_credit_type_check CHECK ((credit_type = ANY (ARRAY['cast'::text, 'crew'::text]))),
  CONSTRAINT media_credit_position_check CHECK (("position" >= 0))
);

CREATE INDEX media_credit_person ON public.media_credit USING btree (person_id, media_id);

CREATE TRIGGER credit_notify AFTER INSERT OR DELETE OR UPDATE ON public.media_credit FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

CREATE TABLE media_external_id (
  media_id bigint NOT NULL,
  provider text NOT NULL,
  ns text NOT NULL DEFAULT 'any'::text,
  external_id text NOT NULL,
  CONSTRAINT media_external_id_media_id_provider_ns_key UNIQUE (media_id, provider, ns),
  CONSTRAINT media_external_id_pkey PRIMARY KEY (provider, ns, external_id),
  CONSTRAINT media_external_id_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT media_external_id_provider_fkey FOREIGN KEY (provider) REFERENCES metadata_provider(name) ON UPDATE CASCADE ON DELETE RESTRICT,
  CONSTRAINT media_external_id_check CHECK (((provider <> 'imdb'::text) OR ((ns = 'any'::text) AND (external_id ~ '^tt[0-9]{5,12}$'::text)))),
  CONSTRAINT media_external_id_check1 CHECK (((provider <> ALL (ARRAY['tmdb'::text, 'tvdb'::text, 'trakt'::text])) OR ((ns <> 'any'::text) AND (external_id ~ '^[1-9][0-9]{0,9}$'::text)))),
  CONSTRAINT media_external_id_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 100))),
  CONSTRAINT media_external_id_ns_check CHECK ((ns = ANY (ARRAY['movie'::text, 'tv'::text, 'any'::text])))
);

CREATE TRIGGER external_id_delete AFTER DELETE ON public.media_external_id REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_changed();

CREATE TRIGGER external_id_insert AFTER INSERT ON public.media_external_id REFERENCING NEW TABLE AS changed FOR EACH STATEMENT WHEN ((NOT is_title_whole())) EXECUTE FUNCTION media_card_changed();

CREATE TRIGGER external_id_update AFTER UPDATE ON public.media_external_id REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_updated();

CREATE TABLE media_field_origin (
  media_id bigint NOT NULL,
  field text NOT NULL,
  provider_id bigint NOT NULL,
  fingerprint text NOT NULL,
  CONSTRAINT media_field_origin_pkey PRIMARY KEY (media_id, field),
  CONSTRAINT media_field_origin_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT media_field_origin_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES metadata_provider(id) ON DELETE RESTRICT,
  CONSTRAINT media_field_origin_field_check CHECK (((length(field) >= 1) AND (length(field) <= 40)))
);

CREATE TABLE media_genre (
  media_id bigint NOT NULL,
  genre_id bigint NOT NULL,
  weight real NOT NULL DEFAULT 1,
  CONSTRAINT media_genre_pkey PRIMARY KEY (media_id, genre_id),
  CONSTRAINT media_genre_genre_id_fkey FOREIGN KEY (genre_id) REFERENCES genre(id) ON DELETE CASCADE,
  CONSTRAINT media_genre_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT media_genre_weight_check CHECK (((weight >= (0)::double precision) AND (weight <= (1)::double precision)))
);

CREATE INDEX media_genre_genre ON public.media_genre USING btree (genre_id, media_id);

CREATE TRIGGER media_genre_delete AFTER DELETE ON public.media_genre REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_changed();

CREATE TRIGGER media_genre_insert AFTER INSERT ON public.media_genre REFERENCING NEW TABLE AS changed FOR EACH STATEMENT WHEN ((NOT is_title_whole())) EXECUTE FUNCTION media_card_changed();

CREATE TRIGGER media_genre_shelf_delete AFTER DELETE ON public.media_genre REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION genre_shelf_changed();

CREATE TRIGGER media_genre_shelf_insert AFTER INSERT ON public.media_genre REFERENCING NEW TABLE AS changed FOR EACH STATEMENT WHEN ((NOT is_title_whole())) EXECUTE FUNCTION genre_shelf_changed();

CREATE TRIGGER media_genre_shelf_update AFTER UPDATE ON public.media_genre REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION genre_shelf_moved();

CREATE TRIGGER media_genre_tags_delete AFTER DELETE ON public.media_genre REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due();

CREATE TRIGGER media_genre_tags_insert AFTER INSERT ON public.media_genre REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due();

CREATE TRIGGER media_genre_update AFTER UPDATE ON public.media_genre REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_updated();

CREATE TABLE media_image (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  media_id bigint NOT NULL,
  provider_id bigint,
  type text NOT NULL,
  url text NOT NULL,
  language text,
  position integer NOT NULL DEFAULT 0,
  CONSTRAINT media_image_media_id_provider_id_type_url_key UNIQUE NULLS NOT DISTINCT (media_id, provider_id, type, url),
  CONSTRAINT media_image_pkey PRIMARY KEY (id),
  CONSTRAINT media_image_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT media_image_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES metadata_provider(id) ON DELETE RESTRICT,
  CONSTRAINT media_image_type_check CHECK ((type = ANY (ARRAY['poster'::text, 'background'::text, 'logo'::text, 'still'::text]))),
  CONSTRAINT media_image_url_check CHECK ((url ~ '^(https?://|asset:)'::text))
);

CREATE TRIGGER image_delete AFTER DELETE ON public.media_image REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_changed();

CREATE TRIGGER image_insert AFTER INSERT ON public.media_image REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_changed();

CREATE TRIGGER image_update AFTER UPDATE ON public.media_image REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_card_updated();

CREATE TABLE media_keyword (
  media_id bigint NOT NULL,
  keyword_id bigint NOT NULL,
  CONSTRAINT media_keyword_pkey PRIMARY KEY (media_id, keyword_id),
  CONSTRAINT media_keyword_keyword_id_fkey FOREIGN KEY (keyword_id) REFERENCES keyword(id) ON DELETE CASCADE,
  CONSTRAINT media_keyword_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE
);

CREATE INDEX media_keyword_keyword ON public.media_keyword USING btree (keyword_id, media_id);

CREATE TRIGGER media_keyword_tags_delete AFTER DELETE ON public.media_keyword REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due();

CREATE TRIGGER media_keyword_tags_insert AFTER INSERT ON public.media_keyword REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due();

CREATE TABLE media_provider (
  media_id bigint NOT NULL,
  region text NOT NULL,
  service text NOT NULL,
  offer text NOT NULL,
  url text,
  provider_id bigint NOT NULL,
  CONSTRAINT media_provider_pkey PRIMARY KEY (media_id, region, service, offer),
  CONSTRAINT media_provider_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT media_provider_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES metadata_provider(id) ON DELETE RESTRICT,
  CONSTRAINT media_provider_offer_check CHECK ((offer = ANY (ARRAY['subscription'::text, 'rent'::text, 'buy'::text, 'free'::text, 'ads'::text]))),
  CONSTRAINT media_provider_region_check CHECK ((region ~ '^[A-Z]{2}$'::text)),
  CONSTRAINT media_provider_service_check CHECK (((length(service) >= 1) AND (length(service) <= 100)))
);

CREATE INDEX media_provider_service ON public.media_provider USING btree (region, service);

CREATE TABLE media_rating (
  media_id bigint NOT NULL,
  provider_id bigint NOT NULL,
  rating_type text NOT NULL DEFAULT 'user'::text,
  rating numeric(4,2) NOT NULL,
  raw_rating numeric(7,2) NOT NULL,
  vote_count bigint,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT media_rating_pkey PRIMARY KEY (media_id, provider_id, rating_type),
  CONSTRAINT media_rating_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT media_rating_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES rating_provider(id) ON DELETE RESTRICT,
  CONSTRAINT media_rating_rating_check CHECK (((rating >= (0)::numeric) AND (rating <= (10)::numeric))),
  CONSTRAINT media_rating_rating_type_check CHECK ((rating_type = ANY (ARRAY['user'::text, 'critic'::text]))),
  CONSTRAINT media_rating_raw_rating_check CHECK ((raw_rating >= (0)::numeric)),
  CONSTRAINT media_rating_vote_count_check CHECK ((vote_count >= 0))
);

CREATE TRIGGER rating_notify AFTER INSERT OR DELETE OR UPDATE ON public.media_rating FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

CREATE TABLE media_search (
  media_id bigint NOT NULL,
  kind text NOT NULL,
  rank real NOT NULL,
  year integer,
  tier smallint NOT NULL,
  is_shown boolean NOT NULL,
  is_open boolean NOT NULL,
  names text[] NOT NULL,
  document tsvector NOT NULL,
  CONSTRAINT media_search_pkey PRIMARY KEY (media_id),
  CONSTRAINT media_search_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE
);

CREATE INDEX media_search_famous ON public.media_search USING gin (document) WITH (gin_pending_list_limit='256') WHERE (tier = 2);

CREATE INDEX media_search_known ON public.media_search USING gin (document) WITH (gin_pending_list_limit='256') WHERE (tier = 1);

CREATE INDEX media_search_open ON public.media_search USING gin (document) WITH (gin_pending_list_limit='256') WHERE is_open;

CREATE INDEX media_search_others ON public.media_search USING gin (document) WITH (gin_pending_list_limit='256') WHERE (tier = 0);

CREATE INDEX media_search_tier ON public.media_search USING btree (kind, tier, media_id) WHERE (tier > 0);

CREATE TABLE media_tag (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  media_id bigint NOT NULL,
  episode_id bigint,
  tag_id bigint NOT NULL,
  source text NOT NULL,
  confidence real NOT NULL DEFAULT 1,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT media_tag_media_id_episode_id_tag_id_key UNIQUE NULLS NOT DISTINCT (media_id, episode_id, tag_id),
  CONSTRAINT media_tag_pkey PRIMARY KEY (id),
  CONSTRAINT media_tag_episode_id_media_id_fkey FOREIGN KEY (episode_id, media_id) REFERENCES episode(id, media_id) ON DELETE CASCADE,
  CONSTRAINT media_tag_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT media_tag_tag_id_fkey FOREIGN KEY (tag_id) REFERENCES content_tag(id) ON DELETE CASCADE,
  CONSTRAINT media_tag_confidence_check CHECK (((confidence > (0)::double precision) AND (confidence <= (1)::double precision))),
  CONSTRAINT media_tag_source_check CHECK ((source = ANY (ARRAY['rule'::text, 'moderator'::text, 'report'::text, 'provider'::text])))
);

CREATE INDEX media_tag_episode ON public.media_tag USING btree (episode_id, media_id) WHERE (episode_id IS NOT NULL);

CREATE INDEX media_tag_tag ON public.media_tag USING btree (tag_id, media_id);

CREATE TRIGGER media_tag_delete AFTER DELETE ON public.media_tag REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_changed();

CREATE TRIGGER media_tag_insert AFTER INSERT ON public.media_tag REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_changed();

CREATE TRIGGER media_tag_update AFTER UPDATE ON public.media_tag REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_changed();

CREATE TABLE media_tag_denied (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  media_id bigint NOT NULL,
  episode_id bigint,
  tag_id bigint NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT media_tag_denied_media_id_episode_id_tag_id_key UNIQUE NULLS NOT DISTINCT (media_id, episode_id, tag_id),
  CONSTRAINT media_tag_denied_pkey PRIMARY KEY (id),
  CONSTRAINT media_tag_denied_episode_id_media_id_fkey FOREIGN KEY (episode_id, media_id) REFERENCES episode(id, media_id) ON DELETE CASCADE,
  CONSTRAINT media_tag_denied_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT media_tag_denied_tag_id_fkey FOREIGN KEY (tag_id) REFERENCES content_tag(id) ON DELETE CASCADE
);

CREATE INDEX media_tag_denied_episode ON public.media_tag_denied USING btree (episode_id, media_id) WHERE (episode_id IS NOT NULL);

CREATE INDEX media_tag_denied_tag ON public.media_tag_denied USING btree (tag_id);

CREATE TABLE media_tag_due (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  media_id bigint NOT NULL,
  episode_id bigint,
  is_known boolean NOT NULL DEFAULT false,
  CONSTRAINT media_tag_due_pkey PRIMARY KEY (id)
);

CREATE INDEX media_tag_due_place ON public.media_tag_due USING btree (media_id, episode_id) WHERE (NOT is_known);

CREATE TRIGGER media_tag_due_delete AFTER DELETE ON public.media_tag_due REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_owed_changed();

CREATE TRIGGER media_tag_due_insert AFTER INSERT ON public.media_tag_due REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_owed_changed();

CREATE TABLE media_translation (
  media_id bigint NOT NULL,
  language text NOT NULL,
  title text,
  overview text,
  tagline text,
  CONSTRAINT media_translation_pkey PRIMARY KEY (media_id, language),
  CONSTRAINT media_translation_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT media_translation_check CHECK ((num_nonnulls(title, overview, tagline) > 0)),
  CONSTRAINT media_translation_language_check CHECK ((language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'::text))
);

CREATE TRIGGER translation_delete AFTER DELETE ON public.media_translation REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_search_changed();

CREATE TRIGGER translation_insert AFTER INSERT ON public.media_translation REFERENCING NEW TABLE AS changed FOR EACH STATEMENT WHEN ((NOT is_title_whole())) EXECUTE FUNCTION media_search_changed();

CREATE TRIGGER translation_notify AFTER INSERT OR DELETE OR UPDATE ON public.media_translation FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

CREATE TRIGGER translation_update AFTER UPDATE ON public.media_translation REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_search_updated();

CREATE TABLE metadata_doubt (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  media_id bigint NOT NULL,
  provider_id bigint NOT NULL,
  kind text NOT NULL,
  ids jsonb NOT NULL,
  title text,
  year integer,
  confidence real,
  reason text NOT NULL,
  state text NOT NULL DEFAULT 'open'::text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  poster_url text,
  CONSTRAINT metadata_doubt_media_id_provider_id_kind_key UNIQUE (media_id, provider_id, kind),
  CONSTRAINT metadata_doubt_pkey PRIMARY KEY (id),
  CONSTRAINT metadata_doubt_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT metadata_doubt_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES metadata_provider(id) ON DELETE RESTRICT,
  CONSTRAINT metadata_doubt_confidence_check CHECK (((confidence >= (0)::double precision) AND (confidence <= (1)::double precision))),
  CONSTRAINT metadata_doubt_ids_check CHECK ((jsonb_typeof(ids) = 'object'::text)),
  CONSTRAINT metadata_doubt_kind_check CHECK ((kind = ANY (ARRAY['match'::text, 'ids'::text]))),
  CONSTRAINT metadata_doubt_poster_url_check CHECK (((length(poster_url) >= 1) AND (length(poster_url) <= 2048))),
  CONSTRAINT metadata_doubt_state_check CHECK ((state = ANY (ARRAY['open'::text, 'kept'::text])))
);

CREATE INDEX metadata_doubt_open ON public.metadata_doubt USING btree (media_id) WHERE (state = 'open'::text);

CREATE TABLE metadata_provider (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  name text NOT NULL,
  priority integer NOT NULL DEFAULT 100,
  is_external boolean NOT NULL DEFAULT true,
  asked bigint NOT NULL DEFAULT 0,
  failures bigint NOT NULL DEFAULT 0,
  asked_today integer NOT NULL DEFAULT 0,
  asked_on date,
  last_asked_at timestamp with time zone,
  last_error text,
  rest_until timestamp with time zone,
  CONSTRAINT metadata_provider_name_key UNIQUE (name),
  CONSTRAINT metadata_provider_pkey PRIMARY KEY (id),
  CONSTRAINT metadata_provider_asked_check CHECK ((asked >= 0)),
  CONSTRAINT metadata_provider_asked_today_check CHECK ((asked_today >= 0)),
  CONSTRAINT metadata_provider_failures_check CHECK ((failures >= 0))
);

CREATE TABLE pairing_code (
  code text NOT NULL,
  made_by text NOT NULL,
  user_id bigint,
  profile_id bigint,
  device_name text,
  secret_hash bytea,
  device_id bigint,
  key_sealed bytea,
  attempts integer NOT NULL DEFAULT 0,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL DEFAULT (now() + '00:10:00'::interval),
  used_at timestamp with time zone,
  CONSTRAINT pairing_code_pkey PRIMARY KEY (code),
  CONSTRAINT pairing_code_device_id_fkey FOREIGN KEY (device_id) REFERENCES device(id) ON DELETE CASCADE,
  CONSTRAINT pairing_code_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES profile(id) ON DELETE CASCADE,
  CONSTRAINT pairing_code_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id) ON DELETE CASCADE,
  CONSTRAINT pairing_code_attempts_check CHECK (((attempts >= 0) AND (attempts <= 5))),
  CONSTRAINT pairing_code_check CHECK (
CASE made_by
    WHEN 'parent'::text THEN (user_id IS NOT NULL)
    ELSE ((secret_hash IS NOT NULL) AND (device_name IS NOT NULL))
END),
  CONSTRAINT pairing_code_check1 CHECK (((device_id IS NULL) OR (used_at IS NOT NULL))),
  CONSTRAINT pairing_code_check2 CHECK (((key_sealed IS NULL) OR (device_id IS NOT NULL))),
  CONSTRAINT pairing_code_check3 CHECK ((expires_at > created_at)),
  CONSTRAINT pairing_code_code_check CHECK ((code ~ '^\d{6}$'::text)),
  CONSTRAINT pairing_code_device_name_check CHECK (((length(device_name) >= 1) AND (length(device_name) <= 60))),
  CONSTRAINT pairing_code_key_sealed_check CHECK ((octet_length(key_sealed) <= 200)),
  CONSTRAINT pairing_code_made_by_check CHECK ((made_by = ANY (ARRAY['parent'::text, 'device'::text]))),
  CONSTRAINT pairing_code_secret_hash_check CHECK ((octet_length(secret_hash) = 32))
);

CREATE INDEX pairing_code_device ON public.pairing_code USING btree (device_id) WHERE (device_id IS NOT NULL);

CREATE INDEX pairing_code_expiry ON public.pairing_code USING btree (expires_at);

CREATE INDEX pairing_code_profile ON public.pairing_code USING btree (profile_id) WHERE (profile_id IS NOT NULL);

CREATE INDEX pairing_code_user ON public.pairing_code USING btree (user_id, created_at DESC) WHERE (user_id IS NOT NULL);

CREATE TABLE person (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  name text NOT NULL,
  tmdb_id integer,
  imdb_id text,
  image_url text,
  overall_rating numeric(4,2),
  CONSTRAINT person_imdb_id_key UNIQUE (imdb_id),
  CONSTRAINT person_public_id_key UNIQUE (public_id),
  CONSTRAINT person_tmdb_id_key UNIQUE (tmdb_id),
  CONSTRAINT person_pkey PRIMARY KEY (id),
  CONSTRAINT person_imdb_id_check CHECK ((imdb_id ~ '^nm[0-9]{5,12}$'::text)),
  CONSTRAINT person_name_check CHECK (((length(name) >= 1) AND (length(name) <= 300)))
);

CREATE INDEX person_name ON public.person USING btree (fold(name));

CREATE INDEX person_search ON public.person USING gin (array_to_tsvector(search_words(search_name(name), false))) WITH (gin_pending_list_limit='256');

CREATE TABLE play_count (
  subject_hash bytea NOT NULL,
  media_id bigint NOT NULL,
  stream_id bigint,
  counted_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT play_count_pkey PRIMARY KEY (subject_hash, media_id),
  CONSTRAINT play_count_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT play_count_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT play_count_subject_hash_check CHECK ((octet_length(subject_hash) = 32))
);

CREATE INDEX play_count_counted ON public.play_count USING btree (counted_at);

CREATE INDEX play_count_media ON public.play_count USING btree (media_id);

CREATE INDEX play_count_stream ON public.play_count USING btree (stream_id);

CREATE TRIGGER play_count_inserted AFTER INSERT OR UPDATE OF counted_at ON public.play_count FOR EACH ROW EXECUTE FUNCTION play_counted();

CREATE TABLE play_day (
  day date NOT NULL,
  media_id bigint NOT NULL,
  plays integer NOT NULL DEFAULT 1,
  CONSTRAINT play_day_pkey PRIMARY KEY (day, media_id),
  CONSTRAINT play_day_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT play_day_plays_check CHECK ((plays > 0))
);

CREATE INDEX play_day_media ON public.play_day USING btree (media_id);

CREATE TABLE profile (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  user_id bigint NOT NULL,
  kind text NOT NULL DEFAULT 'standard'::text,
  name text NOT NULL,
  avatar text,
  age integer,
  pin_hash text,
  mode text NOT NULL DEFAULT 'all'::text,
  max_age integer,
  allows_unrated boolean NOT NULL DEFAULT false,
  hours jsonb,
  daily_minutes integer,
  config jsonb NOT NULL DEFAULT '{}'::jsonb,
  policy_version integer NOT NULL DEFAULT 1,
  is_default boolean NOT NULL DEFAULT false,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT profile_public_id_key UNIQUE (public_id),
  CONSTRAINT profile_pkey PRIMARY KEY (id),
  CONSTRAINT profile_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id) ON DELETE CASCADE,
  CONSTRAINT profile_age_check CHECK (((age >= 0) AND (age <= 120))),
  CONSTRAINT profile_avatar_check CHECK (((length(avatar) >= 1) AND (length(avatar) <= 40))),
  CONSTRAINT profile_check CHECK (((kind <> 'kid'::text) OR ((pin_hash IS NOT NULL) AND (mode <> 'all'::text)))),
  CONSTRAINT profile_check1 CHECK (((mode <> 'age'::text) OR (max_age IS NOT NULL))),
  CONSTRAINT profile_config_check CHECK ((jsonb_typeof(config) = 'object'::text)),
  CONSTRAINT profile_daily_minutes_check CHECK (((daily_minutes >= 0) AND (daily_minutes <= 1440))),
  CONSTRAINT profile_hours_check CHECK (((jsonb_typeof(hours) = 'array'::text) AND (jsonb_array_length(hours) <= 50))),
  CONSTRAINT profile_kind_check CHECK ((kind = ANY (ARRAY['standard'::text, 'kid'::text]))),
  CONSTRAINT profile_max_age_check CHECK (((max_age >= 0) AND (max_age <= 99))),
  CONSTRAINT profile_mode_check CHECK ((mode = ANY (ARRAY['all'::text, 'allow'::text, 'age'::text]))),
  CONSTRAINT profile_name_check CHECK (((length(name) >= 1) AND (length(name) <= 60))),
  CONSTRAINT profile_pin_hash_check CHECK ((pin_hash ~ '^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$'::text))
);

CREATE UNIQUE INDEX profile_default ON public.profile USING btree (user_id) WHERE is_default;

CREATE INDEX profile_kid ON public.profile USING btree (id) WHERE (kind = 'kid'::text);

CREATE INDEX profile_user ON public.profile USING btree (user_id, id);

CREATE TRIGGER profile_kid_delete AFTER DELETE ON public.profile FOR EACH ROW WHEN ((old.kind = 'kid'::text)) EXECUTE FUNCTION kids_changed();

CREATE TRIGGER profile_kid_insert AFTER INSERT ON public.profile FOR EACH ROW WHEN ((new.kind = 'kid'::text)) EXECUTE FUNCTION kids_changed();

CREATE TABLE profile_blocked_episode (
  profile_id bigint NOT NULL,
  media_id bigint NOT NULL,
  season_number integer NOT NULL,
  episode_number integer NOT NULL,
  CONSTRAINT profile_blocked_episode_pkey PRIMARY KEY (profile_id, media_id, season_number, episode_number),
  CONSTRAINT profile_blocked_episode_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT profile_blocked_episode_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES profile(id) ON DELETE CASCADE,
  CONSTRAINT profile_blocked_episode_episode_number_check CHECK ((episode_number >= 0)),
  CONSTRAINT profile_blocked_episode_season_number_check CHECK ((season_number >= 0))
);

CREATE INDEX profile_blocked_episode_media ON public.profile_blocked_episode USING btree (media_id);

CREATE TABLE profile_blocked_tag (
  profile_id bigint NOT NULL,
  tag_id bigint NOT NULL,
  CONSTRAINT profile_blocked_tag_pkey PRIMARY KEY (profile_id, tag_id),
  CONSTRAINT profile_blocked_tag_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES profile(id) ON DELETE CASCADE,
  CONSTRAINT profile_blocked_tag_tag_id_fkey FOREIGN KEY (tag_id) REFERENCES content_tag(id) ON DELETE CASCADE
);

CREATE INDEX profile_blocked_tag_tag ON public.profile_blocked_tag USING btree (tag_id);

CREATE TABLE profile_minute (
  profile_id bigint NOT NULL,
  minute timestamp with time zone NOT NULL,
  CONSTRAINT profile_minute_pkey PRIMARY KEY (profile_id, minute),
  CONSTRAINT profile_minute_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES profile(id) ON DELETE CASCADE,
  CONSTRAINT profile_minute_minute_check CHECK ((minute = date_trunc('minute'::text, minute, 'UTC'::text)))
);

CREATE INDEX profile_minute_old ON public.profile_minute USING btree (minute);

CREATE TABLE profile_policy (
  profile_id bigint NOT NULL,
  media_id bigint NOT NULL,
  policy text NOT NULL,
  kind text NOT NULL,
  rank real NOT NULL,
  last_stream_added_at timestamp with time zone,
  is_shown boolean NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT profile_policy_pkey PRIMARY KEY (profile_id, media_id),
  CONSTRAINT profile_policy_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT profile_policy_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES profile(id) ON DELETE CASCADE,
  CONSTRAINT profile_policy_policy_check CHECK ((policy = ANY (ARRAY['allow'::text, 'deny'::text])))
);

CREATE INDEX profile_policy_media ON public.profile_policy USING btree (media_id);

CREATE INDEX profile_policy_new ON public.profile_policy USING btree (profile_id, kind, last_stream_added_at DESC NULLS LAST, media_id) WHERE ((policy = 'allow'::text) AND is_shown);

CREATE INDEX profile_policy_popular ON public.profile_policy USING btree (profile_id, kind, rank DESC, media_id) WHERE ((policy = 'allow'::text) AND is_shown);

CREATE TRIGGER profile_policy_shelf_insert AFTER INSERT ON public.profile_policy REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION profile_shelf_changed();

CREATE TRIGGER profile_policy_shelf_update AFTER UPDATE ON public.profile_policy REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION profile_shelf_changed();

CREATE TABLE profile_request (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  profile_id bigint NOT NULL,
  media_id bigint NOT NULL,
  season_number integer,
  episode_number integer,
  state text NOT NULL DEFAULT 'pending'::text,
  asked_at timestamp with time zone NOT NULL DEFAULT now(),
  decided_at timestamp with time zone,
  decided_by bigint,
  CONSTRAINT profile_request_public_id_key UNIQUE (public_id),
  CONSTRAINT profile_request_pkey PRIMARY KEY (id),
  CONSTRAINT profile_request_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES app_user(id) ON DELETE SET NULL,
  CONSTRAINT profile_request_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT profile_request_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES profile(id) ON DELETE CASCADE,
  CONSTRAINT profile_request_check CHECK (((season_number IS NULL) = (episode_number IS NULL))),
  CONSTRAINT profile_request_check1 CHECK (((state = 'pending'::text) = (decided_at IS NULL))),
  CONSTRAINT profile_request_episode_number_check CHECK ((episode_number >= 0)),
  CONSTRAINT profile_request_season_number_check CHECK ((season_number >= 0)),
  CONSTRAINT profile_request_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'allowed'::text, 'denied'::text])))
);

CREATE INDEX profile_request_decider ON public.profile_request USING btree (decided_by) WHERE (decided_by IS NOT NULL);

CREATE INDEX profile_request_media ON public.profile_request USING btree (media_id);

CREATE INDEX profile_request_old ON public.profile_request USING btree (decided_at) WHERE (decided_at IS NOT NULL);

CREATE UNIQUE INDEX profile_request_pending ON public.profile_request USING btree (profile_id, media_id, season_number, episode_number) NULLS NOT DISTINCT WHERE (state = 'pending'::text);

CREATE INDEX profile_request_profile ON public.profile_request USING btree (profile_id, asked_at DESC);

CREATE TABLE profile_shelf (
  media_id bigint NOT NULL,
  profile_id bigint NOT NULL,
  genre_id bigint NOT NULL,
  kind text NOT NULL,
  rank real NOT NULL,
  last_stream_added_at timestamp with time zone,
  CONSTRAINT profile_shelf_pkey PRIMARY KEY (media_id, profile_id, genre_id),
  CONSTRAINT profile_shelf_profile_id_media_id_fkey FOREIGN KEY (profile_id, media_id) REFERENCES profile_policy(profile_id, media_id) ON DELETE CASCADE
);

CREATE INDEX profile_shelf_new ON public.profile_shelf USING btree (profile_id, genre_id, kind, last_stream_added_at DESC NULLS LAST, media_id);

CREATE INDEX profile_shelf_popular ON public.profile_shelf USING btree (profile_id, genre_id, kind, rank DESC, media_id);

CREATE TABLE provider_metadata (
  media_id bigint NOT NULL,
  provider_id bigint NOT NULL,
  data jsonb,
  fetched_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL,
  CONSTRAINT provider_metadata_pkey PRIMARY KEY (media_id, provider_id),
  CONSTRAINT provider_metadata_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT provider_metadata_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES metadata_provider(id) ON DELETE RESTRICT,
  CONSTRAINT provider_metadata_check CHECK ((fetched_at <= expires_at))
);

CREATE INDEX provider_metadata_expires ON public.provider_metadata USING btree (expires_at);

CREATE UNLOGGED TABLE rate_limit (
  key character varying(255) NOT NULL,
  points integer NOT NULL DEFAULT 0,
  expire bigint,
  CONSTRAINT rate_limit_pkey PRIMARY KEY (key)
);

CREATE INDEX rate_limit_expire ON public.rate_limit USING btree (expire);

CREATE TABLE rating_country (
  country text NOT NULL,
  place integer NOT NULL,
  CONSTRAINT rating_country_pkey PRIMARY KEY (country),
  CONSTRAINT rating_country_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
  CONSTRAINT rating_country_place_check CHECK ((place >= 0))
);

CREATE TRIGGER rating_country_notify AFTER INSERT OR DELETE ON public.rating_country FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

CREATE TABLE rating_provider (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  name text NOT NULL,
  max_rating numeric(6,2) NOT NULL,
  is_percentage boolean NOT NULL DEFAULT false,
  CONSTRAINT rating_provider_name_key UNIQUE (name),
  CONSTRAINT rating_provider_pkey PRIMARY KEY (id),
  CONSTRAINT rating_provider_max_rating_check CHECK ((max_rating > (0)::numeric))
);

CREATE TABLE scan_folder (
  source_id bigint NOT NULL,
  path text NOT NULL,
  state text NOT NULL DEFAULT 'waiting'::text,
  CONSTRAINT scan_folder_pkey PRIMARY KEY (source_id, path),
  CONSTRAINT scan_folder_source_id_fkey FOREIGN KEY (source_id) REFERENCES source(id) ON DELETE CASCADE,
  CONSTRAINT scan_folder_path_check CHECK ((length(path) <= 2000)),
  CONSTRAINT scan_folder_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'read'::text, 'failed'::text])))
);

CREATE INDEX scan_folder_waiting ON public.scan_folder USING btree (source_id) WHERE (state = 'waiting'::text);

CREATE TABLE scan_item (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  source_id bigint NOT NULL,
  batch_id uuid NOT NULL,
  file_path text NOT NULL,
  name text NOT NULL,
  size_bytes bigint,
  state text NOT NULL DEFAULT 'pending'::text,
  attempts integer NOT NULL DEFAULT 0,
  failure text,
  next_at timestamp with time zone NOT NULL DEFAULT now(),
  newest_at timestamp with time zone NOT NULL DEFAULT now(),
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT scan_item_source_id_file_path_key UNIQUE (source_id, file_path),
  CONSTRAINT scan_item_pkey PRIMARY KEY (id),
  CONSTRAINT scan_item_source_id_fkey FOREIGN KEY (source_id) REFERENCES source(id) ON DELETE CASCADE,
  CONSTRAINT scan_item_attempts_check CHECK ((attempts >= 0)),
  CONSTRAINT scan_item_failure_check CHECK (((length(failure) >= 1) AND (length(failure) <= 500))),
  CONSTRAINT scan_item_file_path_check CHECK (((length(file_path) >= 1) AND (length(file_path) <= 2000))),
  CONSTRAINT scan_item_name_check CHECK (((length(name) >= 1) AND (length(name) <= 1000))),
  CONSTRAINT scan_item_size_bytes_check CHECK (((size_bytes >= 0) AND (size_bytes <= '9007199254740991'::bigint))),
  CONSTRAINT scan_item_state_check CHECK ((state = ANY (ARRAY['held'::text, 'pending'::text, 'processing'::text, 'unmatched'::text, 'failed'::text, 'extra'::text])))
);

CREATE INDEX scan_item_batch ON public.scan_item USING btree (batch_id, state);

CREATE INDEX scan_item_next ON public.scan_item USING btree (newest_at DESC, id DESC) WHERE (state = ANY (ARRAY['pending'::text, 'processing'::text]));

CREATE INDEX scan_item_state ON public.scan_item USING btree (state, next_at) WHERE (state = ANY (ARRAY['unmatched'::text, 'failed'::text]));

CREATE TABLE scan_log (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  source_id bigint NOT NULL,
  batch_id uuid NOT NULL,
  phase text NOT NULL,
  status text NOT NULL DEFAULT 'started'::text,
  origin text NOT NULL DEFAULT 'scan'::text,
  folders integer NOT NULL DEFAULT 0,
  files integer NOT NULL DEFAULT 0,
  inserted integer NOT NULL DEFAULT 0,
  skipped integer NOT NULL DEFAULT 0,
  invalid integer NOT NULL DEFAULT 0,
  extras integer NOT NULL DEFAULT 0,
  subtitles integer NOT NULL DEFAULT 0,
  moved integer NOT NULL DEFAULT 0,
  gone integer NOT NULL DEFAULT 0,
  matched integer NOT NULL DEFAULT 0,
  flagged integer NOT NULL DEFAULT 0,
  unmatched integer NOT NULL DEFAULT 0,
  failed integer NOT NULL DEFAULT 0,
  current_folder text,
  failure text,
  holder uuid,
  held_until timestamp with time zone,
  started_at timestamp with time zone NOT NULL DEFAULT now(),
  noted_at timestamp with time zone NOT NULL DEFAULT now(),
  ended_at timestamp with time zone,
  CONSTRAINT scan_log_batch_id_phase_key UNIQUE (batch_id, phase),
  CONSTRAINT scan_log_pkey PRIMARY KEY (id),
  CONSTRAINT scan_log_source_id_fkey FOREIGN KEY (source_id) REFERENCES source(id) ON DELETE CASCADE,
  CONSTRAINT scan_log_check CHECK (((status = 'started'::text) = (ended_at IS NULL))),
  CONSTRAINT scan_log_current_folder_check CHECK ((length(current_folder) <= 2000)),
  CONSTRAINT scan_log_extras_check CHECK ((extras >= 0)),
  CONSTRAINT scan_log_failed_check CHECK ((failed >= 0)),
  CONSTRAINT scan_log_failure_check CHECK (((length(failure) >= 1) AND (length(failure) <= 500))),
  CONSTRAINT scan_log_files_check CHECK ((files >= 0)),
  CONSTRAINT scan_log_flagged_check CHECK ((flagged >= 0)),
  CONSTRAINT scan_log_folders_check CHECK ((folders >= 0)),
  CONSTRAINT scan_log_gone_check CHECK ((gone >= 0)),
  CONSTRAINT scan_log_inserted_check CHECK ((inserted >= 0)),
  CONSTRAINT scan_log_invalid_check CHECK ((invalid >= 0)),
  CONSTRAINT scan_log_matched_check CHECK ((matched >= 0)),
  CONSTRAINT scan_log_moved_check CHECK ((moved >= 0)),
  CONSTRAINT scan_log_origin_check CHECK ((origin = ANY (ARRAY['scan'::text, 'results'::text]))),
  CONSTRAINT scan_log_phase_check CHECK ((phase = ANY (ARRAY['collector'::text, 'enricher'::text]))),
  CONSTRAINT scan_log_skipped_check CHECK ((skipped >= 0)),
  CONSTRAINT scan_log_status_check CHECK ((status = ANY (ARRAY['started'::text, 'completed'::text, 'failed'::text]))),
  CONSTRAINT scan_log_subtitles_check CHECK ((subtitles >= 0)),
  CONSTRAINT scan_log_unmatched_check CHECK ((unmatched >= 0))
);

CREATE UNIQUE INDEX scan_log_one_scan ON public.scan_log USING btree (source_id) WHERE ((phase = 'collector'::text) AND (status = 'started'::text));

CREATE INDEX scan_log_running ON public.scan_log USING btree (phase, id) WHERE (status = 'started'::text);

CREATE INDEX scan_log_source ON public.scan_log USING btree (source_id, id DESC);

CREATE INDEX scan_log_started ON public.scan_log USING btree (started_at);

CREATE TABLE scan_seen (
  source_id bigint NOT NULL,
  path_hash bigint NOT NULL,
  CONSTRAINT scan_seen_pkey PRIMARY KEY (source_id, path_hash),
  CONSTRAINT scan_seen_source_id_fkey FOREIGN KEY (source_id) REFERENCES source(id) ON DELETE CASCADE
);

CREATE TABLE scan_subtitle (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  source_id bigint NOT NULL,
  batch_id uuid NOT NULL,
  file_path text NOT NULL,
  folder text NOT NULL,
  name text NOT NULL,
  state text NOT NULL DEFAULT 'pending'::text,
  stream_id bigint,
  CONSTRAINT scan_subtitle_source_id_file_path_key UNIQUE (source_id, file_path),
  CONSTRAINT scan_subtitle_pkey PRIMARY KEY (id),
  CONSTRAINT scan_subtitle_source_id_fkey FOREIGN KEY (source_id) REFERENCES source(id) ON DELETE CASCADE,
  CONSTRAINT scan_subtitle_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT scan_subtitle_check CHECK (((state = 'linked'::text) = (stream_id IS NOT NULL))),
  CONSTRAINT scan_subtitle_file_path_check CHECK (((length(file_path) >= 1) AND (length(file_path) <= 2000))),
  CONSTRAINT scan_subtitle_folder_check CHECK ((length(folder) <= 2000)),
  CONSTRAINT scan_subtitle_name_check CHECK (((length(name) >= 1) AND (length(name) <= 1000))),
  CONSTRAINT scan_subtitle_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'linked'::text, 'unmatched'::text])))
);

CREATE INDEX scan_subtitle_folder ON public.scan_subtitle USING btree (source_id, folder) WHERE (state <> 'linked'::text);

CREATE INDEX scan_subtitle_stream ON public.scan_subtitle USING btree (stream_id) WHERE (stream_id IS NOT NULL);

CREATE TABLE search_tier (
  kind text NOT NULL,
  known real NOT NULL,
  famous real NOT NULL,
  computed_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT search_tier_pkey PRIMARY KEY (kind),
  CONSTRAINT search_tier_check CHECK ((known <= famous)),
  CONSTRAINT search_tier_kind_check CHECK ((kind = ANY (ARRAY['movie'::text, 'series'::text, 'tv'::text, 'event'::text])))
);

CREATE TABLE season (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  media_id bigint NOT NULL,
  number integer NOT NULL,
  title text,
  overview text,
  poster_url text,
  air_date date,
  tmdb_id integer,
  provider_id bigint,
  CONSTRAINT season_id_media_id_key UNIQUE (id, media_id),
  CONSTRAINT season_media_id_number_key UNIQUE (media_id, number),
  CONSTRAINT season_tmdb_id_key UNIQUE (tmdb_id),
  CONSTRAINT season_pkey PRIMARY KEY (id),
  CONSTRAINT season_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT season_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES metadata_provider(id) ON DELETE RESTRICT,
  CONSTRAINT season_number_check CHECK ((number >= 0))
);

CREATE TRIGGER season_notify AFTER INSERT OR DELETE OR UPDATE ON public.season FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

CREATE TABLE setting (
  key text NOT NULL,
  type text NOT NULL,
  value jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT setting_pkey PRIMARY KEY (key),
  CONSTRAINT setting_check CHECK ((created_at <= updated_at)),
  CONSTRAINT setting_key_check CHECK ((key ~ '^[a-z][A-Za-z0-9.]{0,99}$'::text)),
  CONSTRAINT setting_type_check CHECK ((type = ANY (ARRAY['string'::text, 'integer'::text, 'boolean'::text, 'json'::text])))
);

CREATE TRIGGER setting_household_delete AFTER DELETE ON public.setting FOR EACH ROW WHEN ((old.key = ANY (ARRAY['catalogRegion'::text, 'catalogLanguage'::text]))) EXECUTE FUNCTION household_moved();

CREATE TRIGGER setting_household_insert AFTER INSERT ON public.setting FOR EACH ROW WHEN ((new.key = ANY (ARRAY['catalogRegion'::text, 'catalogLanguage'::text]))) EXECUTE FUNCTION household_moved();

CREATE TRIGGER setting_household_update AFTER UPDATE ON public.setting FOR EACH ROW WHEN (((new.key = ANY (ARRAY['catalogRegion'::text, 'catalogLanguage'::text])) AND (new.value <> old.value))) EXECUTE FUNCTION household_moved();

CREATE TRIGGER setting_touch BEFORE UPDATE ON public.setting FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TRIGGER tracker_setting_delete AFTER DELETE ON public.setting FOR EACH ROW WHEN ((old.key = ANY (ARRAY['trackerMode'::text, 'trackerList'::text]))) EXECUTE FUNCTION tracker_setting_changed();

CREATE TRIGGER tracker_setting_write AFTER INSERT OR UPDATE ON public.setting FOR EACH ROW WHEN ((new.key = ANY (ARRAY['trackerMode'::text, 'trackerList'::text]))) EXECUTE FUNCTION tracker_setting_changed();

CREATE UNLOGGED TABLE shared_value (
  space text NOT NULL,
  key text NOT NULL,
  token text NOT NULL,
  value text,
  is_awaited boolean NOT NULL DEFAULT false,
  ends_at timestamp with time zone NOT NULL,
  CONSTRAINT shared_value_pkey PRIMARY KEY (space, key)
);

CREATE TABLE shelf (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  catalog text NOT NULL,
  choice text NOT NULL,
  kind text NOT NULL,
  titles integer NOT NULL,
  open_titles integer NOT NULL,
  CONSTRAINT shelf_catalog_choice_kind_key UNIQUE (catalog, choice, kind),
  CONSTRAINT shelf_pkey PRIMARY KEY (id),
  CONSTRAINT shelf_catalog_check CHECK (((length(catalog) >= 1) AND (length(catalog) <= 40))),
  CONSTRAINT shelf_check CHECK (((open_titles >= 0) AND (open_titles <= titles))),
  CONSTRAINT shelf_choice_check CHECK ((length(choice) <= 40)),
  CONSTRAINT shelf_kind_check CHECK ((kind = ANY (ARRAY['movie'::text, 'series'::text, 'tv'::text, 'event'::text]))),
  CONSTRAINT shelf_titles_check CHECK ((titles > 0))
);

CREATE TABLE shelf_item (
  shelf_id bigint NOT NULL,
  media_id bigint NOT NULL,
  score real NOT NULL,
  is_open boolean NOT NULL,
  CONSTRAINT shelf_item_pkey PRIMARY KEY (shelf_id, media_id),
  CONSTRAINT shelf_item_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT shelf_item_shelf_id_fkey FOREIGN KEY (shelf_id) REFERENCES shelf(id) ON DELETE CASCADE
);

CREATE INDEX shelf_item_media ON public.shelf_item USING btree (media_id);

CREATE INDEX shelf_item_order ON public.shelf_item USING btree (shelf_id, score DESC, media_id);

CREATE INDEX shelf_item_order_open ON public.shelf_item USING btree (shelf_id, score DESC, media_id) WHERE is_open;

CREATE TABLE source (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  name text NOT NULL,
  base_url text NOT NULL,
  is_active boolean NOT NULL DEFAULT false,
  priority integer NOT NULL DEFAULT 0,
  health_score numeric(5,2) NOT NULL DEFAULT 100,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  finder text NOT NULL DEFAULT 'http-index'::text,
  config jsonb NOT NULL DEFAULT '{}'::jsonb,
  username text,
  password_sealed bytea,
  allows_private boolean NOT NULL DEFAULT false,
  offers text NOT NULL DEFAULT 'proxied'::text,
  last_error text,
  scan_minutes integer NOT NULL DEFAULT 360,
  next_scan_at timestamp with time zone,
  is_scan_asked boolean NOT NULL DEFAULT false,
  last_scan_at timestamp with time zone,
  health_state text NOT NULL DEFAULT 'unknown'::text,
  is_reachable boolean NOT NULL DEFAULT true,
  deleted_at timestamp with time zone,
  CONSTRAINT source_name_key UNIQUE (name),
  CONSTRAINT source_public_id_key UNIQUE (public_id),
  CONSTRAINT source_pkey PRIMARY KEY (id),
  CONSTRAINT source_base_url_check CHECK (((base_url ~ '^(https?://|ftp(e?s)?://|local:).*/$'::text) AND (length(base_url) <= 2000))),
  CONSTRAINT source_check CHECK ((created_at <= updated_at)),
  CONSTRAINT source_config_check CHECK ((jsonb_typeof(config) = 'object'::text)),
  CONSTRAINT source_deleted_at_check CHECK (((deleted_at IS NULL) OR (NOT is_active))),
  CONSTRAINT source_finder_check CHECK ((finder = ANY (ARRAY['http-index'::text, 'ftp-listing'::text, 'local-folder'::text, 'webdav'::text]))),
  CONSTRAINT source_health_score_check CHECK (((health_score >= (0)::numeric) AND (health_score <= (100)::numeric))),
  CONSTRAINT source_health_state_check CHECK ((health_state = ANY (ARRAY['unknown'::text, 'online'::text, 'slow'::text, 'isp_outage'::text, 'globally_offline'::text]))),
  CONSTRAINT source_last_error_check CHECK (((length(last_error) >= 1) AND (length(last_error) <= 500))),
  CONSTRAINT source_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  CONSTRAINT source_offers_check CHECK ((offers = ANY (ARRAY['proxied'::text, 'direct'::text, 'both'::text]))),
  CONSTRAINT source_scan_minutes_check CHECK (((scan_minutes = 0) OR ((scan_minutes >= 5) AND (scan_minutes <= 525600)))),
  CONSTRAINT source_username_check CHECK (((length(username) >= 1) AND (length(username) <= 200)))
);

CREATE INDEX source_due ON public.source USING btree (next_scan_at) WHERE (is_active AND (next_scan_at IS NOT NULL));

CREATE TRIGGER source_health_anew AFTER UPDATE ON public.source REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT WHEN ((pg_trigger_depth() = 0)) EXECUTE FUNCTION source_changed();

CREATE TRIGGER source_health_row AFTER INSERT ON public.source REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION source_added();

CREATE TRIGGER source_notify_update AFTER UPDATE ON public.source REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION notify_source_updated();

CREATE TRIGGER source_touch BEFORE UPDATE ON public.source FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE source_health (
  source_id bigint NOT NULL,
  score numeric(5,2) NOT NULL DEFAULT 100,
  state text NOT NULL DEFAULT 'unknown'::text,
  state_since timestamp with time zone NOT NULL DEFAULT now(),
  unreachable_since timestamp with time zone,
  disabled_at timestamp with time zone,
  scan_failures integer NOT NULL DEFAULT 0,
  probe_failures integer NOT NULL DEFAULT 0,
  last_probe_at timestamp with time zone,
  last_ok_at timestamp with time zone,
  reason text,
  next_probe_at timestamp with time zone NOT NULL DEFAULT now(),
  sampled_path text,
  settled_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT source_health_pkey PRIMARY KEY (source_id),
  CONSTRAINT source_health_source_id_fkey FOREIGN KEY (source_id) REFERENCES source(id) ON DELETE CASCADE,
  CONSTRAINT source_health_own_score_check CHECK (((score >= (0)::numeric) AND (score <= (100)::numeric))),
  CONSTRAINT source_health_own_state_check CHECK ((state = ANY (ARRAY['unknown'::text, 'online'::text, 'slow'::text, 'isp_outage'::text, 'globally_offline'::text]))),
  CONSTRAINT source_health_probe_failures_check CHECK ((probe_failures >= 0)),
  CONSTRAINT source_health_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 300))),
  CONSTRAINT source_health_scan_failures_check CHECK ((scan_failures >= 0))
);

CREATE TRIGGER source_health_mirror AFTER UPDATE ON public.source_health REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION source_health_changed();

CREATE TABLE source_health_report (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  reported_at timestamp with time zone NOT NULL DEFAULT now(),
  source_id bigint NOT NULL,
  origin text NOT NULL DEFAULT 'crowd'::text,
  isp_name text NOT NULL,
  is_reachable boolean NOT NULL,
  response_ms integer,
  is_vote boolean NOT NULL DEFAULT true,
  CONSTRAINT source_health_report_pkey PRIMARY KEY (id, reported_at),
  CONSTRAINT source_health_report_source_id_fkey FOREIGN KEY (source_id) REFERENCES source(id) ON DELETE CASCADE,
  CONSTRAINT source_health_report_isp_name_check CHECK (((length(isp_name) >= 1) AND (length(isp_name) <= 100))),
  CONSTRAINT source_health_report_origin_check CHECK ((origin = ANY (ARRAY['crowd'::text, 'probe'::text]))),
  CONSTRAINT source_health_report_response_ms_check CHECK (((response_ms >= 0) AND (response_ms <= 30000)))
) PARTITION BY RANGE (reported_at);

CREATE INDEX source_health_report_source ON ONLY public.source_health_report USING btree (source_id, reported_at);

CREATE TABLE source_link_check (
  stream_id bigint NOT NULL,
  checked_at timestamp with time zone NOT NULL DEFAULT now(),
  failing_since timestamp with time zone NOT NULL,
  broken_at timestamp with time zone,
  is_with_source boolean NOT NULL DEFAULT false,
  reason text NOT NULL,
  CONSTRAINT source_link_check_pkey PRIMARY KEY (stream_id),
  CONSTRAINT source_link_check_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT source_link_check_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 300)))
);

CREATE INDEX source_link_check_broken ON public.source_link_check USING btree (broken_at) WHERE (broken_at IS NOT NULL);

CREATE TABLE source_probe (
  source_id bigint NOT NULL,
  at timestamp with time zone NOT NULL DEFAULT now(),
  is_ok boolean NOT NULL,
  connect_ms integer,
  listing_ms integer,
  first_byte_ms integer,
  bytes_per_second bigint,
  reason text,
  CONSTRAINT source_probe_pkey PRIMARY KEY (source_id, at),
  CONSTRAINT source_probe_source_id_fkey FOREIGN KEY (source_id) REFERENCES source(id) ON DELETE CASCADE,
  CONSTRAINT source_probe_bytes_per_second_check CHECK ((bytes_per_second >= 0)),
  CONSTRAINT source_probe_connect_ms_check CHECK ((connect_ms >= 0)),
  CONSTRAINT source_probe_first_byte_ms_check CHECK ((first_byte_ms >= 0)),
  CONSTRAINT source_probe_listing_ms_check CHECK ((listing_ms >= 0)),
  CONSTRAINT source_probe_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 300)))
);

CREATE TABLE source_probe_day (
  source_id bigint NOT NULL,
  day date NOT NULL,
  probes integer NOT NULL,
  successes integer NOT NULL,
  connect_ms integer,
  listing_ms integer,
  first_byte_ms integer,
  bytes_per_second bigint,
  CONSTRAINT source_probe_day_pkey PRIMARY KEY (source_id, day),
  CONSTRAINT source_probe_day_source_id_fkey FOREIGN KEY (source_id) REFERENCES source(id) ON DELETE CASCADE,
  CONSTRAINT source_probe_day_bytes_per_second_check CHECK ((bytes_per_second >= 0)),
  CONSTRAINT source_probe_day_check CHECK (((successes >= 0) AND (successes <= probes))),
  CONSTRAINT source_probe_day_connect_ms_check CHECK ((connect_ms >= 0)),
  CONSTRAINT source_probe_day_first_byte_ms_check CHECK ((first_byte_ms >= 0)),
  CONSTRAINT source_probe_day_listing_ms_check CHECK ((listing_ms >= 0)),
  CONSTRAINT source_probe_day_probes_check CHECK ((probes > 0))
);

CREATE TABLE stream (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  kind text NOT NULL,
  name text NOT NULL,
  origin text,
  size_bytes bigint,
  resolution text,
  quality text,
  codec text,
  audio text[] NOT NULL DEFAULT '{}'::text[],
  channels text[] NOT NULL DEFAULT '{}'::text[],
  hdr_formats text[] NOT NULL DEFAULT '{}'::text[],
  hdr boolean GENERATED ALWAYS AS ((cardinality(hdr_formats) > 0)) STORED,
  release_group text,
  edition text,
  part_number integer,
  parsed_by text,
  parser_version text,
  licence_code text,
  attribution text,
  licence_proof_url text,
  state text NOT NULL DEFAULT 'active'::text,
  is_active boolean NOT NULL DEFAULT true,
  is_blocked boolean NOT NULL DEFAULT false,
  is_public boolean NOT NULL DEFAULT true,
  score numeric(4,2) NOT NULL DEFAULT 0,
  playback_count bigint NOT NULL DEFAULT 0,
  owner_id bigint,
  verified_at timestamp with time zone,
  last_seen_at timestamp with time zone NOT NULL DEFAULT now(),
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  told text[],
  visual_tags text[] NOT NULL DEFAULT '{}'::text[],
  ranking_facts text NOT NULL GENERATED ALWAYS AS (ranking_facts(kind, resolution, quality, codec, audio, channels, hdr_formats, visual_tags)) STORED,
  CONSTRAINT stream_public_id_key UNIQUE (public_id),
  CONSTRAINT stream_pkey PRIMARY KEY (id),
  CONSTRAINT stream_licence_code_fkey FOREIGN KEY (licence_code) REFERENCES licence(code) ON UPDATE CASCADE ON DELETE RESTRICT,
  CONSTRAINT stream_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app_user(id) ON DELETE SET NULL,
  CONSTRAINT stream_check CHECK ((created_at <= updated_at)),
  CONSTRAINT stream_kind_check CHECK ((kind = ANY (ARRAY['torrent'::text, 'http'::text, 'usenet'::text, 'ftp'::text, 'local'::text, 'youtube'::text, 'telegram'::text, 'external'::text]))),
  CONSTRAINT stream_licence_proof_url_check CHECK ((licence_proof_url ~ '^https?://'::text)),
  CONSTRAINT stream_name_check CHECK (((length(name) >= 1) AND (length(name) <= 1000))),
  CONSTRAINT stream_part_number_check CHECK ((part_number > 0)),
  CONSTRAINT stream_playback_count_check CHECK ((playback_count >= 0)),
  CONSTRAINT stream_resolution_check CHECK ((resolution = ANY (ARRAY['2160p'::text, '1440p'::text, '1080p'::text, '1080i'::text, '720p'::text, '576p'::text, '576i'::text, '540p'::text, '480p'::text, '480i'::text, '360p'::text, '240p'::text]))),
  CONSTRAINT stream_score_check CHECK (((score >= (0)::numeric) AND (score <= (10)::numeric))),
  CONSTRAINT stream_size_bytes_check CHECK ((size_bytes >= 0)),
  CONSTRAINT stream_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'active'::text, 'broken'::text])))
);

CREATE INDEX stream_kind ON public.stream USING btree (kind, id);

CREATE INDEX stream_licence ON public.stream USING btree (licence_code);

CREATE INDEX stream_owner ON public.stream USING btree (owner_id) WHERE (owner_id IS NOT NULL);

CREATE INDEX stream_parser_version ON public.stream USING btree (parser_version);

CREATE TRIGGER stream_notify_update AFTER UPDATE ON public.stream REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION notify_stream_updated();

CREATE TRIGGER stream_shown AFTER UPDATE OF state ON public.stream FOR EACH ROW WHEN (((old.state = 'broken'::text) AND (new.state <> 'broken'::text))) EXECUTE FUNCTION stream_shown();

CREATE TRIGGER stream_touch BEFORE UPDATE ON public.stream FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TRIGGER stream_update AFTER UPDATE ON public.stream REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION stream_changed();

CREATE TABLE stream_external (
  stream_id bigint NOT NULL,
  service text NOT NULL DEFAULT 'web'::text,
  url text NOT NULL,
  region text,
  deep_link text,
  is_verified boolean NOT NULL DEFAULT false,
  reported_count integer NOT NULL DEFAULT 0,
  CONSTRAINT stream_external_service_url_key UNIQUE (service, url),
  CONSTRAINT stream_external_pkey PRIMARY KEY (stream_id),
  CONSTRAINT stream_external_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT stream_external_region_check CHECK ((region ~ '^[A-Z]{2}$'::text)),
  CONSTRAINT stream_external_reported_count_check CHECK ((reported_count >= 0)),
  CONSTRAINT stream_external_service_check CHECK (((length(service) >= 1) AND (length(service) <= 100))),
  CONSTRAINT stream_external_url_check CHECK (((url ~ '^[a-z][a-z0-9+.-]*:'::text) AND (length(url) <= 8192)))
);

CREATE TABLE stream_file (
  stream_id bigint NOT NULL,
  file_index integer NOT NULL,
  name text NOT NULL,
  size_bytes bigint,
  content_type text,
  CONSTRAINT stream_file_pkey PRIMARY KEY (stream_id, file_index),
  CONSTRAINT stream_file_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT stream_file_file_index_check CHECK ((file_index >= 0)),
  CONSTRAINT stream_file_size_bytes_check CHECK ((size_bytes >= 0))
);

CREATE TABLE stream_ftp (
  stream_id bigint NOT NULL,
  source_id bigint,
  file_path text,
  url text NOT NULL,
  url_hash bytea NOT NULL,
  credentials_sealed bytea,
  CONSTRAINT stream_ftp_source_id_file_path_key UNIQUE (source_id, file_path),
  CONSTRAINT stream_ftp_url_hash_key UNIQUE (url_hash),
  CONSTRAINT stream_ftp_pkey PRIMARY KEY (stream_id),
  CONSTRAINT stream_ftp_source_id_fkey FOREIGN KEY (source_id) REFERENCES source(id) ON DELETE CASCADE,
  CONSTRAINT stream_ftp_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT stream_ftp_check CHECK (((source_id IS NULL) = (file_path IS NULL))),
  CONSTRAINT stream_ftp_url_check CHECK (((url ~ '^ftp(e?s)?://[^@]+$'::text) AND (length(url) <= 8192))),
  CONSTRAINT stream_ftp_url_hash_check CHECK ((octet_length(url_hash) = 32))
);

CREATE TRIGGER stream_ftp_delete AFTER DELETE ON public.stream_ftp REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION stream_ftp_deleted();

CREATE TABLE stream_http (
  stream_id bigint NOT NULL,
  source_id bigint,
  file_path text,
  url text NOT NULL,
  url_hash bytea NOT NULL,
  format text,
  headers_sealed bytea,
  expires_at timestamp with time zone,
  CONSTRAINT stream_http_source_id_file_path_key UNIQUE (source_id, file_path),
  CONSTRAINT stream_http_url_hash_key UNIQUE (url_hash),
  CONSTRAINT stream_http_pkey PRIMARY KEY (stream_id),
  CONSTRAINT stream_http_source_id_fkey FOREIGN KEY (source_id) REFERENCES source(id) ON DELETE CASCADE,
  CONSTRAINT stream_http_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT stream_http_check CHECK (((source_id IS NULL) = (file_path IS NULL))),
  CONSTRAINT stream_http_format_check CHECK ((format = ANY (ARRAY['progressive'::text, 'hls'::text, 'dash'::text]))),
  CONSTRAINT stream_http_url_check CHECK (((url ~ '^https?://'::text) AND (length(url) <= 8192))),
  CONSTRAINT stream_http_url_hash_check CHECK ((octet_length(url_hash) = 32))
);

CREATE INDEX stream_http_expiry ON public.stream_http USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE TRIGGER stream_http_delete AFTER DELETE ON public.stream_http REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION stream_http_deleted();

CREATE TABLE stream_language (
  stream_id bigint NOT NULL,
  language text NOT NULL,
  kind text NOT NULL,
  CONSTRAINT stream_language_pkey PRIMARY KEY (stream_id, language, kind),
  CONSTRAINT stream_language_language_fkey FOREIGN KEY (language) REFERENCES language(code) ON UPDATE CASCADE ON DELETE RESTRICT,
  CONSTRAINT stream_language_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT stream_language_kind_check CHECK ((kind = ANY (ARRAY['audio'::text, 'subtitle'::text])))
);

CREATE UNLOGGED TABLE stream_lease (
  key text NOT NULL,
  holder text NOT NULL,
  subject_key text NOT NULL,
  ip_key text NOT NULL,
  ends_at timestamp with time zone NOT NULL,
  CONSTRAINT stream_lease_pkey PRIMARY KEY (key, holder)
);

CREATE INDEX stream_lease_end ON public.stream_lease USING btree (ends_at);

CREATE INDEX stream_lease_ip ON public.stream_lease USING btree (ip_key, ends_at);

CREATE INDEX stream_lease_subject ON public.stream_lease USING btree (subject_key, ends_at);

CREATE TABLE stream_local (
  stream_id bigint NOT NULL,
  folder text NOT NULL,
  path text NOT NULL,
  source_id bigint,
  file_path text,
  CONSTRAINT stream_local_folder_path_key UNIQUE (folder, path),
  CONSTRAINT stream_local_source_id_file_path_key UNIQUE (source_id, file_path),
  CONSTRAINT stream_local_pkey PRIMARY KEY (stream_id),
  CONSTRAINT stream_local_source_id_fkey FOREIGN KEY (source_id) REFERENCES source(id) ON DELETE CASCADE,
  CONSTRAINT stream_local_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT stream_local_path_check CHECK (((path !~ '(^|/)\.\.(/|$)'::text) AND (path !~ '^/'::text))),
  CONSTRAINT stream_local_source_check CHECK (((source_id IS NULL) = (file_path IS NULL)))
);

CREATE TRIGGER stream_local_delete AFTER DELETE ON public.stream_local REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION stream_http_deleted();

CREATE TABLE stream_media_link (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  stream_id bigint NOT NULL,
  media_id bigint NOT NULL,
  episode_id bigint,
  file_index integer,
  file_name text,
  size_bytes bigint,
  is_primary boolean NOT NULL DEFAULT true,
  is_verified boolean NOT NULL DEFAULT false,
  confidence real NOT NULL DEFAULT 1,
  linked_by bigint,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT stream_media_link_stream_id_media_id_episode_id_file_index_key UNIQUE NULLS NOT DISTINCT (stream_id, media_id, episode_id, file_index),
  CONSTRAINT stream_media_link_pkey PRIMARY KEY (id),
  CONSTRAINT stream_media_link_episode_id_media_id_fkey FOREIGN KEY (episode_id, media_id) REFERENCES episode(id, media_id) ON DELETE CASCADE,
  CONSTRAINT stream_media_link_linked_by_fkey FOREIGN KEY (linked_by) REFERENCES app_user(id) ON DELETE SET NULL,
  CONSTRAINT stream_media_link_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT stream_media_link_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT stream_media_link_confidence_check CHECK (((confidence >= (0)::double precision) AND (confidence <= (1)::double precision))),
  CONSTRAINT stream_media_link_file_index_check CHECK ((file_index >= 0)),
  CONSTRAINT stream_media_link_size_bytes_check CHECK ((size_bytes >= 0))
);

CREATE INDEX stream_media_link_episode ON public.stream_media_link USING btree (episode_id) WHERE (episode_id IS NOT NULL);

CREATE INDEX stream_media_link_media ON public.stream_media_link USING btree (media_id, episode_id);

CREATE INDEX stream_media_link_user ON public.stream_media_link USING btree (linked_by) WHERE (linked_by IS NOT NULL);

CREATE TRIGGER link_delete AFTER DELETE ON public.stream_media_link REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION links_deleted();

CREATE TRIGGER link_insert AFTER INSERT ON public.stream_media_link REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION links_changed();

CREATE TRIGGER link_notify AFTER INSERT OR DELETE OR UPDATE ON public.stream_media_link FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

CREATE TRIGGER link_update AFTER UPDATE ON public.stream_media_link REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION links_updated();

CREATE TABLE stream_subtitle (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  stream_id bigint NOT NULL,
  path text NOT NULL,
  language text,
  encoding text,
  similarity real,
  file_index integer,
  of_file_index integer,
  CONSTRAINT stream_subtitle_stream_id_path_key UNIQUE (stream_id, path),
  CONSTRAINT stream_subtitle_pkey PRIMARY KEY (id),
  CONSTRAINT stream_subtitle_language_fkey FOREIGN KEY (language) REFERENCES language(code) ON UPDATE CASCADE ON DELETE RESTRICT,
  CONSTRAINT stream_subtitle_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT stream_subtitle_file_index_check CHECK ((file_index >= 0)),
  CONSTRAINT stream_subtitle_inside_check CHECK (((of_file_index IS NULL) OR (file_index IS NOT NULL))),
  CONSTRAINT stream_subtitle_of_file_index_check CHECK ((of_file_index >= 0)),
  CONSTRAINT stream_subtitle_path_check CHECK (((length(path) >= 1) AND (length(path) <= 8192))),
  CONSTRAINT stream_subtitle_similarity_check CHECK (((similarity >= (0)::double precision) AND (similarity <= (1)::double precision)))
);

CREATE TRIGGER subtitle_notify AFTER INSERT OR DELETE OR UPDATE ON public.stream_subtitle FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

CREATE TABLE stream_telegram (
  stream_id bigint NOT NULL,
  chat text NOT NULL,
  message_id bigint NOT NULL,
  CONSTRAINT stream_telegram_chat_message_id_key UNIQUE (chat, message_id),
  CONSTRAINT stream_telegram_pkey PRIMARY KEY (stream_id),
  CONSTRAINT stream_telegram_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT stream_telegram_chat_check CHECK ((chat ~ '^(-?[0-9]{1,20}|[A-Za-z][A-Za-z0-9_]{3,31})$'::text)),
  CONSTRAINT stream_telegram_message_id_check CHECK ((message_id > 0))
);

CREATE TABLE stream_torrent (
  stream_id bigint NOT NULL,
  info_hash text NOT NULL,
  visibility text NOT NULL DEFAULT 'public'::text,
  seeders integer,
  leechers integer,
  magnet_sealed bytea,
  file_sealed bytea,
  web_seeds text[] NOT NULL DEFAULT '{}'::text[],
  next_check_at timestamp with time zone DEFAULT now(),
  completed integer,
  published_at timestamp with time zone,
  checked_at timestamp with time zone,
  check_interval_s integer NOT NULL DEFAULT 21600,
  CONSTRAINT stream_torrent_info_hash_key UNIQUE (info_hash),
  CONSTRAINT stream_torrent_pkey PRIMARY KEY (stream_id),
  CONSTRAINT stream_torrent_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT stream_torrent_check_interval_s_check CHECK (((check_interval_s >= 21600) AND (check_interval_s <= 259200))),
  CONSTRAINT stream_torrent_completed_check CHECK ((completed >= 0)),
  CONSTRAINT stream_torrent_info_hash_check CHECK ((info_hash ~ '^[0-9a-f]{40}$'::text)),
  CONSTRAINT stream_torrent_leechers_check CHECK ((leechers >= 0)),
  CONSTRAINT stream_torrent_seeders_check CHECK ((seeders >= 0)),
  CONSTRAINT stream_torrent_visibility_check CHECK ((visibility = ANY (ARRAY['public'::text, 'private'::text, 'webseed'::text])))
);

CREATE INDEX stream_torrent_check ON public.stream_torrent USING btree (next_check_at) WHERE (next_check_at IS NOT NULL);

CREATE TRIGGER torrent_visibility_update AFTER UPDATE OF visibility ON public.stream_torrent FOR EACH ROW WHEN ((new.visibility IS DISTINCT FROM old.visibility)) EXECUTE FUNCTION torrent_visibility_changed();

CREATE TABLE stream_usenet (
  stream_id bigint NOT NULL,
  nzb_guid text NOT NULL,
  nzb_url_sealed bytea,
  nzb_sealed bytea,
  is_passworded boolean NOT NULL DEFAULT false,
  release_key text,
  posted_at timestamp with time zone,
  size_bytes bigint,
  completeness real,
  health text,
  checked_at timestamp with time zone,
  next_check_at timestamp with time zone,
  password_sealed bytea,
  CONSTRAINT stream_usenet_nzb_guid_key UNIQUE (nzb_guid),
  CONSTRAINT stream_usenet_pkey PRIMARY KEY (stream_id),
  CONSTRAINT stream_usenet_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT stream_usenet_completeness_check CHECK (((completeness >= (0)::double precision) AND (completeness <= (1)::double precision))),
  CONSTRAINT stream_usenet_health_check CHECK ((health = ANY (ARRAY['complete'::text, 'damaged'::text, 'gone'::text, 'unknown'::text]))),
  CONSTRAINT stream_usenet_nzb_guid_check CHECK (((length(nzb_guid) >= 1) AND (length(nzb_guid) <= 200))),
  CONSTRAINT stream_usenet_release_key_check CHECK ((release_key ~ '^[A-Za-z0-9_-]{22}$'::text)),
  CONSTRAINT stream_usenet_size_bytes_check CHECK ((size_bytes >= 0))
);

CREATE INDEX stream_usenet_check ON public.stream_usenet USING btree (next_check_at) WHERE (next_check_at IS NOT NULL);

CREATE INDEX stream_usenet_release ON public.stream_usenet USING btree (release_key) WHERE (release_key IS NOT NULL);

CREATE TABLE stream_youtube (
  stream_id bigint NOT NULL,
  video_id text NOT NULL,
  is_live boolean NOT NULL DEFAULT false,
  CONSTRAINT stream_youtube_video_id_key UNIQUE (video_id),
  CONSTRAINT stream_youtube_pkey PRIMARY KEY (stream_id),
  CONSTRAINT stream_youtube_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE CASCADE,
  CONSTRAINT stream_youtube_video_id_check CHECK ((video_id ~ '^[A-Za-z0-9_-]{11}$'::text))
);

CREATE TABLE sync_state (
  key text NOT NULL,
  last_sync_at timestamp with time zone NOT NULL DEFAULT now(),
  data jsonb NOT NULL DEFAULT '{}'::jsonb,
  CONSTRAINT sync_state_pkey PRIMARY KEY (key)
);

CREATE TABLE title_enrichment (
  media_id bigint NOT NULL,
  tried_at timestamp with time zone,
  next_at timestamp with time zone NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  failure text,
  is_stale boolean NOT NULL DEFAULT false,
  CONSTRAINT title_enrichment_pkey PRIMARY KEY (media_id),
  CONSTRAINT title_enrichment_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT title_enrichment_attempts_check CHECK ((attempts >= 0))
);

CREATE INDEX title_enrichment_failed ON public.title_enrichment USING btree (next_at) WHERE (failure IS NOT NULL);

CREATE INDEX title_enrichment_stale ON public.title_enrichment USING btree (next_at) WHERE is_stale;

CREATE INDEX title_enrichment_tried ON public.title_enrichment USING btree (tried_at);

CREATE TABLE title_word (
  word text NOT NULL,
  CONSTRAINT title_word_pkey PRIMARY KEY (word)
);

CREATE INDEX title_word_slips ON public.title_word USING gin (word_slips(word)) WITH (gin_pending_list_limit='256');

CREATE TABLE torrent_storage (
  info_hash text NOT NULL,
  store text NOT NULL,
  stream_id bigint,
  name text,
  size_bytes bigint,
  pieces_held integer NOT NULL DEFAULT 0,
  piece_count integer,
  progress double precision NOT NULL DEFAULT 0,
  status text NOT NULL,
  error text,
  downloaded_bytes bigint NOT NULL DEFAULT 0,
  uploaded_bytes bigint NOT NULL DEFAULT 0,
  bytes_on_disk bigint NOT NULL DEFAULT 0,
  peers integer NOT NULL DEFAULT 0,
  readers integer NOT NULL DEFAULT 0,
  bytes_per_second bigint NOT NULL DEFAULT 0,
  accessed_at timestamp with time zone NOT NULL DEFAULT now(),
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT torrent_storage_pkey PRIMARY KEY (info_hash, store),
  CONSTRAINT torrent_storage_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream_torrent(stream_id) ON DELETE SET NULL,
  CONSTRAINT torrent_storage_bytes_on_disk_check CHECK ((bytes_on_disk >= 0)),
  CONSTRAINT torrent_storage_bytes_per_second_check CHECK ((bytes_per_second >= 0)),
  CONSTRAINT torrent_storage_check CHECK ((created_at <= updated_at)),
  CONSTRAINT torrent_storage_downloaded_bytes_check CHECK ((downloaded_bytes >= 0)),
  CONSTRAINT torrent_storage_error_check CHECK (((length(error) >= 1) AND (length(error) <= 1000))),
  CONSTRAINT torrent_storage_info_hash_check CHECK ((info_hash ~ '^[0-9a-f]{40}$'::text)),
  CONSTRAINT torrent_storage_name_check CHECK (((length(name) >= 1) AND (length(name) <= 1000))),
  CONSTRAINT torrent_storage_peers_check CHECK ((peers >= 0)),
  CONSTRAINT torrent_storage_piece_count_check CHECK ((piece_count > 0)),
  CONSTRAINT torrent_storage_pieces_held_check CHECK ((pieces_held >= 0)),
  CONSTRAINT torrent_storage_progress_check CHECK (((progress >= (0)::double precision) AND (progress <= (1)::double precision))),
  CONSTRAINT torrent_storage_readers_check CHECK ((readers >= 0)),
  CONSTRAINT torrent_storage_size_bytes_check CHECK ((size_bytes >= 0)),
  CONSTRAINT torrent_storage_status_check CHECK ((status = ANY (ARRAY['downloading'::text, 'completed'::text, 'seeding'::text, 'idle'::text, 'paused'::text, 'error'::text]))),
  CONSTRAINT torrent_storage_store_check CHECK (((length(store) >= 1) AND (length(store) <= 64))),
  CONSTRAINT torrent_storage_uploaded_bytes_check CHECK ((uploaded_bytes >= 0))
);

CREATE INDEX torrent_storage_paused ON public.torrent_storage USING btree (info_hash) WHERE (status = 'paused'::text);

CREATE INDEX torrent_storage_store ON public.torrent_storage USING btree (store);

CREATE INDEX torrent_storage_stream ON public.torrent_storage USING btree (stream_id);

CREATE TABLE torrent_tracker (
  stream_id bigint NOT NULL,
  tracker_id bigint NOT NULL,
  tier integer NOT NULL DEFAULT 0,
  CONSTRAINT torrent_tracker_pkey PRIMARY KEY (stream_id, tracker_id),
  CONSTRAINT torrent_tracker_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream_torrent(stream_id) ON DELETE CASCADE,
  CONSTRAINT torrent_tracker_tracker_id_fkey FOREIGN KEY (tracker_id) REFERENCES tracker(id) ON DELETE CASCADE
);

CREATE INDEX torrent_tracker_tracker ON public.torrent_tracker USING btree (tracker_id);

CREATE TABLE tracker (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  url text NOT NULL,
  status text NOT NULL DEFAULT 'unknown'::text,
  successes bigint NOT NULL DEFAULT 0,
  failures bigint NOT NULL DEFAULT 0,
  success_rate real GENERATED ALWAYS AS (
CASE
    WHEN ((successes + failures) = 0) THEN NULL::double precision
    ELSE ((successes)::real / ((successes + failures))::double precision)
END) STORED,
  latency_ms integer,
  last_check_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  failures_in_row integer NOT NULL DEFAULT 0,
  next_check_at timestamp with time zone NOT NULL DEFAULT now(),
  reason text,
  lists text[] NOT NULL DEFAULT '{}'::text[],
  CONSTRAINT tracker_url_key UNIQUE (url),
  CONSTRAINT tracker_pkey PRIMARY KEY (id),
  CONSTRAINT tracker_failures_check CHECK ((failures >= 0)),
  CONSTRAINT tracker_failures_in_row_check CHECK ((failures_in_row >= 0)),
  CONSTRAINT tracker_latency_ms_check CHECK ((latency_ms >= 0)),
  CONSTRAINT tracker_lists_check CHECK ((lists <@ ARRAY['builtin'::text, 'remote'::text])),
  CONSTRAINT tracker_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 300))),
  CONSTRAINT tracker_status_check CHECK ((status = ANY (ARRAY['working'::text, 'failing'::text, 'unknown'::text]))),
  CONSTRAINT tracker_successes_check CHECK ((successes >= 0)),
  CONSTRAINT tracker_url_check CHECK (((url ~ '^(udp|http|https|ws|wss)://'::text) AND (length(url) <= 2048)))
);

CREATE INDEX tracker_due ON public.tracker USING btree (next_check_at);

CREATE INDEX tracker_listed ON public.tracker USING btree (status) WHERE (lists <> '{}'::text[]);

CREATE INDEX tracker_status ON public.tracker USING btree (status, success_rate DESC);

CREATE TABLE tracker_check (
  tracker_id bigint NOT NULL,
  at timestamp with time zone NOT NULL,
  successes integer NOT NULL,
  failures integer NOT NULL,
  latency_ms integer,
  CONSTRAINT tracker_check_pkey PRIMARY KEY (tracker_id, at),
  CONSTRAINT tracker_check_tracker_id_fkey FOREIGN KEY (tracker_id) REFERENCES tracker(id) ON DELETE CASCADE
);

CREATE INDEX tracker_check_at ON public.tracker_check USING btree (at);

CREATE TABLE tracker_health (
  at timestamp with time zone NOT NULL,
  working integer NOT NULL,
  failing integer NOT NULL,
  unknown integer NOT NULL,
  latency_ms integer,
  CONSTRAINT tracker_health_pkey PRIMARY KEY (at)
);

CREATE TABLE tracker_list (
  name text NOT NULL,
  url text NOT NULL,
  next_fetch_at timestamp with time zone NOT NULL,
  fetched_at timestamp with time zone,
  tracker_count integer NOT NULL DEFAULT 0,
  reason text,
  CONSTRAINT tracker_list_pkey PRIMARY KEY (name)
);

CREATE TABLE tv_programme (
  media_id bigint NOT NULL,
  start_at timestamp with time zone NOT NULL,
  stop_at timestamp with time zone NOT NULL,
  title text NOT NULL,
  subtitle text,
  description text,
  categories text[] NOT NULL DEFAULT '{}'::text[],
  icon_url text,
  rating text,
  episode text,
  CONSTRAINT tv_programme_pkey PRIMARY KEY (media_id, start_at),
  CONSTRAINT tv_programme_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT tv_programme_categories_check CHECK ((cardinality(categories) <= 20)),
  CONSTRAINT tv_programme_check CHECK (((start_at < stop_at) AND (stop_at <= (start_at + '2 days'::interval)))),
  CONSTRAINT tv_programme_description_check CHECK (((length(description) >= 1) AND (length(description) <= 5000))),
  CONSTRAINT tv_programme_episode_check CHECK (((length(episode) >= 1) AND (length(episode) <= 100))),
  CONSTRAINT tv_programme_icon_url_check CHECK (((icon_url ~ '^https?://'::text) AND (length(icon_url) <= 2000))),
  CONSTRAINT tv_programme_rating_check CHECK (((length(rating) >= 1) AND (length(rating) <= 100))),
  CONSTRAINT tv_programme_subtitle_check CHECK (((length(subtitle) >= 1) AND (length(subtitle) <= 500))),
  CONSTRAINT tv_programme_title_check CHECK (((length(title) >= 1) AND (length(title) <= 500)))
);

CREATE INDEX tv_programme_stop ON public.tv_programme USING btree (stop_at);

CREATE TRIGGER programme_notify AFTER INSERT OR UPDATE ON public.tv_programme FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

CREATE TABLE usenet_provider_usage (
  provider text NOT NULL,
  day date NOT NULL,
  bytes bigint NOT NULL DEFAULT 0,
  articles bigint NOT NULL DEFAULT 0,
  missing bigint NOT NULL DEFAULT 0,
  failures bigint NOT NULL DEFAULT 0,
  CONSTRAINT usenet_provider_usage_pkey PRIMARY KEY (provider, day),
  CONSTRAINT usenet_provider_usage_articles_check CHECK ((articles >= 0)),
  CONSTRAINT usenet_provider_usage_bytes_check CHECK ((bytes >= 0)),
  CONSTRAINT usenet_provider_usage_failures_check CHECK ((failures >= 0)),
  CONSTRAINT usenet_provider_usage_missing_check CHECK ((missing >= 0)),
  CONSTRAINT usenet_provider_usage_provider_check CHECK (((length(provider) >= 1) AND (length(provider) <= 100)))
);

CREATE TABLE usenet_release (
  release_key text NOT NULL,
  learned jsonb NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT usenet_release_pkey PRIMARY KEY (release_key),
  CONSTRAINT usenet_release_learned_check CHECK ((octet_length((learned)::text) <= 262144)),
  CONSTRAINT usenet_release_release_key_check CHECK ((release_key ~ '^[A-Za-z0-9_-]{22}$'::text))
);

CREATE INDEX usenet_release_updated ON public.usenet_release USING btree (updated_at);

CREATE TABLE usenet_upload (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  release_key text NOT NULL,
  nzb_sealed bytea NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  CONSTRAINT usenet_upload_release_key_key UNIQUE (release_key),
  CONSTRAINT usenet_upload_pkey PRIMARY KEY (id),
  CONSTRAINT usenet_upload_release_key_check CHECK ((release_key ~ '^[A-Za-z0-9_-]{22}$'::text))
);

CREATE INDEX usenet_upload_expires ON public.usenet_upload USING btree (expires_at);

CREATE TABLE user_media_mark (
  profile_id bigint NOT NULL,
  media_id bigint NOT NULL,
  kind text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT user_media_mark_pkey PRIMARY KEY (profile_id, kind, media_id),
  CONSTRAINT user_media_mark_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT user_media_mark_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES profile(id) ON DELETE CASCADE,
  CONSTRAINT user_media_mark_kind_check CHECK ((kind = ANY (ARRAY['watchlist'::text, 'favorite'::text, 'library'::text])))
);

CREATE INDEX user_media_mark_media ON public.user_media_mark USING btree (media_id);

CREATE INDEX user_media_mark_recent ON public.user_media_mark USING btree (profile_id, kind, created_at DESC, media_id DESC);

CREATE TABLE watch_history (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  profile_id bigint NOT NULL,
  media_id bigint NOT NULL,
  episode_id bigint,
  stream_id bigint,
  played_at timestamp with time zone NOT NULL DEFAULT now(),
  progress_seconds integer,
  duration_seconds integer,
  is_completed boolean NOT NULL DEFAULT false,
  origin text NOT NULL,
  source text,
  context text,
  pauses integer NOT NULL DEFAULT 0,
  rewinds integer NOT NULL DEFAULT 0,
  CONSTRAINT watch_history_public_id_key UNIQUE (public_id),
  CONSTRAINT watch_history_pkey PRIMARY KEY (id),
  CONSTRAINT watch_history_episode_id_fkey FOREIGN KEY (episode_id) REFERENCES episode(id) ON DELETE SET NULL,
  CONSTRAINT watch_history_media_id_fkey FOREIGN KEY (media_id) REFERENCES media(id) ON DELETE CASCADE,
  CONSTRAINT watch_history_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES profile(id) ON DELETE CASCADE,
  CONSTRAINT watch_history_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES stream(id) ON DELETE SET NULL,
  CONSTRAINT watch_history_context_check CHECK (((length(context) >= 1) AND (length(context) <= 60))),
  CONSTRAINT watch_history_duration_seconds_check CHECK (((duration_seconds >= 1) AND (duration_seconds <= 6000000))),
  CONSTRAINT watch_history_origin_check CHECK ((origin = ANY (ARRAY['play'::text, 'stream'::text, 'track'::text, 'manual'::text, 'import'::text]))),
  CONSTRAINT watch_history_pauses_check CHECK (((pauses >= 0) AND (pauses <= 100000))),
  CONSTRAINT watch_history_progress_seconds_check CHECK (((progress_seconds >= 0) AND (progress_seconds <= 6000000))),
  CONSTRAINT watch_history_rewinds_check CHECK (((rewinds >= 0) AND (rewinds <= 100000))),
  CONSTRAINT watch_history_source_check CHECK (((length(source) >= 1) AND (length(source) <= 60)))
);

CREATE INDEX watch_history_episode ON public.watch_history USING btree (episode_id) WHERE (episode_id IS NOT NULL);

CREATE INDEX watch_history_media ON public.watch_history USING btree (media_id);

CREATE INDEX watch_history_recent ON public.watch_history USING btree (profile_id, played_at DESC, id DESC);

CREATE INDEX watch_history_stream ON public.watch_history USING btree (stream_id) WHERE (stream_id IS NOT NULL);

CREATE INDEX watch_history_title ON public.watch_history USING btree (profile_id, media_id, played_at DESC, id DESC);

CREATE TRIGGER watch_history_played AFTER INSERT ON public.watch_history FOR EACH ROW WHEN ((new.origin = 'play'::text)) EXECUTE FUNCTION history_play_counted();
