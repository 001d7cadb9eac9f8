-- Up Migration
-- Who may sign in, and by what. Names hold no "@", so that one field takes either a name or an address.
ALTER TABLE app_user
  -- PHC string format of argon2id (RFC 9106): 16 bytes of salt, 32 of hash.
  ADD COLUMN password_hash text CHECK (password_hash ~ '^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$'),
  ADD COLUMN email_verified_at timestamptz,
  ADD COLUMN last_sign_in_at timestamptz,
  ADD CONSTRAINT app_user_email_check CHECK (email ~ '^[^@\s]+@[^@\s]+$' AND length(email) <= 254),
  ADD CONSTRAINT app_user_username_check CHECK (username ~ '^[^@\s[:cntrl:]]+$' AND length(username) BETWEEN 2 AND 40);
CREATE INDEX app_user_admin ON app_user (id) WHERE role = 'admin';

-- A browser or app that is signed in: one chain of refresh tokens, 30 days at most. Five a user, the least recently used goes.
CREATE TABLE auth_session (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  user_id bigint NOT NULL REFERENCES app_user (id) ON DELETE CASCADE,
  agent text CHECK (length(agent) BETWEEN 1 AND 200),
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  CHECK (created_at < expires_at)
);
CREATE INDEX auth_session_user ON auth_session (user_id, last_used_at);
CREATE INDEX auth_session_ended ON auth_session (expires_at);

-- Only hashes (SHA-256 of 256 random bits). Superseded ones stay until their chain ends, so that a second use of one is seen.
CREATE TABLE auth_token (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  user_id bigint NOT NULL REFERENCES app_user (id) ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('api', 'refresh')),
  token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  session_id bigint REFERENCES auth_session (id) ON DELETE CASCADE,
  name text CHECK (length(name) BETWEEN 1 AND 100),
  -- What an API token may do; of its user's rights, never more.
  scopes text[] NOT NULL DEFAULT '{}' CHECK (scopes <@ ARRAY['read', 'write']),
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  superseded_at timestamptz,
  expires_at timestamptz,
  CHECK ((kind = 'refresh') = (session_id IS NOT NULL)),
  CHECK ((kind = 'api') = (name IS NOT NULL)),
  CHECK ((kind = 'api') = (cardinality(scopes) > 0)),
  CHECK (superseded_at IS NULL OR kind = 'refresh')
);
CREATE UNIQUE INDEX auth_token_current ON auth_token (session_id) WHERE kind = 'refresh' AND superseded_at IS NULL;
CREATE INDEX auth_token_session ON auth_token (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX auth_token_user ON auth_token (user_id);

-- Links that work once: a new password, or the proof of an e-mail address.
CREATE TABLE auth_ticket (
  token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
  user_id bigint NOT NULL REFERENCES app_user (id) ON DELETE CASCADE,
  purpose text NOT NULL CHECK (purpose IN ('reset-password', 'verify-email')),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  CHECK (created_at < expires_at),
  UNIQUE (user_id, purpose)
);
CREATE INDEX auth_ticket_ended ON auth_ticket (expires_at);

-- Who did what, 90 days. Rows of a user who is gone stay, without a name.
CREATE TABLE audit_log (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  user_id bigint REFERENCES app_user (id) ON DELETE SET NULL,
  -- `admin-token`: who holds that; `nobody`: somebody who is not signed in.
  actor text NOT NULL CHECK (actor IN ('admin-token', 'user', 'device', 'nobody', 'system')),
  action text NOT NULL CHECK (action ~ '^[a-z_]+(\.[a-z_]+)+$'),
  severity text NOT NULL DEFAULT 'info' CHECK (severity IN ('info', 'warning', 'error', 'critical')),
  resource text CHECK (length(resource) BETWEEN 1 AND 200),
  -- Fields as they were and as they are; secrets never.
  before jsonb CHECK (jsonb_typeof(before) = 'object'),
  after jsonb CHECK (jsonb_typeof(after) = 'object'),
  address text CHECK (length(address) <= 64),
  agent text CHECK (length(agent) BETWEEN 1 AND 200),
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_log_at ON audit_log (at, id);
CREATE INDEX audit_log_user ON audit_log (user_id, id) WHERE user_id IS NOT NULL;

-- Down Migration
DROP TABLE audit_log, auth_ticket, auth_token, auth_session;
DROP INDEX app_user_admin;
ALTER TABLE app_user
  DROP CONSTRAINT app_user_username_check, DROP CONSTRAINT app_user_email_check,
  DROP COLUMN last_sign_in_at, DROP COLUMN email_verified_at, DROP COLUMN password_hash;
