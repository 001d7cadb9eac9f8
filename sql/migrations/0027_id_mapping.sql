-- Up Migration
-- What the public lists of anime say of their titles' ids, one row an entry of a list: copied to media_external_id when a title of
-- one of the ids appears, and asked when an id is not found there. No foreign key: most of these titles are nobody's here.
CREATE TABLE id_mapping (
  list text NOT NULL CHECK (list IN ('fribb', 'anime-lists', 'manami')),
  -- The entry's own id in its list: `anidb:4563`.
  entry text NOT NULL CHECK (length(entry) BETWEEN 1 AND 100),
  type text CHECK (type IN ('tv', 'movie', 'ova', 'ona', 'special')),
  mal integer CHECK (mal > 0),
  anilist integer CHECK (anilist > 0),
  kitsu integer CHECK (kitsu > 0),
  anidb integer CHECK (anidb > 0),
  imdb text CHECK (imdb ~ '^tt[0-9]{5,12}$'),
  tmdb_movie integer CHECK (tmdb_movie > 0),
  tmdb_tv integer CHECK (tmdb_tv > 0),
  tvdb integer CHECK (tvdb > 0),
  trakt integer CHECK (trakt > 0),
  -- The season of the series that the entry is, or that it is numbered through from the first season on (absolute).
  tvdb_season integer CHECK (tvdb_season >= 0),
  tvdb_absolute boolean NOT NULL DEFAULT false,
  -- Added to the entry's episode number; NULL: the list does not say.
  tvdb_offset integer,
  tmdb_season integer CHECK (tmdb_season >= 0),
  tmdb_absolute boolean NOT NULL DEFAULT false,
  tmdb_offset integer,
  -- Episodes that stand elsewhere, `EpisodeRule[]` of kit/anime-numbering.ts.
  rules jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(rules) = 'array' AND octet_length(rules::text) <= 262144),
  PRIMARY KEY (list, entry),
  CHECK (NOT tvdb_absolute OR tvdb_season IS NULL),
  CHECK (NOT tmdb_absolute OR tmdb_season IS NULL)
);
CREATE INDEX id_mapping_mal ON id_mapping (mal) WHERE mal IS NOT NULL;
CREATE INDEX id_mapping_anilist ON id_mapping (anilist) WHERE anilist IS NOT NULL;
CREATE INDEX id_mapping_kitsu ON id_mapping (kitsu) WHERE kitsu IS NOT NULL;
CREATE INDEX id_mapping_anidb ON id_mapping (anidb) WHERE anidb IS NOT NULL;
CREATE INDEX id_mapping_imdb ON id_mapping (imdb) WHERE imdb IS NOT NULL;
CREATE INDEX id_mapping_tmdb_movie ON id_mapping (tmdb_movie) WHERE tmdb_movie IS NOT NULL;
CREATE INDEX id_mapping_tmdb_tv ON id_mapping (tmdb_tv) WHERE tmdb_tv IS NOT NULL;
CREATE INDEX id_mapping_tvdb ON id_mapping (tvdb) WHERE tvdb IS NOT NULL;
CREATE INDEX id_mapping_trakt ON id_mapping (trakt) WHERE trakt IS NOT NULL;

-- Down Migration
DROP TABLE id_mapping;
