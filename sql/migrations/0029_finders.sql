-- Up Migration
-- Where streams are found: indexers that are asked for a title, and feeds that are read again and again. What reaches one (its address
-- with the query, which often holds a key, and the key) is sealed together; the host alone is shown.
CREATE TABLE finder (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  -- NULL = the system.
  owner_id bigint REFERENCES app_user ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('torznab', 'newznab', 'rss')),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  host text NOT NULL CHECK (length(host) BETWEEN 1 AND 300),
  -- Of kind and address without keys: nobody has the same one twice.
  place_hash bytea NOT NULL CHECK (octet_length(place_hash) = 32),
  place_sealed bytea NOT NULL,
  has_key boolean NOT NULL,
  categories integer[] NOT NULL DEFAULT '{}' CHECK (cardinality(categories) <= 50),
  -- Only what is approved is asked.
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'approved', 'rejected')),
  asked bigint NOT NULL DEFAULT 0 CHECK (asked >= 0),
  found bigint NOT NULL DEFAULT 0 CHECK (found >= 0),
  failures bigint NOT NULL DEFAULT 0 CHECK (failures >= 0),
  failures_in_row integer NOT NULL DEFAULT 0 CHECK (failures_in_row >= 0),
  last_error text CHECK (length(last_error) BETWEEN 1 AND 500),
  last_asked_at timestamptz,
  -- It is not asked before: it said so, or it failed.
  rest_until timestamptz,
  -- NULL: it is no feed.
  next_poll_at timestamptz,
  etag text CHECK (length(etag) <= 500),
  last_modified text CHECK (length(last_modified) <= 500),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (owner_id, place_hash)
);
CREATE INDEX finder_poll ON finder (next_poll_at) WHERE next_poll_at IS NOT NULL AND state = 'approved';

-- What is taken of a feed, and the catalogue it is put into (NULL: none). A feed without a pattern is taken whole.
CREATE TABLE finder_pattern (
  finder_id bigint NOT NULL REFERENCES finder ON DELETE CASCADE,
  position integer NOT NULL CHECK (position BETWEEN 0 AND 19),
  pattern text NOT NULL CHECK (length(pattern) BETWEEN 1 AND 300),
  catalog_id bigint REFERENCES catalog ON DELETE SET NULL,
  PRIMARY KEY (finder_id, position)
);
CREATE INDEX finder_pattern_catalog ON finder_pattern (catalog_id) WHERE catalog_id IS NOT NULL;

-- Items of feeds that were looked at; forgotten 60 days after the feed last held them.
CREATE TABLE finder_seen (
  finder_id bigint NOT NULL REFERENCES finder ON DELETE CASCADE,
  item_hash bytea NOT NULL CHECK (octet_length(item_hash) = 32),
  seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (finder_id, item_hash)
);
CREATE INDEX finder_seen_at ON finder_seen (seen_at);

-- Down Migration
DROP TABLE finder_seen, finder_pattern, finder;
