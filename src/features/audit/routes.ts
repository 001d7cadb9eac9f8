import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { Conflict, NotFound } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import { hangUpOf, parseInput } from '../../platform/http-input.ts';
import { CSV_HEAD, csvLine } from './csv.ts';
import type { Actor } from './entry.ts';
import { noteAudit } from './note-audit.ts';
import { type AuditAnswer, auditEntry } from './queries.ts';
import { AuditExportQuery, AuditQuery, allAudit, readAudit } from './read-audit.ts';
import { isCut } from './without-secrets.ts';

/**
 * Takes one entry back: brings about what was `before`, and notes that with `undoes`, in one transaction. Throws
 * `changedSince()` where what is now is not `after` any more.
 */
export type Undo = (entry: AuditAnswer, actor: Actor) => Promise<void>;

/** How to take back an action; each room that can brings its own. */
type Undos = Readonly<Record<string, Undo>>;

export type AuditRoutesDeps = {
  db: Pool;
  requireAdmin: RequestHandler;
  actorOf(req: Request): Promise<Actor>;
  undos: Undos;
};

/** `/api/audit`: who did what, for administrators. */
export function auditRoutes({ db, requireAdmin, actorOf, undos }: AuditRoutesDeps): Router {
  const router = Router();
  router.get('/audit', requireAdmin, list);
  router.get('/audit/export', requireAdmin, exportAll);
  router.post('/audit/:id/undo', requireAdmin, undo);
  return router;

  async function list(req: Request, res: Response) {
    const { entries, nextCursor } = await readAudit(db, parseInput(AuditQuery, req.query, 'The query'));
    res.set('Cache-Control', 'no-store').json({
      entries: entries.map((entry) => ({ ...entry, canUndo: undoOf(entry) !== null })),
      nextCursor,
    });
  }

  /** Whoever takes the log along is in it. */
  async function exportAll(req: Request, res: Response) {
    const { format, ...query } = parseInput(AuditExportQuery, req.query, 'The query');
    await noteAudit(db, await actorOf(req), {
      action: 'audit.exported',
      severity: 'warning',
      after: { format, ...query },
    });
    const hangUp = hangUpOf(res);
    const entries = allAudit(db, query, hangUp);
    res.set({
      'Content-Type': format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson',
      'Content-Disposition': `attachment; filename="audit.${format}"`,
      'Cache-Control': 'no-store',
    });
    const lines = Readable.from(format === 'csv' ? csvOf(entries) : ndjsonOf(entries));
    await pipeline(lines, res).catch((error: unknown) => {
      if (!hangUp.aborted) throw error;
    });
  }

  async function undo(req: Request, res: Response) {
    const entry = await auditEntry(db, idOf(req));
    if (entry === null) throw notFound();
    const takeBack = undoOf(entry);
    if (takeBack === null) throw new Conflict('audit.no_undo', 'This cannot be taken back.');
    await takeBack(entry, await actorOf(req));
    res.status(204).end();
  }

  function undoOf(entry: AuditAnswer): Undo | null {
    if (entry.before === null || entry.after === null || isCut(entry.before)) return null;
    return Object.hasOwn(undos, entry.action) ? (undos[entry.action] ?? null) : null;
  }
}

/** Of an undo: 409. */
export function changedSince(): Conflict {
  return new Conflict(
    'audit.changed_since',
    'This was changed again since then. Look at what it is now, and change that instead.',
  );
}

async function* csvOf(entries: AsyncIterable<AuditAnswer>): AsyncGenerator<string> {
  yield CSV_HEAD;
  for await (const entry of entries) yield csvLine(entry);
}

async function* ndjsonOf(entries: AsyncIterable<AuditAnswer>): AsyncGenerator<string> {
  for await (const entry of entries) yield `${JSON.stringify(entry)}\n`;
}

const Id = z.coerce.number().int().positive();

function idOf(req: Request): number {
  const id = Id.safeParse(req.params.id);
  if (!id.success) throw notFound();
  return id.data;
}

function notFound(): NotFound {
  return new NotFound('audit.not_found', 'There is no such entry; entries are kept for 90 days.');
}
