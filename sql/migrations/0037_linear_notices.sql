-- Up Migration
-- Whether a statement changed anything that is cached is looked for row by row. EXISTS wants one row, so the planner joined the rows before
-- and after by nested loops, each with each where nothing changed: the scores of 15,000 imported torrents took longer than any statement may.
-- Any other join takes each row once.
ALTER FUNCTION notify_media_updated() SET enable_nestloop = off;
ALTER FUNCTION notify_stream_updated() SET enable_nestloop = off;

-- Down Migration
ALTER FUNCTION notify_stream_updated() RESET enable_nestloop;
ALTER FUNCTION notify_media_updated() RESET enable_nestloop;
