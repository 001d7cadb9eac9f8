-- Up Migration
-- Who somebody is elsewhere: a user of an OpenID provider, or of one of the presets, which stand for an account here.
CREATE TABLE login_identity (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  user_id bigint NOT NULL REFERENCES app_user (id) ON DELETE CASCADE,
  issuer text NOT NULL CHECK (length(issuer) BETWEEN 1 AND 500),
  -- OpenID Connect Core §2: at most 255 ASCII characters, told apart by their case.
  subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
  -- As it is called there.
  name text CHECK (length(name) BETWEEN 1 AND 200),
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  UNIQUE (issuer, subject)
);
CREATE INDEX login_identity_user ON login_identity (user_id);

-- Down Migration
DROP TABLE login_identity;
