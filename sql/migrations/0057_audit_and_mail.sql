-- Up Migration
-- The log is read: by who did it, by what was done, by what it was done to, and what stands out.
ALTER TABLE audit_log
  -- The entry that this one took back; that may be forgotten before this one.
  ADD COLUMN undoes bigint CHECK (undoes < id);
DROP INDEX audit_log_user;
CREATE INDEX audit_log_user ON audit_log (user_id, at, id) WHERE user_id IS NOT NULL;
CREATE INDEX audit_log_action ON audit_log (action COLLATE "C", at, id);
CREATE INDEX audit_log_resource ON audit_log (resource COLLATE "C", at, id) WHERE resource IS NOT NULL;
CREATE INDEX audit_log_standing_out ON audit_log (at, id) WHERE severity <> 'info';

-- A link that was mailed is good while the account has the address it went to; of one that an administrator hands on, null.
ALTER TABLE auth_ticket ADD COLUMN email citext;

-- Down Migration
ALTER TABLE auth_ticket DROP COLUMN email;
DROP INDEX audit_log_standing_out, audit_log_resource, audit_log_action, audit_log_user;
CREATE INDEX audit_log_user ON audit_log (user_id, id) WHERE user_id IS NOT NULL;
ALTER TABLE audit_log DROP COLUMN undoes;
