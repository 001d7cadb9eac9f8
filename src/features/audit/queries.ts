import { z } from 'zod';
import { command, type Db, type Fragment, isoTime, rows, sql } from '../../platform/db.ts';
import { ACTORS, type Actor, type AuditEntry, SEVERITIES } from './entry.ts';

type AuditRow = Actor & AuditEntry & { severity: string };

export async function insertAudit(db: Db, row: AuditRow): Promise<void> {
  await db.query(command('audit.insert')`
    INSERT INTO audit_log (user_id, actor, action, severity, resource, before, after, undoes, address, agent)
    VALUES (${row.userId ?? null}, ${row.kind}, ${row.action}, ${row.severity}, ${row.resource ?? null},
      ${row.before === undefined ? null : JSON.stringify(row.before)}::jsonb,
      ${row.after === undefined ? null : JSON.stringify(row.after)}::jsonb, ${row.undoes ?? null}, ${row.address ?? null}, ${row.agent ?? null})
  `);
}

const State = z.record(z.string(), z.unknown()).nullable();

export const AuditAnswer = z.object({
  auditId: z.int(),
  at: z.iso.datetime(),
  actor: z.enum(ACTORS),
  /** Null: nobody's account, or one that is gone. */
  userId: z.uuid().nullable(),
  /** As it is called now. */
  userName: z.string().nullable(),
  action: z.string(),
  severity: z.enum(SEVERITIES),
  resource: z.string().nullable(),
  before: State,
  after: State,
  /** The entry that this one took back. */
  undoes: z.int().nullable(),
  address: z.string().nullable(),
  agent: z.string().nullable(),
});
export type AuditAnswer = z.infer<typeof AuditAnswer>;
const Listed = AuditAnswer.extend({ atMicros: z.string() });
export type Listed = z.infer<typeof Listed>;

/** Of entries older than that one, which need not be there any more. */
export type AfterEntry = { atMicros: string; auditId: number };

export type AuditFilter = {
  /** A user, by uuid. */
  user?: string | undefined;
  actor?: (typeof ACTORS)[number] | undefined;
  /** `room` or `room.what`. */
  action?: string | undefined;
  /** That or worse. */
  severity?: (typeof SEVERITIES)[number] | undefined;
  /** A kind of things, or one of them with its id. */
  resource?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
};

const ANSWER = sql.fragment`l.id AS "auditId", ${isoTime('l', 'at')} AS at, l.actor, u.public_id AS "userId",
  coalesce(u.username, u.email)::text AS "userName", l.action, l.severity, l.resource, l.before, l.after, l.undoes, l.address, l.agent`;

/** The newest first. */
export function auditPage(
  db: Db,
  filter: AuditFilter,
  after: AfterEntry | null,
  limit: number,
): Promise<readonly Listed[]> {
  const conditions = [...conditionsOf(filter), ...(after === null ? [] : [isOlder(after)])];
  const where =
    conditions.length === 0
      ? sql.fragment``
      : sql.fragment`WHERE ${sql.join(conditions, sql.fragment` AND `)}`;
  return db.any(rows('audit.page', Listed)`
    SELECT ${ANSWER}, to_char(l.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "atMicros"
    FROM audit_log l LEFT JOIN app_user u ON u.id = l.user_id
    ${where} ORDER BY l.at DESC, l.id DESC LIMIT ${limit}
  `);
}

function isOlder({ atMicros, auditId }: AfterEntry): Fragment {
  return sql.fragment`(l.at, l.id) < (${atMicros}::timestamptz, ${auditId}::bigint)`;
}

function conditionsOf({ user, actor, action, severity, resource, since, until }: AuditFilter): Fragment[] {
  return [
    ...(user === undefined
      ? []
      : [sql.fragment`l.user_id = (SELECT a.id FROM app_user a WHERE a.public_id = ${user}::uuid)`]),
    ...(actor === undefined ? [] : [sql.fragment`l.actor = ${actor}`]),
    ...(action === undefined ? [] : [isAction(action)]),
    ...(severity === undefined || severity === 'info' ? [] : [isAtLeast(severity)]),
    ...(resource === undefined ? [] : [isOf(resource)]),
    ...(since === undefined ? [] : [sql.fragment`l.at >= ${since}::timestamptz`]),
    ...(until === undefined ? [] : [sql.fragment`l.at < ${until}::timestamptz`]),
  ];
}

/** "/" comes right after "." in the order of bytes. */
function isAction(action: string): Fragment {
  return action.includes('.')
    ? sql.fragment`l.action COLLATE "C" = ${action}`
    : sql.fragment`l.action COLLATE "C" > ${`${action}.`} AND l.action COLLATE "C" < ${`${action}/`}`;
}

function isAtLeast(severity: (typeof SEVERITIES)[number]): Fragment {
  const worse = SEVERITIES.slice(SEVERITIES.indexOf(severity));
  return sql.fragment`l.severity <> 'info' AND l.severity = ANY (${sql.array([...worse], 'text')})`;
}

/** "!" comes right after " ". */
function isOf(resource: string): Fragment {
  return resource.includes(' ')
    ? sql.fragment`l.resource COLLATE "C" = ${resource}`
    : sql.fragment`l.resource COLLATE "C" > ${`${resource} `} AND l.resource COLLATE "C" < ${`${resource}!`}`;
}

export function auditEntry(db: Db, auditId: number): Promise<AuditAnswer | null> {
  return db.maybeOne(rows('audit.entry', AuditAnswer)`
    SELECT ${ANSWER} FROM audit_log l LEFT JOIN app_user u ON u.id = l.user_id WHERE l.id = ${auditId}
  `);
}

/** Of the lines older than that many days; at most `most` at a time. How many are gone. */
export async function deleteOldAudit(db: Db, days: number, most: number): Promise<number> {
  const { rowCount } = await db.query(command('audit.delete_old')`
    DELETE FROM audit_log WHERE id = ANY (ARRAY(
      SELECT id FROM audit_log WHERE at < now() - make_interval(days => ${days}) ORDER BY at, id LIMIT ${most}))
  `);
  return rowCount;
}
