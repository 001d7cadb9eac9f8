-- Up Migration
-- What a child watches with: stays when its profile goes, belongs to nobody then and sees nothing.
CREATE TABLE device (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  user_id bigint NOT NULL REFERENCES app_user (id) ON DELETE CASCADE,
  profile_id bigint REFERENCES profile (id) ON DELETE SET NULL,
  -- The add-on as it stands on this device.
  install_id bigint UNIQUE REFERENCES install (id) ON DELETE SET NULL,
  friendly_name text NOT NULL CHECK (length(friendly_name) BETWEEN 1 AND 60),
  -- SHA-256 of 256 random bits.
  key_hash bytea NOT NULL UNIQUE CHECK (octet_length(key_hash) = 32),
  paired_at timestamptz NOT NULL DEFAULT now(),
  last_active_at timestamptz
);
CREATE INDEX device_user ON device (user_id, id);
CREATE INDEX device_profile ON device (profile_id) WHERE profile_id IS NOT NULL;

-- Six digits that bring a device and an account together, once, within ten minutes.
CREATE TABLE pairing_code (
  code text PRIMARY KEY CHECK (code ~ '^\d{6}$'),
  made_by text NOT NULL CHECK (made_by IN ('parent', 'device')),
  -- Null: the device made it, and nobody has confirmed it yet.
  user_id bigint REFERENCES app_user (id) ON DELETE CASCADE,
  -- The only profile it is for; null: the device chooses one.
  profile_id bigint REFERENCES profile (id) ON DELETE CASCADE,
  device_name text CHECK (length(device_name) BETWEEN 1 AND 60),
  -- SHA-256 of what the device proves itself by.
  secret_hash bytea CHECK (octet_length(secret_hash) = 32),
  device_id bigint REFERENCES device (id) ON DELETE CASCADE,
  -- The device's key under our own one, until the device has fetched it.
  key_sealed bytea CHECK (octet_length(key_sealed) <= 200),
  -- Wrong PINs.
  attempts integer NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 5),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL DEFAULT now() + interval '10 minutes',
  used_at timestamptz,
  CHECK (CASE made_by WHEN 'parent' THEN user_id IS NOT NULL ELSE secret_hash IS NOT NULL AND device_name IS NOT NULL END),
  CHECK (device_id IS NULL OR used_at IS NOT NULL),
  CHECK (key_sealed IS NULL OR device_id IS NOT NULL),
  CHECK (expires_at > created_at)
);
CREATE INDEX pairing_code_expiry ON pairing_code (expires_at);
CREATE INDEX pairing_code_user ON pairing_code (user_id, created_at DESC) WHERE user_id IS NOT NULL;
CREATE INDEX pairing_code_profile ON pairing_code (profile_id) WHERE profile_id IS NOT NULL;
CREATE INDEX pairing_code_device ON pairing_code (device_id) WHERE device_id IS NOT NULL;

-- "May I see this?" and what the parent said.
CREATE TABLE profile_request (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  profile_id bigint NOT NULL REFERENCES profile (id) ON DELETE CASCADE,
  media_id bigint NOT NULL REFERENCES media (id) ON DELETE CASCADE,
  -- By number, as the rules are; null: the title as a whole.
  season_number integer CHECK (season_number >= 0),
  episode_number integer CHECK (episode_number >= 0),
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'allowed', 'denied')),
  asked_at timestamptz NOT NULL DEFAULT now(),
  decided_at timestamptz,
  decided_by bigint REFERENCES app_user (id) ON DELETE SET NULL,
  CHECK ((season_number IS NULL) = (episode_number IS NULL)),
  CHECK ((state = 'pending') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX profile_request_pending ON profile_request (profile_id, media_id, season_number, episode_number)
  NULLS NOT DISTINCT WHERE state = 'pending';
CREATE INDEX profile_request_profile ON profile_request (profile_id, asked_at DESC);
CREATE INDEX profile_request_media ON profile_request (media_id);
CREATE INDEX profile_request_decider ON profile_request (decided_by) WHERE decided_by IS NOT NULL;
CREATE INDEX profile_request_old ON profile_request (decided_at) WHERE decided_at IS NOT NULL;

-- Down Migration
DROP TABLE profile_request, pairing_code, device;
