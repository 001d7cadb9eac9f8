import { connect } from './full-database.ts';

/** What changes when somebody is only looked at. */
const PASSING = [
  'last_used_at',
  'last_active_at',
  'last_seen_at',
  'last_sign_in_at',
  'updated_at',
  'manifest_version',
];
const COLUMNS = ['user_id', 'owner_id', 'profile_id', 'reporter_id'];

/** Every row of every table that belongs to an account or to one of its profiles, the account itself too, as text. */
export async function rowsOfUser(databaseUrl: string, userId: string): Promise<string[]> {
  await using client = await connect(databaseUrl);
  const { rows: columns } = await client.query<{ table: string; column: string }>(
    `SELECT table_name AS table, column_name AS column FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND column_name = ANY ($1) AND table_name <> 'audit_log' ORDER BY 1, 2`,
    [COLUMNS],
  );
  const user = `(SELECT id FROM app_user WHERE public_id = $1)`;
  const selects = columns.map(({ table, column }) => {
    const owner = column === 'profile_id' ? `(SELECT id FROM profile WHERE user_id = ${user})` : user;
    return `SELECT '${table} ' || (to_jsonb(t) - $2::text[])::text AS row FROM ${table} t WHERE ${column} IN ${owner}`;
  });
  const own = `SELECT 'app_user ' || (to_jsonb(t) - $2::text[])::text FROM app_user t WHERE public_id = $1`;
  const { rows } = await client.query<{ row: string }>(`${[...selects, own].join(' UNION ')} ORDER BY 1`, [
    userId,
    PASSING,
  ]);
  return rows.map(({ row }) => row);
}
