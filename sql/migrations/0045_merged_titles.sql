-- Up Migration
-- A title that was made from a name and turns out to be one that is here already becomes that one: all that hangs on it moves. False: there is
-- nothing to move any more, or the two cannot be one (another kind, another owner, or somebody named it on purpose). The caller has locked the
-- writers of titles. Texts that were found for the guess go with it; its names and the ids the other has none of stay, but
-- for those of the dropped providers.
CREATE FUNCTION merge_title(gone bigint, kept bigint, dropped text[]) RETURNS boolean LANGUAGE plpgsql AS $$
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
END $$;
-- A play counts when it is new or counted anew, not when its title becomes another's.
DROP TRIGGER play_count_inserted ON play_count;
CREATE TRIGGER play_count_inserted AFTER INSERT OR UPDATE OF counted_at ON play_count FOR EACH ROW EXECUTE FUNCTION play_counted();

-- Down Migration
DROP TRIGGER play_count_inserted ON play_count;
CREATE TRIGGER play_count_inserted AFTER INSERT OR UPDATE ON play_count FOR EACH ROW EXECUTE FUNCTION play_counted();
DROP FUNCTION merge_title(bigint, bigint, text[]);
