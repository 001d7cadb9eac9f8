-- Up Migration
-- How each finder did on each day, for the plots.
CREATE TABLE finder_day (
  finder_id bigint NOT NULL REFERENCES finder ON DELETE CASCADE,
  day date NOT NULL,
  asked bigint NOT NULL DEFAULT 0 CHECK (asked >= 0),
  failures bigint NOT NULL DEFAULT 0 CHECK (failures >= 0),
  found bigint NOT NULL DEFAULT 0 CHECK (found >= 0),
  -- All answers of the day together, from asking to what was found being kept.
  answer_ms bigint NOT NULL DEFAULT 0 CHECK (answer_ms >= 0),
  last_error text CHECK (length(last_error) BETWEEN 1 AND 500),
  last_failed_at timestamptz,
  PRIMARY KEY (finder_id, day),
  CONSTRAINT finder_day_last_failure_check CHECK (num_nulls(last_error, last_failed_at) <> 1)
);

-- Down Migration
DROP TABLE finder_day;
