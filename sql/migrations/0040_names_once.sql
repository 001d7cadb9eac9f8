-- Up Migration
-- A title's alias and its translation are most often one text: it is folded once, not once for each. The answer is the same.
CREATE FUNCTION pg_temp.reword_names(name regprocedure, was text, becomes text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF strpos(pg_get_functiondef(name), was) = 0 THEN
    RAISE EXCEPTION '% does not say %', name, was;
  END IF;
  EXECUTE replace(pg_get_functiondef(name), was, becomes);
END $$;
SELECT pg_temp.reword_names('refresh_media_search(bigint[])',
  'SELECT m.title, 0 AS place
        UNION ALL SELECT m.original_title, 1 WHERE m.original_title IS NOT NULL
        UNION ALL SELECT a.title, 2 FROM media_alias a WHERE a.media_id = m.id
        UNION ALL SELECT tr.title, 3 FROM media_translation tr WHERE tr.media_id = m.id AND tr.title IS NOT NULL
      ) g',
  'SELECT u.title, min(u.place) AS place FROM (
        SELECT m.title, 0 AS place
        UNION ALL SELECT m.original_title, 1 WHERE m.original_title IS NOT NULL
        UNION ALL SELECT a.title, 2 FROM media_alias a WHERE a.media_id = m.id
        UNION ALL SELECT tr.title, 3 FROM media_translation tr WHERE tr.media_id = m.id AND tr.title IS NOT NULL
        ) u GROUP BY u.title
      ) g');
DROP FUNCTION pg_temp.reword_names(regprocedure, text, text);

-- Down Migration
CREATE FUNCTION pg_temp.reword_names(name regprocedure, was text, becomes text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF strpos(pg_get_functiondef(name), was) = 0 THEN
    RAISE EXCEPTION '% does not say %', name, was;
  END IF;
  EXECUTE replace(pg_get_functiondef(name), was, becomes);
END $$;
SELECT pg_temp.reword_names('refresh_media_search(bigint[])',
  'SELECT u.title, min(u.place) AS place FROM (
        SELECT m.title, 0 AS place
        UNION ALL SELECT m.original_title, 1 WHERE m.original_title IS NOT NULL
        UNION ALL SELECT a.title, 2 FROM media_alias a WHERE a.media_id = m.id
        UNION ALL SELECT tr.title, 3 FROM media_translation tr WHERE tr.media_id = m.id AND tr.title IS NOT NULL
        ) u GROUP BY u.title
      ) g',
  'SELECT m.title, 0 AS place
        UNION ALL SELECT m.original_title, 1 WHERE m.original_title IS NOT NULL
        UNION ALL SELECT a.title, 2 FROM media_alias a WHERE a.media_id = m.id
        UNION ALL SELECT tr.title, 3 FROM media_translation tr WHERE tr.media_id = m.id AND tr.title IS NOT NULL
      ) g');
DROP FUNCTION pg_temp.reword_names(regprocedure, text, text);
