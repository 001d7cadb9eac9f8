-- Up Migration
-- What outside providers tell of titles, where each field came from, and what a person has to look at (C1, C2).
INSERT INTO metadata_provider (name, priority, is_external) VALUES ('cinemeta', 100, true) ON CONFLICT (name) DO NOTHING;

-- The last answer of each provider; NULL: it does not know the title.
CREATE TABLE provider_metadata (
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  provider_id bigint NOT NULL REFERENCES metadata_provider ON DELETE RESTRICT,
  data jsonb,
  fetched_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (media_id, provider_id),
  CHECK (fetched_at <= expires_at)
);
CREATE INDEX provider_metadata_expires ON provider_metadata (expires_at);

-- Who gave what a field holds. The fingerprint is of what was written: a field that reads otherwise now was changed by a person or an
-- import, and stays; so does one that was filled without a row here.
CREATE TABLE media_field_origin (
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  field text NOT NULL CHECK (length(field) BETWEEN 1 AND 40),
  provider_id bigint NOT NULL REFERENCES metadata_provider ON DELETE RESTRICT,
  fingerprint text NOT NULL,
  PRIMARY KEY (media_id, field)
);

-- Where a title may be watched elsewhere. A service may rent and sell the same film.
CREATE TABLE media_provider (
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  region text NOT NULL CHECK (region ~ '^[A-Z]{2}$'),
  service text NOT NULL CHECK (length(service) BETWEEN 1 AND 100),
  offer text NOT NULL CHECK (offer IN ('subscription', 'rent', 'buy', 'free', 'ads')),
  url text,
  provider_id bigint NOT NULL REFERENCES metadata_provider ON DELETE RESTRICT,
  PRIMARY KEY (media_id, region, service, offer)
);
CREATE INDEX media_provider_service ON media_provider (region, service);

-- For a person to look at: `match` is a title found by name that may be another one, `ids` contradict what is stored. What a person has
-- kept as it is comes again only when the provider says something else.
CREATE TABLE metadata_doubt (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  provider_id bigint NOT NULL REFERENCES metadata_provider ON DELETE RESTRICT,
  kind text NOT NULL CHECK (kind IN ('match', 'ids')),
  ids jsonb NOT NULL CHECK (jsonb_typeof(ids) = 'object'),
  title text,
  year integer,
  confidence real CHECK (confidence BETWEEN 0 AND 1),
  reason text NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'kept')),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (media_id, provider_id, kind)
);
CREATE INDEX metadata_doubt_open ON metadata_doubt (media_id) WHERE state = 'open';

-- When a title is asked for next; while that lies ahead nobody else takes it.
CREATE TABLE title_enrichment (
  media_id bigint PRIMARY KEY REFERENCES media ON DELETE CASCADE,
  tried_at timestamptz,
  next_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  failure text
);

-- Down Migration
DROP TABLE title_enrichment, metadata_doubt, media_provider, media_field_origin, provider_metadata;
DELETE FROM media_external_id WHERE provider = 'cinemeta';
DELETE FROM media_image i USING metadata_provider p
WHERE p.id = i.provider_id AND p.name = 'cinemeta';
UPDATE media m SET provider_id = NULL FROM metadata_provider p
WHERE p.id = m.provider_id AND p.name = 'cinemeta';
UPDATE season s SET provider_id = NULL FROM metadata_provider p
WHERE p.id = s.provider_id AND p.name = 'cinemeta';
UPDATE episode e SET provider_id = NULL FROM metadata_provider p
WHERE p.id = e.provider_id AND p.name = 'cinemeta';
DELETE FROM metadata_provider WHERE name = 'cinemeta';
