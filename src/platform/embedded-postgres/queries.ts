import type { Client } from 'pg';
import { z } from 'zod';
import { errorCode } from './failures.ts';

/** `serve`: lives long and owns the server with the others of its kind. `visit`: a script that uses it for a while. */
export type Role = 'serve' | 'visit';

/** First key of our advisory locks (two-key space: apart from the migration's single-key one); the second one is below. */
const SPACE = 7_241_865;
const GATE = 0;
const KEYS = { serve: 1, visit: 2 } as const satisfies Record<Role, number>;

const Identity = z.object({ systemIdentifier: z.string(), hasDatabase: z.boolean() });
export type Identity = z.infer<typeof Identity>;

/** Marks this session as a user of the server until it ends, and answers which cluster it is. Waits while another process decides to stop it. */
export async function holdServer(client: Client, role: Role, database: string): Promise<Identity> {
  await client.query('SELECT pg_advisory_lock_shared($1, $2)', [SPACE, KEYS[role]]);
  const { rows } = await client.query(
    `SELECT system_identifier::text AS "systemIdentifier",
            EXISTS (SELECT FROM pg_database WHERE datname = $1) AS "hasDatabase"
     FROM pg_control_system()`,
    [database],
  );
  return Identity.parse(rows[0]);
}

/**
 * Lets go of the server and answers whether the caller has to stop it: a `serve` when no other `serve` is left, a `visit`
 * when nobody is. On true the locks stay taken, so that whoever comes now waits and is turned away by the shutdown
 * instead of being let in and cut. The gate makes several that leave at once decide one after the other.
 */
export async function leaveServer(client: Client, role: Role): Promise<boolean> {
  await client.query('SELECT pg_advisory_lock($1, $2)', [SPACE, GATE]);
  await client.query('SELECT pg_advisory_unlock_shared($1, $2)', [SPACE, KEYS[role]]);
  const { rows } = await client.query(
    `SELECT pg_try_advisory_lock($1, $2) AS "noServe", pg_try_advisory_lock($1, $3) AS "noVisit"`,
    [SPACE, KEYS.serve, KEYS.visit],
  );
  const { noServe, noVisit } = z.object({ noServe: z.boolean(), noVisit: z.boolean() }).parse(rows[0]);
  return noServe && (role === 'serve' || noVisit);
}

/** Makes our database when it was dropped and not made again (a restore cut short). Several may try at once. */
export async function createDatabase(client: Client, database: string): Promise<void> {
  await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`).catch((error: unknown) => {
    // 42P04 duplicate_database, 23505 unique_violation: another was faster.
    if (!['42P04', '23505'].includes(errorCode(error) ?? '')) throw error;
  });
}

/** Throws when the session is dead. */
export async function ping(client: Client): Promise<void> {
  await client.query('SELECT 1');
}
