-- Up Migration
-- What of a stream was said by somebody or seen in its bytes (names of columns, and `languages`): a better reader of release names leaves it
-- alone. NULL: stored before this was kept; there only gaps are filled.
ALTER TABLE stream ADD COLUMN told text[];
-- How the picture is besides HDR: 3D and how it is packed, IMAX, bit depth, upscaled.
ALTER TABLE stream ADD COLUMN visual_tags text[] NOT NULL DEFAULT '{}';
-- Names read by another version are found at both ends of it.
CREATE INDEX stream_parser_version ON stream (parser_version);

-- Down Migration
DROP INDEX stream_parser_version;
ALTER TABLE stream DROP COLUMN visual_tags;
ALTER TABLE stream DROP COLUMN told;
