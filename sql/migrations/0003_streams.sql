-- Up Migration
-- Streams (one table a kind), their files, links to titles and episodes, languages, subtitles, trackers. C4–C8, C18, C22.
CREATE TABLE stream (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  kind text NOT NULL CHECK (kind IN ('torrent', 'http', 'usenet', 'ftp', 'local', 'youtube', 'telegram', 'external')),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 1000),
  origin text,
  size_bytes bigint CHECK (size_bytes >= 0),
  resolution text CHECK (resolution IN ('2160p', '1440p', '1080p', '1080i', '720p', '576p', '576i', '540p', '480p', '480i', '360p', '240p')),
  quality text,
  codec text,
  audio text[] NOT NULL DEFAULT '{}',
  channels text[] NOT NULL DEFAULT '{}',
  hdr_formats text[] NOT NULL DEFAULT '{}',
  hdr boolean GENERATED ALWAYS AS (cardinality(hdr_formats) > 0) STORED,
  release_group text,
  edition text,
  part_number integer CHECK (part_number > 0),
  parsed_by text,
  parser_version text,
  licence_code text REFERENCES licence (code) ON UPDATE CASCADE ON DELETE RESTRICT,
  attribution text,
  licence_proof_url text CHECK (licence_proof_url ~ '^https?://'),
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('pending', 'active', 'broken')),
  is_active boolean NOT NULL DEFAULT true,
  is_blocked boolean NOT NULL DEFAULT false,
  is_public boolean NOT NULL DEFAULT true,
  score numeric(4, 2) NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 10),
  playback_count bigint NOT NULL DEFAULT 0 CHECK (playback_count >= 0),
  owner_id bigint REFERENCES app_user ON DELETE SET NULL,
  verified_at timestamptz,
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK (created_at <= updated_at)
);
CREATE INDEX stream_kind ON stream (kind, id);
CREATE INDEX stream_owner ON stream (owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX stream_licence ON stream (licence_code);
CREATE TRIGGER stream_touch BEFORE UPDATE ON stream FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE stream_torrent (
  stream_id bigint PRIMARY KEY REFERENCES stream ON DELETE CASCADE,
  info_hash text NOT NULL UNIQUE CHECK (info_hash ~ '^[0-9a-f]{40}$'),
  visibility text NOT NULL DEFAULT 'public' CHECK (visibility IN ('public', 'private', 'webseed')),
  seeders integer CHECK (seeders >= 0),
  leechers integer CHECK (leechers >= 0),
  magnet_sealed bytea,
  file_sealed bytea,
  web_seeds text[] NOT NULL DEFAULT '{}',
  next_check_at timestamptz
);
CREATE INDEX stream_torrent_check ON stream_torrent (next_check_at) WHERE next_check_at IS NOT NULL;

CREATE TABLE stream_http (
  stream_id bigint PRIMARY KEY REFERENCES stream ON DELETE CASCADE,
  source_id bigint REFERENCES source ON DELETE CASCADE,
  file_path text,
  url text NOT NULL CHECK (url ~ '^https?://' AND length(url) <= 8192),
  url_hash bytea NOT NULL UNIQUE CHECK (octet_length(url_hash) = 32),
  format text CHECK (format IN ('progressive', 'hls', 'dash')),
  headers_sealed bytea,
  expires_at timestamptz,
  UNIQUE (source_id, file_path),
  CHECK ((source_id IS NULL) = (file_path IS NULL))
);
CREATE INDEX stream_http_expiry ON stream_http (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE stream_local (
  stream_id bigint PRIMARY KEY REFERENCES stream ON DELETE CASCADE,
  folder text NOT NULL,
  path text NOT NULL CHECK (path !~ '(^|/)\.\.(/|$)' AND path !~ '^/'),
  UNIQUE (folder, path)
);

CREATE TABLE stream_youtube (
  stream_id bigint PRIMARY KEY REFERENCES stream ON DELETE CASCADE,
  video_id text NOT NULL UNIQUE CHECK (video_id ~ '^[A-Za-z0-9_-]{11}$'),
  is_live boolean NOT NULL DEFAULT false
);

CREATE TABLE stream_usenet (
  stream_id bigint PRIMARY KEY REFERENCES stream ON DELETE CASCADE,
  nzb_guid text NOT NULL UNIQUE CHECK (length(nzb_guid) BETWEEN 1 AND 200),
  nzb_url_sealed bytea,
  nzb_sealed bytea,
  is_passworded boolean NOT NULL DEFAULT false
);

CREATE TABLE stream_telegram (
  stream_id bigint PRIMARY KEY REFERENCES stream ON DELETE CASCADE,
  chat text NOT NULL CHECK (chat ~ '^(-?[0-9]{1,20}|[A-Za-z][A-Za-z0-9_]{3,31})$'),
  message_id bigint NOT NULL CHECK (message_id > 0),
  UNIQUE (chat, message_id)
);

CREATE TABLE stream_external (
  stream_id bigint PRIMARY KEY REFERENCES stream ON DELETE CASCADE,
  service text NOT NULL DEFAULT 'web' CHECK (length(service) BETWEEN 1 AND 100),
  url text NOT NULL CHECK (url ~ '^[a-z][a-z0-9+.-]*:' AND length(url) <= 8192),
  region text CHECK (region ~ '^[A-Z]{2}$'),
  deep_link text,
  is_verified boolean NOT NULL DEFAULT false,
  reported_count integer NOT NULL DEFAULT 0 CHECK (reported_count >= 0),
  UNIQUE (service, url)
);

CREATE TABLE stream_file (
  stream_id bigint NOT NULL REFERENCES stream ON DELETE CASCADE,
  file_index integer NOT NULL CHECK (file_index >= 0),
  name text NOT NULL,
  size_bytes bigint CHECK (size_bytes >= 0),
  content_type text,
  PRIMARY KEY (stream_id, file_index)
);

-- Which title or episode a stream (file_index NULL = as a whole) or one file of it is. C5, X2, X3.
CREATE TABLE stream_media_link (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stream_id bigint NOT NULL REFERENCES stream ON DELETE CASCADE,
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  episode_id bigint,
  file_index integer CHECK (file_index >= 0),
  file_name text,
  size_bytes bigint CHECK (size_bytes >= 0),
  is_primary boolean NOT NULL DEFAULT true,
  is_verified boolean NOT NULL DEFAULT false,
  confidence real NOT NULL DEFAULT 1 CHECK (confidence BETWEEN 0 AND 1),
  linked_by bigint REFERENCES app_user ON DELETE SET NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (stream_id, media_id, episode_id, file_index),
  -- An episode's link names that episode's own title.
  FOREIGN KEY (episode_id, media_id) REFERENCES episode (id, media_id) ON DELETE CASCADE
);
CREATE INDEX stream_media_link_media ON stream_media_link (media_id, episode_id);
CREATE INDEX stream_media_link_episode ON stream_media_link (episode_id) WHERE episode_id IS NOT NULL;
CREATE INDEX stream_media_link_user ON stream_media_link (linked_by) WHERE linked_by IS NOT NULL;

-- C22: the same language may be both spoken and written, so kind is in the key.
CREATE TABLE stream_language (
  stream_id bigint NOT NULL REFERENCES stream ON DELETE CASCADE,
  language text NOT NULL REFERENCES language (code) ON UPDATE CASCADE ON DELETE RESTRICT,
  kind text NOT NULL CHECK (kind IN ('audio', 'subtitle')),
  PRIMARY KEY (stream_id, language, kind)
);

CREATE TABLE stream_subtitle (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stream_id bigint NOT NULL REFERENCES stream ON DELETE CASCADE,
  path text NOT NULL CHECK (length(path) BETWEEN 1 AND 8192),
  language text REFERENCES language (code) ON UPDATE CASCADE ON DELETE RESTRICT,
  encoding text,
  similarity real CHECK (similarity BETWEEN 0 AND 1),
  UNIQUE (stream_id, path)
);

CREATE TABLE tracker (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  url text NOT NULL UNIQUE CHECK (url ~ '^(udp|http|https|ws|wss)://' AND length(url) <= 2048),
  status text NOT NULL DEFAULT 'unknown' CHECK (status IN ('working', 'failing', 'unknown')),
  successes bigint NOT NULL DEFAULT 0 CHECK (successes >= 0),
  failures bigint NOT NULL DEFAULT 0 CHECK (failures >= 0),
  success_rate real GENERATED ALWAYS AS
    (CASE WHEN successes + failures = 0 THEN NULL ELSE successes::real / (successes + failures) END) STORED,
  latency_ms integer CHECK (latency_ms >= 0),
  last_check_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tracker_status ON tracker (status, success_rate DESC);

CREATE TABLE torrent_tracker (
  stream_id bigint NOT NULL REFERENCES stream_torrent ON DELETE CASCADE,
  tracker_id bigint NOT NULL REFERENCES tracker ON DELETE CASCADE,
  tier integer NOT NULL DEFAULT 0,
  PRIMARY KEY (stream_id, tracker_id)
);
CREATE INDEX torrent_tracker_tracker ON torrent_tracker (tracker_id);

-- One row per (link subject, title) within 4 h: what makes a play count once. subject_hash = keyed hash, no address is kept.
CREATE TABLE play_count (
  subject_hash bytea NOT NULL CHECK (octet_length(subject_hash) = 32),
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  stream_id bigint REFERENCES stream ON DELETE CASCADE,
  counted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subject_hash, media_id)
);
CREATE INDEX play_count_counted ON play_count (counted_at);
CREATE INDEX play_count_media ON play_count (media_id);
CREATE INDEX play_count_stream ON play_count (stream_id);

CREATE FUNCTION play_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE media SET watch_count = watch_count + 1 WHERE id = NEW.media_id;
  UPDATE stream SET playback_count = playback_count + 1 WHERE id = NEW.stream_id;
  RETURN NULL;
END $$;
CREATE TRIGGER play_count_inserted AFTER INSERT OR UPDATE ON play_count FOR EACH ROW EXECUTE FUNCTION play_counted();

-- May everyone have it? Its licence is an open one, and reaching it costs the owner no secret and no account: a private
-- torrent's offer holds a passkey, Usenet is read with the owner's account, sources and folders are the owner's machines.
CREATE FUNCTION is_open_stream(stream_id bigint, kind text, licence_code text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM licence li WHERE li.code = licence_code AND li.is_open) AND CASE kind
    WHEN 'torrent' THEN NOT EXISTS (SELECT 1 FROM stream_torrent t WHERE t.stream_id = is_open_stream.stream_id AND t.visibility = 'private')
    WHEN 'http' THEN NOT EXISTS (SELECT 1 FROM stream_http h WHERE h.stream_id = is_open_stream.stream_id AND h.source_id IS NOT NULL)
    WHEN 'local' THEN NOT EXISTS (SELECT 1 FROM stream_local o WHERE o.stream_id = is_open_stream.stream_id AND o.folder <> 'starter')
    WHEN 'usenet' THEN false
    WHEN 'ftp' THEN false
    ELSE true
  END;
$$;

-- media.total_streams / open_streams / last_stream_added_at: how many offerable streams a title has, and how many under an open licence.
CREATE FUNCTION refresh_media_streams(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
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
END $$;

CREATE FUNCTION links_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_media_streams(ARRAY(SELECT DISTINCT media_id FROM changed));
  RETURN NULL;
END $$;
CREATE TRIGGER link_insert AFTER INSERT ON stream_media_link REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION links_changed();
-- A link that moves to another title changes both.
CREATE FUNCTION links_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_media_streams(ARRAY(SELECT media_id FROM changed UNION SELECT media_id FROM former));
  RETURN NULL;
END $$;
CREATE TRIGGER link_update AFTER UPDATE ON stream_media_link REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION links_updated();

-- C6: a stream whose last link went is gone too (both seeds: links die with the title).
CREATE FUNCTION links_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_media_streams(ARRAY(SELECT DISTINCT media_id FROM changed));
  DELETE FROM stream s USING (SELECT DISTINCT stream_id FROM changed) c
  WHERE s.id = c.stream_id AND NOT EXISTS (SELECT 1 FROM stream_media_link l WHERE l.stream_id = s.id);
  RETURN NULL;
END $$;
CREATE TRIGGER link_delete AFTER DELETE ON stream_media_link REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION links_deleted();

CREATE FUNCTION stream_changed() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;
CREATE TRIGGER stream_update AFTER UPDATE ON stream REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION stream_changed();

-- A licence found not to be open after all takes its streams out of the open catalogue at once.
CREATE FUNCTION licence_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_media_streams(ARRAY(
    SELECT DISTINCT l.media_id FROM stream s JOIN stream_media_link l ON l.stream_id = s.id WHERE s.licence_code = NEW.code));
  RETURN NULL;
END $$;
CREATE TRIGGER licence_update AFTER UPDATE OF is_open ON licence FOR EACH ROW
  WHEN (NEW.is_open IS DISTINCT FROM OLD.is_open) EXECUTE FUNCTION licence_changed();

CREATE FUNCTION torrent_visibility_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_media_streams(ARRAY(SELECT DISTINCT l.media_id FROM stream_media_link l WHERE l.stream_id = NEW.stream_id));
  RETURN NULL;
END $$;
CREATE TRIGGER torrent_visibility_update AFTER UPDATE OF visibility ON stream_torrent FOR EACH ROW
  WHEN (NEW.visibility IS DISTINCT FROM OLD.visibility) EXECUTE FUNCTION torrent_visibility_changed();

-- A source's removal takes its http streams with it: stream_http cascades, and this takes the stream row (C6).
CREATE FUNCTION stream_http_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM stream s USING gone g WHERE s.id = g.stream_id;
  RETURN NULL;
END $$;
CREATE TRIGGER stream_http_delete AFTER DELETE ON stream_http REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION stream_http_deleted();

-- M6 / C6: deleting a title that would orphan a torrent is refused unless the caller says so (SET LOCAL app.force_delete = 'on').
CREATE FUNCTION media_delete_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;
CREATE TRIGGER media_delete_guard BEFORE DELETE ON media FOR EACH ROW EXECUTE FUNCTION media_delete_guard();

-- Down Migration
DROP TRIGGER media_delete_guard ON media;
DROP TRIGGER licence_update ON licence;
DROP TABLE play_count, torrent_tracker, tracker, stream_subtitle, stream_language, stream_media_link, stream_file, stream_external,
  stream_telegram, stream_usenet, stream_youtube, stream_local, stream_http, stream_torrent, stream;
DROP FUNCTION media_delete_guard(), stream_http_deleted(), torrent_visibility_changed(), licence_changed(), stream_changed(), links_deleted(), links_updated(), links_changed(),
  refresh_media_streams(bigint[]), is_open_stream(bigint, text, text), play_counted();
