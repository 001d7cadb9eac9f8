const HASH = `sha256('another')`;
const token = (columns: string, values: string) =>
  `INSERT INTO auth_token (user_id, token_hash, ${columns}) VALUES ($user, ${HASH}, ${values})`;
const audit = (column: string, value: string): [string, string] => [
  `audit_log_${column}_check`,
  `UPDATE audit_log SET ${column} = ${value}`,
];

/** As `BROKEN_ROWS`: accounts, and what is noted of them. */
export const BROKEN_ACCOUNT_ROWS: readonly [constraint: string, statement: string][] = [
  ['app_user_check', `INSERT INTO app_user (role) VALUES ('user')`],
  [
    'app_user_check1',
    `INSERT INTO app_user (username, created_at, updated_at) VALUES ('bb', '2020-01-02', '2020-01-01')`,
  ],
  ['app_user_role_check', `INSERT INTO app_user (username, role) VALUES ('bb', 'root')`],
  ['app_user_status_check', `INSERT INTO app_user (username, status) VALUES ('bb', 'asleep')`],
  ['app_user_email_key', `INSERT INTO app_user (email) VALUES ('OWNER@example.org')`],
  ['app_user_email_check', `INSERT INTO app_user (email) VALUES ('owner')`],
  ['app_user_username_key', `INSERT INTO app_user (username) VALUES ('Owner')`],
  ['app_user_username_check', `INSERT INTO app_user (username) VALUES ('owner@home')`],
  ['app_user_username_check', `INSERT INTO app_user (username) VALUES (E'own\\ner')`],
  [
    'app_user_public_id_key',
    `INSERT INTO app_user (username, public_id) SELECT 'bb', public_id FROM app_user LIMIT 1`,
  ],
  // Of bcrypt, and in plain words.
  ['app_user_password_hash_check', `UPDATE app_user SET password_hash = '$2b$12$' || repeat('a', 53)`],
  ['app_user_password_hash_check', `UPDATE app_user SET password_hash = 'correct horse'`],
  ['auth_session_agent_check', `UPDATE auth_session SET agent = ''`],
  ['auth_session_check', `UPDATE auth_session SET expires_at = created_at`],
  [
    'auth_session_public_id_key',
    `INSERT INTO auth_session (user_id, public_id, expires_at) SELECT user_id, public_id, expires_at FROM auth_session`,
  ],
  ['auth_token_kind_check', token('kind', `'access'`)],
  ['auth_token_check', token('kind', `'refresh'`)],
  ['auth_token_check1', token('kind, scopes', `'api', '{read}'`)],
  ['auth_token_check2', token('kind, name', `'api', 'a script'`)],
  ['auth_token_check3', token('kind, name, scopes, superseded_at', `'api', 'a script', '{read}', now()`)],
  ['auth_token_scopes_check', token('kind, name, scopes', `'api', 'a script', '{read,rule}'`)],
  ['auth_token_name_check', token('kind, name, scopes', `'api', '', '{read}'`)],
  ['auth_token_token_hash_check', `UPDATE auth_token SET token_hash = '\\x00'`],
  [
    'auth_token_token_hash_key',
    `INSERT INTO auth_token (user_id, kind, token_hash, name, scopes)
    SELECT user_id, 'api', token_hash, 'a script', '{read}' FROM auth_token`,
  ],
  [
    'auth_token_public_id_key',
    `INSERT INTO auth_token (user_id, kind, token_hash, name, scopes, public_id)
    SELECT user_id, 'api', ${HASH}, 'a script', '{read}', public_id FROM auth_token`,
  ],
  [
    'auth_token_current',
    `INSERT INTO auth_token (user_id, kind, token_hash, session_id)
    SELECT user_id, 'refresh', ${HASH}, session_id FROM auth_token`,
  ],
  ['auth_ticket_token_hash_check', `UPDATE auth_ticket SET token_hash = '\\x00'`],
  ['auth_ticket_purpose_check', `UPDATE auth_ticket SET purpose = 'fun'`],
  ['auth_ticket_check', `UPDATE auth_ticket SET expires_at = created_at`],
  [
    'auth_ticket_user_id_purpose_key',
    `INSERT INTO auth_ticket (token_hash, user_id, purpose, expires_at)
    SELECT ${HASH}, user_id, purpose, expires_at FROM auth_ticket`,
  ],
  ['login_identity_issuer_check', `UPDATE login_identity SET issuer = ''`],
  ['login_identity_subject_check', `UPDATE login_identity SET subject = repeat('a', 256)`],
  ['login_identity_name_check', `UPDATE login_identity SET name = ''`],
  [
    'login_identity_issuer_subject_key',
    'INSERT INTO login_identity (user_id, issuer, subject) SELECT user_id, issuer, subject FROM login_identity',
  ],
  [
    'login_identity_public_id_key',
    `INSERT INTO login_identity (user_id, issuer, subject, public_id) SELECT user_id, issuer, 'b', public_id FROM login_identity`,
  ],
  audit('action', `'signed in'`),
  audit('actor', `'a ghost'`),
  audit('severity', `'loud'`),
  ['audit_log_check', 'UPDATE audit_log SET undoes = id'],
  audit('resource', `''`),
  audit('before', `'[]'`),
  audit('after', `'1'`),
  audit('address', `repeat('1', 65)`),
  audit('agent', `''`),
];
