-- Up Migration
-- The best titles of each catalogue that has an order of its own (trending, top rated, of a year, of a language, for families …), at most
-- 1,000 for everybody and 1,000 more where only open licences are shown; written by a job, so that no import and no play pays for it.
-- One shelf is one choice of one catalogue for one kind: ('year', '1999', 'movie'); a catalogue without a choice has the empty one.
CREATE TABLE shelf (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  catalog text NOT NULL CHECK (length(catalog) BETWEEN 1 AND 40),
  choice text NOT NULL CHECK (length(choice) <= 40),
  kind text NOT NULL CHECK (kind IN ('movie', 'series', 'tv', 'event')),
  titles integer NOT NULL CHECK (titles > 0),
  open_titles integer NOT NULL CHECK (open_titles BETWEEN 0 AND titles),
  UNIQUE (catalog, choice, kind)
);
CREATE TABLE shelf_item (
  shelf_id bigint NOT NULL REFERENCES shelf ON DELETE CASCADE,
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  score real NOT NULL,
  is_open boolean NOT NULL,
  PRIMARY KEY (shelf_id, media_id)
);
CREATE INDEX shelf_item_order ON shelf_item (shelf_id, score DESC, media_id);
CREATE INDEX shelf_item_order_open ON shelf_item (shelf_id, score DESC, media_id) WHERE is_open;
CREATE INDEX shelf_item_media ON shelf_item (media_id);

-- Plays by day in UTC, kept for 14 days: `play_count` forgets each after 4 hours, `media.watch_count` knows no days.
CREATE TABLE play_day (
  day date NOT NULL,
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  plays integer NOT NULL DEFAULT 1 CHECK (plays > 0),
  PRIMARY KEY (day, media_id)
);
CREATE INDEX play_day_media ON play_day (media_id);

CREATE OR REPLACE FUNCTION play_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE media SET watch_count = watch_count + 1 WHERE id = NEW.media_id;
  UPDATE stream SET playback_count = playback_count + 1 WHERE id = NEW.stream_id;
  INSERT INTO play_day AS d (day, media_id) VALUES ((NEW.counted_at AT TIME ZONE 'UTC')::date, NEW.media_id)
  ON CONFLICT (day, media_id) DO UPDATE SET plays = d.plays + 1;
  RETURN NULL;
END $$;

-- What airs on a day. Most imported episodes have no date.
CREATE INDEX episode_air_date ON episode (air_date, media_id) WHERE air_date IS NOT NULL;

-- Down Migration
DROP INDEX episode_air_date;
CREATE OR REPLACE FUNCTION play_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE media SET watch_count = watch_count + 1 WHERE id = NEW.media_id;
  UPDATE stream SET playback_count = playback_count + 1 WHERE id = NEW.stream_id;
  RETURN NULL;
END $$;
DROP TABLE play_day, shelf_item, shelf;
