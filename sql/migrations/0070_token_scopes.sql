-- Up Migration
-- API tokens may be made for a part of what their user may do. Those of before read, or read and change, everything.
ALTER TABLE auth_token
  DROP CONSTRAINT auth_token_scopes_check,
  ADD CONSTRAINT auth_token_scopes_check CHECK (scopes <@ ARRAY[
    'read', 'write', 'activity:read', 'activity:write', 'family:read', 'family:write', 'titles:read', 'titles:write', 'catalog:read',
    'catalog:write', 'streams:read', 'streams:write', 'sources:read', 'sources:write', 'admin'
  ]);

-- Down Migration
-- Those for a part would be for nothing.
DELETE FROM auth_token WHERE NOT scopes <@ ARRAY['read', 'write'];
ALTER TABLE auth_token
  DROP CONSTRAINT auth_token_scopes_check,
  ADD CONSTRAINT auth_token_scopes_check CHECK (scopes <@ ARRAY['read', 'write']);
