import type { Db } from '../../platform/db.ts';
import type { Actor, AuditEntry } from './entry.ts';
import { insertAudit } from './queries.ts';
import { withoutSecrets } from './without-secrets.ts';

/** What is done by this server on its own. */
export const THE_SYSTEM: Actor = { kind: 'system' };

const MOST_CHARS = 200;

/** Writes one line of the log of what was done. Give it the transaction of the change itself: both are kept, or neither. */
export async function noteAudit(db: Db, actor: Actor, entry: AuditEntry): Promise<void> {
  await insertAudit(db, {
    severity: 'info',
    ...entry,
    ...(entry.before === undefined ? {} : { before: withoutSecrets(entry.before) }),
    ...(entry.after === undefined ? {} : { after: withoutSecrets(entry.after) }),
    ...actor,
    agent: actor.agent?.replace(/\p{Cc}/gu, ' ').slice(0, MOST_CHARS) || undefined,
  });
}

/** As `noteAudit`, with the fields of which two states differ; nothing where none does. */
export async function noteChange<State extends object>(
  db: Db,
  actor: Actor,
  entry: AuditEntry,
  { before, after }: { before: State; after: State },
): Promise<void> {
  const changed = differences(before, after);
  if (changed !== null) await noteAudit(db, actor, { ...entry, ...changed });
}

/** The fields of which two states differ, as they were and as they are; null where nothing does. */
export function differences<State extends object>(
  before: State,
  after: State,
): { before: Partial<State>; after: Partial<State> } | null {
  const keys = (Object.keys(after) as (keyof State)[]).filter(
    (key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  );
  if (keys.length === 0) return null;
  const of = (state: State) => Object.fromEntries(keys.map((key) => [key, state[key]])) as Partial<State>;
  return { before: of(before), after: of(after) };
}
