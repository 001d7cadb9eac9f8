-- Up Migration
-- Values that instances learned from outside and share when there is no Redis (what an origin says of a file), and the
-- leases of those that are learning one now. Sealed; worth nothing after a crash, so unlogged.
-- No index on the end: a value takes the place of its lease without touching one, and the hourly sweep reads some thousands of rows.
CREATE UNLOGGED TABLE shared_value (
  space text NOT NULL,
  key text NOT NULL,
  -- Whose lease it is, or was.
  token text NOT NULL,
  -- Null while it is being learned.
  value text,
  -- Somebody waits for the end of the lease.
  is_awaited boolean NOT NULL DEFAULT false,
  ends_at timestamptz NOT NULL,
  PRIMARY KEY (space, key)
);

-- Down Migration
DROP TABLE shared_value;
