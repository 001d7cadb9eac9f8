-- Up Migration
-- What a title is called elsewhere, for importers that know of theirs no more than a name: TMDB's lists have the original title, IMDb's
-- titles have it here or among their aliases. The aliases by hash: a comparison without folding costs an import of millions nearly nothing.
CREATE INDEX media_same_original ON media (fold(original_title), kind) WHERE original_title IS NOT NULL;
CREATE INDEX media_alias_title ON media_alias USING hash (title);

-- Down Migration
DROP INDEX media_alias_title;
DROP INDEX media_same_original;
