import type { Db } from '../../platform/db.ts';
import { insertAudit } from './queries.ts';

/** Who does something: a user, or who holds the admin token, or somebody who is not signed in. */
export type Actor = {
  kind: 'admin-token' | 'user' | 'device' | 'nobody' | 'system';
  userId?: number | undefined;
  /** As configured: absent where addresses are not kept. */
  address?: string | undefined;
  agent?: string | undefined;
};

export type AuditEntry = {
  /** `room.what`, as `account.signed_in`. */
  action: string;
  severity?: 'info' | 'warning' | 'error' | 'critical';
  /** What it was done to: a kind and a public id. */
  resource?: string;
  /** Changed fields as they were and as they are. Never a secret. */
  before?: object;
  after?: object;
};

const MOST_CHARS = 200;

/** Writes one line of the log of what was done. Give it the transaction of the change itself: both are kept, or neither. */
export async function noteAudit(db: Db, actor: Actor, entry: AuditEntry): Promise<void> {
  await insertAudit(db, {
    severity: 'info',
    ...entry,
    ...actor,
    agent: actor.agent?.replace(/\p{Cc}/gu, ' ').slice(0, MOST_CHARS) || undefined,
  });
}
