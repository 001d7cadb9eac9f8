-- Up Migration
-- What offers are ranked by that is the stream's own, as one text of JSON: many streams have the same, which is read once, and a title of
-- 500 streams is one value a stream less to write and to read than the eight columns are. Arrays as text are said to be stable only for
-- the sake of types that are not text.
CREATE FUNCTION ranking_facts(kind text, resolution text, quality text, codec text, audio text[], channels text[], hdr_formats text[], visual_tags text[])
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT jsonb_build_array(kind, resolution, quality, codec, audio, channels, hdr_formats, visual_tags)::text;
$$;
ALTER TABLE stream ADD COLUMN ranking_facts text NOT NULL
  GENERATED ALWAYS AS (ranking_facts(kind, resolution, quality, codec, audio, channels, hdr_formats, visual_tags)) STORED;

-- Down Migration
ALTER TABLE stream DROP COLUMN ranking_facts;
DROP FUNCTION ranking_facts(text, text, text, text, text[], text[], text[], text[]);
