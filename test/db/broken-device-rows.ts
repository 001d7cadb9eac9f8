const device = (columns: string, values: string) =>
  `INSERT INTO device (user_id, friendly_name, key_hash, ${columns}) VALUES ($user, 'Radio', sha256('b'), ${values})`;
const code = (columns: string, values: string) =>
  `INSERT INTO pairing_code (code, made_by, ${columns}) VALUES ('543210', ${values})`;
const request = (columns: string, values: string) =>
  `INSERT INTO profile_request (profile_id, media_id, ${columns}) VALUES ($profile, $film, ${values})`;

/** As `BROKEN_ROWS`: devices, the codes that pair them, and what children ask for. */
export const BROKEN_DEVICE_ROWS: readonly [constraint: string, statement: string][] = [
  ['device_friendly_name_check', `UPDATE device SET friendly_name = ''`],
  ['device_key_hash_check', `UPDATE device SET key_hash = 'abc'`],
  [
    'device_key_hash_key',
    `INSERT INTO device (user_id, friendly_name, key_hash) SELECT user_id, 'Radio', key_hash FROM device`,
  ],
  ['device_install_id_key', device('install_id', '$install')],
  [
    'device_public_id_key',
    `INSERT INTO device (user_id, friendly_name, key_hash, public_id) SELECT user_id, 'Radio', sha256('b'), public_id FROM device`,
  ],
  ['pairing_code_code_check', `UPDATE pairing_code SET code = '12345'`],
  ['pairing_code_made_by_check', `UPDATE pairing_code SET made_by = 'child'`],
  ['pairing_code_device_name_check', `UPDATE pairing_code SET device_name = ''`],
  ['pairing_code_secret_hash_check', `UPDATE pairing_code SET secret_hash = 'abc'`],
  ['pairing_code_key_sealed_check', `UPDATE pairing_code SET key_sealed = decode(repeat('00', 201), 'hex')`],
  ['pairing_code_attempts_check', `UPDATE pairing_code SET attempts = 6`],
  // Of a parent who is nobody, and of a device that could never prove itself.
  ['pairing_code_check', code('device_name', `'parent', 'TV'`)],
  ['pairing_code_check', code('device_name', `'device', 'TV'`)],
  ['pairing_code_check1', code('user_id, device_id', `'parent', $user, $device`)],
  ['pairing_code_check2', code('user_id, key_sealed', `'parent', $user, '\\x00'`)],
  ['pairing_code_check3', `UPDATE pairing_code SET expires_at = created_at`],
  ['profile_request_season_number_check', request('season_number, episode_number', '-1, 1')],
  ['profile_request_episode_number_check', request('season_number, episode_number', '1, -1')],
  ['profile_request_state_check', request('state, decided_at', `'perhaps', now()`)],
  // A season without an episode, and an answer that was never given.
  ['profile_request_check', request('season_number', '1')],
  ['profile_request_check1', request('state', `'allowed'`)],
  [
    'profile_request_pending',
    `INSERT INTO profile_request (profile_id, media_id) VALUES ($profile, $film), ($profile, $film)`,
  ],
  [
    'profile_request_public_id_key',
    `INSERT INTO profile_request (profile_id, media_id, public_id) SELECT profile_id, media_id, public_id FROM profile_request`,
  ],
];
