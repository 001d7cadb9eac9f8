-- Up Migration
-- What is in a title, in words a family can block by. A tag is named by its slug everywhere; categories group tags on a page.
CREATE TABLE content_tag (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  tag text NOT NULL UNIQUE CHECK (tag ~ '^[a-z0-9]+(_[a-z0-9]+)*$' AND length(tag) <= 60),
  category text NOT NULL CHECK (category IN
    ('creatures', 'situations', 'loss', 'atmosphere', 'intensity', 'social', 'warning', 'age', 'rating')),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100)
);
INSERT INTO content_tag (tag, category, name) VALUES
  ('clowns', 'creatures', 'Clowns'), ('spiders', 'creatures', 'Spiders'), ('snakes', 'creatures', 'Snakes'),
  ('insects', 'creatures', 'Bees, wasps and swarms'), ('dogs', 'creatures', 'Fierce dogs'), ('sharks', 'creatures', 'Sharks'),
  ('dinosaurs', 'creatures', 'Dinosaurs'), ('monsters', 'creatures', 'Monsters'), ('dragons', 'creatures', 'Dragons'),
  ('vampires', 'creatures', 'Vampires'), ('werewolves', 'creatures', 'Werewolves'), ('ghosts', 'creatures', 'Ghosts'),
  ('zombies', 'creatures', 'Zombies'), ('witches', 'creatures', 'Witches'), ('demons', 'creatures', 'Demons'),
  ('skeletons', 'creatures', 'Skeletons'), ('aliens', 'creatures', 'Aliens'), ('robots', 'creatures', 'Threatening robots'),
  ('dolls', 'creatures', 'Living dolls and puppets'), ('magic', 'creatures', 'Magic and spells'),
  ('darkness', 'situations', 'Darkness'), ('confined_spaces', 'situations', 'Being trapped'),
  ('heights', 'situations', 'Heights and falls'), ('water_danger', 'situations', 'Drowning and deep water'),
  ('thunderstorms', 'situations', 'Storms and lightning'), ('fire', 'situations', 'Fire'),
  ('natural_disasters', 'situations', 'Natural disasters'), ('medical_procedures', 'situations', 'Hospitals and operations'),
  ('dentist', 'situations', 'Dentists'), ('blood', 'situations', 'Blood and wounds'), ('being_lost', 'situations', 'Getting lost'),
  ('kidnapping', 'situations', 'Kidnapping'), ('home_invasion', 'situations', 'Burglars and intruders'),
  ('car_accident', 'situations', 'Car accidents'), ('plane_crash', 'situations', 'Plane crashes'), ('prison', 'situations', 'Prison'),
  ('war', 'situations', 'War'), ('guns', 'situations', 'Guns'), ('animal_cruelty', 'situations', 'Cruelty to animals'),
  ('death', 'loss', 'Death'), ('parent_death', 'loss', 'Death of a parent'), ('child_death', 'loss', 'Death of a child'),
  ('pet_death', 'loss', 'Death of an animal'), ('funerals', 'loss', 'Funerals'), ('grief', 'loss', 'Grief'),
  ('divorce', 'loss', 'Parents who part'), ('suicide', 'loss', 'Suicide and self-harm'),
  ('jump_scares', 'atmosphere', 'Jump scares'), ('suspense', 'atmosphere', 'Suspense'), ('nightmares', 'atmosphere', 'Nightmares'),
  ('hallucinations', 'atmosphere', 'Hallucinations'), ('chases', 'atmosphere', 'Chases'),
  ('flashing_lights', 'atmosphere', 'Flashing lights'),
  ('mild_peril', 'intensity', 'Mild peril'), ('moderate_peril', 'intensity', 'Moderate peril'),
  ('intense_action', 'intensity', 'Intense action'), ('horror', 'intensity', 'Horror'),
  ('psychological_horror', 'intensity', 'Psychological horror'),
  ('bullying', 'social', 'Bullying'), ('embarrassment', 'social', 'Humiliation'), ('rejection', 'social', 'Loneliness and rejection'),
  ('racism', 'social', 'Racism'), ('discrimination', 'social', 'Discrimination'),
  ('violence', 'warning', 'Violence'), ('crime', 'warning', 'Crime'), ('murder', 'warning', 'Murder'),
  ('strong_language', 'warning', 'Strong language'), ('sexual_content', 'warning', 'Sexual content'), ('nudity', 'warning', 'Nudity'),
  ('sexual_violence', 'warning', 'Sexual violence'), ('drugs', 'warning', 'Drugs'), ('alcohol', 'warning', 'Alcohol'),
  ('smoking', 'warning', 'Smoking'), ('gambling', 'warning', 'Gambling'), ('romance', 'warning', 'Romance and kissing'),
  ('preschool', 'age', 'For the youngest (2 to 5)'), ('early_childhood', 'age', 'From about 6'), ('kids', 'age', 'From about 8'),
  ('teens', 'age', 'From about 12'), ('adults_only', 'age', 'For adults'), ('family_friendly', 'age', 'For the whole family'),
  ('rating_g', 'rating', 'G'), ('rating_pg', 'rating', 'PG'), ('rating_pg13', 'rating', 'PG-13'), ('rating_r', 'rating', 'R'),
  ('rating_nc17', 'rating', 'NC-17'), ('rating_tv_y', 'rating', 'TV-Y'), ('rating_tv_y7', 'rating', 'TV-Y7'),
  ('rating_tv_g', 'rating', 'TV-G'), ('rating_tv_pg', 'rating', 'TV-PG'), ('rating_tv_14', 'rating', 'TV-14'),
  ('rating_tv_ma', 'rating', 'TV-MA');

-- The tags of a title (`episode_id` null) and of single episodes of it. Only rows of `rule` are the rules' to change and take back.
CREATE TABLE media_tag (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  media_id bigint NOT NULL REFERENCES media (id) ON DELETE CASCADE,
  episode_id bigint,
  tag_id bigint NOT NULL REFERENCES content_tag (id) ON DELETE CASCADE,
  source text NOT NULL CHECK (source IN ('rule', 'moderator', 'report', 'provider')),
  confidence real NOT NULL DEFAULT 1 CHECK (confidence > 0 AND confidence <= 1),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (media_id, episode_id, tag_id),
  FOREIGN KEY (episode_id, media_id) REFERENCES episode (id, media_id) ON DELETE CASCADE
);
CREATE INDEX media_tag_episode ON media_tag (episode_id, media_id) WHERE episode_id IS NOT NULL;
CREATE INDEX media_tag_tag ON media_tag (tag_id, media_id);

-- What a moderator took away: no rule puts it back.
CREATE TABLE media_tag_denied (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  media_id bigint NOT NULL REFERENCES media (id) ON DELETE CASCADE,
  episode_id bigint,
  tag_id bigint NOT NULL REFERENCES content_tag (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (media_id, episode_id, tag_id),
  FOREIGN KEY (episode_id, media_id) REFERENCES episode (id, media_id) ON DELETE CASCADE
);
CREATE INDEX media_tag_denied_episode ON media_tag_denied (episode_id, media_id) WHERE episode_id IS NOT NULL;
CREATE INDEX media_tag_denied_tag ON media_tag_denied (tag_id);

-- Titles of which changed what rules go by. Only appended to, so that no import waits for another; no reference, as a title may be gone by then.
CREATE TABLE media_tag_due (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  media_id bigint NOT NULL
);

CREATE FUNCTION tags_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO media_tag_due (media_id) SELECT DISTINCT media_id FROM changed;
  RETURN NULL;
END $$;
CREATE FUNCTION tags_due_of_media() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;
-- Of the million episodes that have a number only, rules can say nothing.
CREATE FUNCTION tags_due_of_episodes() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER media_tags_insert AFTER INSERT ON media REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due_of_media();
CREATE TRIGGER media_tags_update AFTER UPDATE ON media REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due_of_media();
CREATE TRIGGER media_genre_tags_insert AFTER INSERT ON media_genre REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due();
CREATE TRIGGER media_genre_tags_delete AFTER DELETE ON media_genre REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due();
CREATE TRIGGER certification_tags_insert AFTER INSERT ON media_certification REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due();
CREATE TRIGGER certification_tags_update AFTER UPDATE ON media_certification REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due();
CREATE TRIGGER certification_tags_delete AFTER DELETE ON media_certification REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due();
CREATE TRIGGER media_keyword_tags_insert AFTER INSERT ON media_keyword REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due();
CREATE TRIGGER media_keyword_tags_delete AFTER DELETE ON media_keyword REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due();
CREATE TRIGGER episode_tags_insert AFTER INSERT ON episode REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due_of_episodes();
CREATE TRIGGER episode_tags_update AFTER UPDATE ON episode REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_due_of_episodes();

-- A profile may block by tag: what is kept of the catalogue is of no use once tags change.
CREATE FUNCTION tags_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM changed) THEN
    PERFORM pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER media_tag_insert AFTER INSERT ON media_tag REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_changed();
CREATE TRIGGER media_tag_update AFTER UPDATE ON media_tag REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_changed();
CREATE TRIGGER media_tag_delete AFTER DELETE ON media_tag REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tags_changed();

-- What a user says is wrong: of a title, an episode or a stream (deep links are streams); with a tag, of that tag of a title or an episode.
CREATE TABLE content_report (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  reporter_id bigint NOT NULL REFERENCES app_user (id) ON DELETE CASCADE,
  media_id bigint REFERENCES media (id) ON DELETE CASCADE,
  episode_id bigint REFERENCES episode (id) ON DELETE CASCADE,
  stream_id bigint REFERENCES stream (id) ON DELETE CASCADE,
  tag_id bigint REFERENCES content_tag (id) ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN
    ('wrong_title', 'wrong_episode', 'wrong_details', 'not_for_children', 'wrong_tag', 'missing_tag', 'broken', 'takedown', 'other')),
  description text CHECK (length(description) BETWEEN 1 AND 2000),
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'resolved', 'dismissed')),
  reviewer_id bigint REFERENCES app_user (id) ON DELETE SET NULL,
  note text CHECK (length(note) BETWEEN 1 AND 1000),
  created_at timestamptz NOT NULL DEFAULT now(),
  resolved_at timestamptz,
  CONSTRAINT content_report_one_target CHECK (num_nonnulls(media_id, episode_id, stream_id) = 1),
  CONSTRAINT content_report_tag_of CHECK (tag_id IS NULL OR stream_id IS NULL),
  CONSTRAINT content_report_resolved CHECK ((state = 'pending') = (resolved_at IS NULL)),
  CONSTRAINT content_report_not_own CHECK (reviewer_id <> reporter_id),
  CHECK (created_at <= resolved_at)
);
CREATE UNIQUE INDEX content_report_pending ON content_report (reporter_id, media_id, episode_id, stream_id, tag_id, kind) NULLS NOT DISTINCT
  WHERE state = 'pending';
CREATE INDEX content_report_reporter ON content_report (reporter_id, id);
CREATE INDEX content_report_state ON content_report (state, id);
CREATE INDEX content_report_media ON content_report (media_id) WHERE media_id IS NOT NULL;
CREATE INDEX content_report_episode ON content_report (episode_id) WHERE episode_id IS NOT NULL;
CREATE INDEX content_report_stream ON content_report (stream_id) WHERE stream_id IS NOT NULL;
CREATE INDEX content_report_tag ON content_report (tag_id) WHERE tag_id IS NOT NULL;
CREATE INDEX content_report_reviewer ON content_report (reviewer_id) WHERE reviewer_id IS NOT NULL;

-- The streaming services a family has; which there are is the program's to know.
CREATE TABLE family_service (
  user_id bigint NOT NULL REFERENCES app_user (id) ON DELETE CASCADE,
  service text NOT NULL CHECK (service ~ '^[a-z0-9_]{1,40}$'),
  PRIMARY KEY (user_id, service)
);

-- Who told of a deep link: each user or device counts once.
CREATE TABLE deep_link_report (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  stream_id bigint NOT NULL REFERENCES stream (id) ON DELETE CASCADE,
  user_id bigint NOT NULL REFERENCES app_user (id) ON DELETE CASCADE,
  -- The device of that user; null: told on the page.
  device text CHECK (length(device) BETWEEN 1 AND 100),
  reported_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (stream_id, user_id, device)
);
CREATE INDEX deep_link_report_user ON deep_link_report (user_id, reported_at);

-- Down Migration
DROP TABLE deep_link_report, family_service, content_report;
DROP TRIGGER episode_tags_update ON episode;
DROP TRIGGER episode_tags_insert ON episode;
DROP TRIGGER media_keyword_tags_delete ON media_keyword;
DROP TRIGGER media_keyword_tags_insert ON media_keyword;
DROP TRIGGER certification_tags_delete ON media_certification;
DROP TRIGGER certification_tags_update ON media_certification;
DROP TRIGGER certification_tags_insert ON media_certification;
DROP TRIGGER media_genre_tags_delete ON media_genre;
DROP TRIGGER media_genre_tags_insert ON media_genre;
DROP TRIGGER media_tags_update ON media;
DROP TRIGGER media_tags_insert ON media;
DROP FUNCTION tags_due_of_episodes(), tags_due_of_media(), tags_due();
DROP TABLE media_tag_due, media_tag_denied, media_tag, content_tag;
DROP FUNCTION tags_changed();
