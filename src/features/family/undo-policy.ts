import { z } from 'zod';
import type { Pool } from '../../platform/db.ts';
import { changedSince, noteAudit, type Undo } from '../audit/index.ts';
import { requireMedia } from '../media/index.ts';
import { noProfile } from './asking.ts';
import { countChange, lockAnyProfile } from './queries/profiles.ts';
import { putBlockedEpisodes, putRule, rulesOf } from './queries/rules.ts';
import { Episode } from './schemas.ts';

/** What a change of a profile's rule is called in the audit log. */
export const POLICY_CHANGED = 'family.policy_changed';

/** A rule as the audit log has it. */
export const NotedRule = z.object({
  mediaId: z.uuid(),
  /** For who reads it. */
  title: z.string(),
  policy: z.enum(['allow', 'deny']).nullable(),
  blockedEpisodes: z.array(z.string()),
});
export type NotedRule = z.infer<typeof NotedRule>;

/** Puts a rule back as it was before; 409 where it was changed again since. */
export function undoPolicy(db: Pool): Undo {
  return async (entry, actor) => {
    const before = NotedRule.parse(entry.before);
    const after = NotedRule.parse(entry.after);
    await db.transaction(async (tx) => {
      const profile = await lockAnyProfile(tx, entry.resource?.split(' ')[1] ?? '');
      if (profile === null) throw noProfile();
      const { mediaId } = await requireMedia(tx, before.mediaId);
      const [now] = await rulesOf(tx, profile.id, { skip: 0, limit: 1, mediaId });
      const is = NotedRule.parse(now ?? { ...after, policy: null, blockedEpisodes: [] });
      if (JSON.stringify(is) !== JSON.stringify(after)) throw changedSince();
      await putRule(tx, profile.id, mediaId, before.policy);
      const episodes = before.blockedEpisodes.map((text) => Episode.parse(text));
      await putBlockedEpisodes(tx, profile.id, mediaId, episodes);
      await countChange(tx, profile.id);
      await noteAudit(tx, actor, {
        ...{ action: POLICY_CHANGED, severity: 'warning', undoes: entry.auditId },
        ...{ before: after, after: before, ...(entry.resource === null ? {} : { resource: entry.resource }) },
      });
    });
  };
}
