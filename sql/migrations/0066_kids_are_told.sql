-- Up Migration
-- That there is a first kid, or none any more, is told with the change itself, whoever makes it: an account that goes takes its profiles along.
CREATE FUNCTION kids_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tributary', 'db family-kids changed');
  RETURN NULL;
END $$;
CREATE TRIGGER profile_kid_insert AFTER INSERT ON profile FOR EACH ROW WHEN (NEW.kind = 'kid') EXECUTE FUNCTION kids_changed();
CREATE TRIGGER profile_kid_delete AFTER DELETE ON profile FOR EACH ROW WHEN (OLD.kind = 'kid') EXECUTE FUNCTION kids_changed();

-- Down Migration
DROP TRIGGER profile_kid_delete ON profile;
DROP TRIGGER profile_kid_insert ON profile;
DROP FUNCTION kids_changed();
