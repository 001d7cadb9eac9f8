const profile = (columns: string, values: string) =>
  `INSERT INTO profile (user_id, name, ${columns}) VALUES ($user, 'Bob', ${values})`;
const install = (columns: string, values: string) =>
  `INSERT INTO install (profile_id, name, ${columns}) VALUES ($profile, 'x', ${values})`;

/** As `BROKEN_ROWS`: profiles, what they may see, and their installs. */
export const BROKEN_FAMILY_ROWS: readonly [constraint: string, statement: string][] = [
  ['app_user_timezone_check', `UPDATE app_user SET timezone = 'Europe/Berlin; DROP'`],
  ['profile_name_check', `INSERT INTO profile (user_id, name) VALUES ($user, '')`],
  ['profile_kind_check', profile('kind', `'cat'`)],
  ['profile_avatar_check', profile('avatar', `''`)],
  ['profile_age_check', profile('age', '-1')],
  ['profile_pin_hash_check', profile('pin_hash', `'1234'`)],
  ['profile_mode_check', profile('mode', `'some'`)],
  ['profile_max_age_check', profile('max_age', '100')],
  ['profile_hours_check', profile('hours', `'{}'`)],
  ['profile_daily_minutes_check', profile('daily_minutes', '1441')],
  ['profile_config_check', profile('config', `'[]'`)],
  // A kid without a PIN, one who sees everything, an age that is not said.
  ['profile_check', profile('kind, mode', `'kid', 'allow'`)],
  ['profile_check', `UPDATE profile SET mode = 'all' WHERE kind = 'kid'`],
  ['profile_check1', profile('mode', `'age'`)],
  [
    'profile_public_id_key',
    `INSERT INTO profile (user_id, name, public_id) SELECT user_id, 'Bob', public_id FROM profile LIMIT 1`,
  ],
  [
    'profile_default',
    `INSERT INTO profile (user_id, name, is_default) VALUES ($user, 'Bob', true), ($user, 'Eve', true)`,
  ],
  ['profile_policy_policy_check', `UPDATE profile_policy SET policy = 'ask'`],
  ['profile_blocked_episode_season_number_check', `UPDATE profile_blocked_episode SET season_number = -1`],
  ['profile_blocked_episode_episode_number_check', `UPDATE profile_blocked_episode SET episode_number = -1`],
  ['profile_minute_minute_check', `INSERT INTO profile_minute VALUES ($profile, '2026-01-01T00:00:01Z')`],
  ['rating_country_country_check', `INSERT INTO rating_country VALUES ('d', 1)`],
  ['rating_country_place_check', `UPDATE rating_country SET place = -1`],
  ['install_name_check', `UPDATE install SET name = ''`],
  ['install_agent_check', install('agent', `''`)],
  ['install_seen_manifest_check', install('seen_manifest', `repeat('a', 65)`)],
  [
    'install_public_id_key',
    `INSERT INTO install (profile_id, name, public_id) SELECT profile_id, name, public_id FROM install`,
  ],
];
