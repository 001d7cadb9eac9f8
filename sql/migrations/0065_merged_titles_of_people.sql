-- Up Migration
-- What people keep of a title goes along when it turns out to be another.
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

-- Down Migration
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
  UPDATE media m SET watch_count = m.watch_count + former.watch_count WHERE m.id = kept AND former.watch_count > 0;
  DELETE FROM media WHERE id = gone;
  RETURN true;
END $function$;
