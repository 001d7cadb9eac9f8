import { z } from 'zod';
import { BadInput } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { ACTORS, SEVERITIES } from './entry.ts';
import { type AfterEntry, AuditAnswer, auditPage, type Listed } from './queries.ts';

const filter = {
  /** Who did it: a user's uuid, or a kind of actor. */
  actor: z
    .union([z.uuid(), z.enum(ACTORS)], { error: `is a user's id or one of ${ACTORS.join(', ')}` })
    .optional(),
  /** `account`, or `account.signed_in`. */
  action: z
    .string()
    .max(100)
    .regex(/^[a-z_]+(\.[a-z_]+)*$/, 'is a room such as "account", or an action such as "account.signed_in"')
    .optional(),
  /** That or worse. */
  severity: z.enum(SEVERITIES).optional(),
  /** What it was done to: `source`, or `source` and an id. */
  subject: z.string().min(1).max(200).optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
};

export const AuditQuery = z.strictObject({
  ...filter,
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
});
export const AuditExportQuery = z.strictObject({
  ...filter,
  format: z.enum(['ndjson', 'csv']).default('ndjson'),
});

/** An entry, and whether it can be taken back. */
const AuditLine = AuditAnswer.extend({ canUndo: z.boolean() });
export const AuditPage = z.object({ entries: z.array(AuditLine), nextCursor: z.string().nullable() });

type Filter = Omit<z.infer<typeof AuditExportQuery>, 'format'>;

/** One page, the newest first, and the cursor of the next; keyset. */
export async function readAudit(
  db: Db,
  { limit, cursor, ...query }: z.infer<typeof AuditQuery>,
): Promise<{ entries: AuditAnswer[]; nextCursor: string | null }> {
  const found = await auditPage(
    db,
    filterOf(query),
    cursor === undefined ? null : readCursor(cursor),
    limit + 1,
  );
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    entries: page.map(answerOf),
    nextCursor: last === undefined || found.length <= limit ? null : writeCursor(last),
  };
}

const MOST_OF_A_USER = 10_000;

/** What a user did, the newest first; of more than ten thousand those. */
export async function auditOf(db: Db, user: string): Promise<AuditAnswer[]> {
  return (await auditPage(db, { user }, null, MOST_OF_A_USER)).map(answerOf);
}

const EXPORTED_AT_ONCE = 1000;

/** All that fits the query, the newest first; never more than a page is held. */
export async function* allAudit(db: Db, query: Filter, signal: AbortSignal): AsyncGenerator<AuditAnswer> {
  let after: AfterEntry | null = null;
  do {
    signal.throwIfAborted();
    const page: readonly Listed[] = await auditPage(db, filterOf(query), after, EXPORTED_AT_ONCE);
    yield* page.map(answerOf);
    after = page.length < EXPORTED_AT_ONCE ? null : (page.at(-1) ?? null);
  } while (after !== null);
}

function filterOf({ actor, subject, ...rest }: Filter) {
  const kind = ACTORS.find((known) => known === actor);
  return { ...rest, resource: subject, ...(kind === undefined ? { user: actor } : { actor: kind }) };
}

function answerOf({ atMicros: _atMicros, ...entry }: Listed): AuditAnswer {
  return entry;
}

const Cursor = z.tuple([z.iso.datetime(), z.coerce.number().int().positive()]);

function writeCursor({ atMicros, auditId }: Listed): string {
  return Buffer.from(`${atMicros} ${auditId}`).toString('base64url');
}

function readCursor(text: string): AfterEntry {
  const cursor = Cursor.safeParse(Buffer.from(text, 'base64url').toString('utf8').split(' '));
  if (cursor.success) return { atMicros: cursor.data[0], auditId: cursor.data[1] };
  throw new BadInput('audit.bad_cursor', 'This cursor is not one of this list. Begin again without it.');
}
