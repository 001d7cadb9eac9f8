import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

const Chosen = z.object({ service: z.string() });

/** The services a user has chosen; none, where nothing was chosen. */
export async function chosenServices(db: Db, userId: number): Promise<string[]> {
  const chosen = await db.any(rows('services.of_user', Chosen)`
    SELECT service FROM family_service WHERE user_id = ${userId} ORDER BY service
  `);
  return chosen.map(({ service }) => service);
}

/** These and no others. */
export async function chooseServices(db: Db, userId: number, services: readonly string[]): Promise<void> {
  await db.query(command('services.choose')`
    WITH gone AS (
      DELETE FROM family_service WHERE user_id = ${userId} AND service <> ALL (${sql.array(services, 'text')})
    )
    INSERT INTO family_service (user_id, service)
    SELECT ${userId}, service FROM unnest(${sql.array(services, 'text')}) AS g(service) ON CONFLICT DO NOTHING
  `);
}
