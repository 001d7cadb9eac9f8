-- Up Migration
-- Lists of titles: owner NULL = a system catalogue.
CREATE TABLE catalog (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 60),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  description text,
  owner_id bigint REFERENCES app_user ON DELETE CASCADE,
  is_public boolean NOT NULL DEFAULT true,
  in_manifest boolean NOT NULL DEFAULT false,
  position integer NOT NULL DEFAULT 0,
  item_count integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK (created_at <= updated_at)
);
CREATE UNIQUE INDEX catalog_system_name ON catalog (name) WHERE owner_id IS NULL;
CREATE INDEX catalog_owner ON catalog (owner_id) WHERE owner_id IS NOT NULL;
CREATE TRIGGER catalog_touch BEFORE UPDATE ON catalog FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE catalog_item (
  catalog_id bigint NOT NULL REFERENCES catalog ON DELETE CASCADE,
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  position integer NOT NULL DEFAULT 0,
  added_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (catalog_id, media_id)
);
CREATE INDEX catalog_item_position ON catalog_item (catalog_id, position, media_id);
CREATE INDEX catalog_item_media ON catalog_item (media_id);

CREATE FUNCTION catalog_items_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE catalog c SET item_count = item_count + n.count
  FROM (SELECT catalog_id, count(*)::integer AS count FROM changed GROUP BY catalog_id) n WHERE c.id = n.catalog_id;
  RETURN NULL;
END $$;
CREATE FUNCTION catalog_items_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE catalog c SET item_count = item_count - n.count
  FROM (SELECT catalog_id, count(*)::integer AS count FROM changed GROUP BY catalog_id) n WHERE c.id = n.catalog_id;
  RETURN NULL;
END $$;
CREATE TRIGGER catalog_item_insert AFTER INSERT ON catalog_item REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_items_inserted();
CREATE TRIGGER catalog_item_delete AFTER DELETE ON catalog_item REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION catalog_items_deleted();

INSERT INTO catalog (slug, name, description, in_manifest) VALUES
  ('open-films', 'Open films', 'Openly licensed and public-domain films that come with Tributary', true);

-- Down Migration
DROP TABLE catalog_item, catalog;
DROP FUNCTION catalog_items_deleted(), catalog_items_inserted();
