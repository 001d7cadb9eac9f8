-- Up Migration
-- Subtitles that are files of the stream itself: `path` is their name in it, `file_index` which of its files they are,
-- `of_file_index` which of its videos they belong to (NULL: all of it).
ALTER TABLE stream_subtitle
  ADD COLUMN file_index integer CHECK (file_index >= 0),
  ADD COLUMN of_file_index integer CHECK (of_file_index >= 0),
  ADD CONSTRAINT stream_subtitle_inside_check CHECK (of_file_index IS NULL OR file_index IS NOT NULL);

-- Down Migration
DELETE FROM stream_subtitle WHERE file_index IS NOT NULL;
ALTER TABLE stream_subtitle DROP CONSTRAINT stream_subtitle_inside_check, DROP COLUMN of_file_index, DROP COLUMN file_index;
