import type { z } from 'zod';
import { BadInput, Conflict, Forbidden, NotFound } from '../../kit/errors.ts';
import type { Db, Pool } from '../../platform/db.ts';
import type { Acting } from '../accounts/index.ts';
import { type Actor, noteAudit } from '../audit/index.ts';
import type { Place } from '../media/index.ts';
import { hideStream } from '../stream-index/index.ts';
import { giveTag, requireTag, takeTag } from '../tags/index.ts';
import { decideReport, type LockedReport, lockReport } from './queries.ts';
import type { ReportDecision } from './schemas.ts';

type Decision = z.infer<typeof ReportDecision>;
type Act = NonNullable<Decision['act']>;

/**
 * Somebody else than who reported decides, once, and what is to be done is done in the same transaction. Forbidden for
 * one's own report, Conflict where it is decided already, BadInput for a deed that does not fit what was reported.
 */
export async function decide(
  db: Pool,
  publicId: string,
  decision: Decision,
  { acting, actor }: { acting: Acting; actor: Actor },
): Promise<number> {
  return db.transaction(async (tx) => {
    const report = await lockReport(tx, publicId);
    if (report === null) throw noReport();
    if (report.reporterId === acting.userId)
      throw new Forbidden('reports.own', 'Somebody else decides on a report of yours.');
    if (report.state !== 'pending')
      throw new Conflict('reports.decided', `This report is ${report.state} already.`);
    if (decision.act !== undefined) await carryOut(tx, report, decision.state, decision.act);
    const { state, note = null } = decision;
    await decideReport(tx, report.id, { state, note, reviewerId: acting.userId });
    await noteAudit(tx, actor, {
      action: `reports.${state}`,
      resource: `report ${publicId}`,
      before: { state: report.state, kind: report.kind },
      after: { state, ...(decision.act ?? {}) },
    });
    return report.id;
  });
}

export function noReport(): NotFound {
  return new NotFound('reports.not_found', 'There is no such report.');
}

async function carryOut(tx: Db, report: LockedReport, state: Decision['state'], act: Act): Promise<void> {
  if (state === 'dismissed') throw unfitting('act', 'goes with resolved only');
  if (act.hideStream !== undefined) {
    if (report.streamId === null) throw unfitting('act.hideStream', 'fits reports of streams only');
    await hideStream(tx, report.streamId, true);
  }
  if (act.giveTag !== undefined)
    await giveTag(tx, placeOf(report, 'act.giveTag'), await requireTag(tx, act.giveTag), 'report');
  if (act.takeTag !== undefined)
    await takeTag(tx, placeOf(report, 'act.takeTag'), await requireTag(tx, act.takeTag));
}

function placeOf({ mediaId, episodeId, episodeMediaId }: LockedReport, field: string): Place {
  const title = mediaId ?? episodeMediaId;
  if (title === null) throw unfitting(field, 'fits reports of titles and episodes only');
  return { mediaId: title, episodeId };
}

function unfitting(path: string, message: string): BadInput {
  return new BadInput('reports.unfitting_act', `The decision is not valid. ${path}: ${message}.`, [
    { path, message },
  ]);
}
