import { type Request, type Response, Router } from 'express';
import { BadInput, Conflict } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import { noteAudit } from '../audit/index.ts';
import { requireVisible } from '../media/index.ts';
import { type FamilyRoutesDeps, idOf, memberOf, noProfile, requireProfile } from './asking.ts';
import { countChange, findProfile } from './queries/profiles.ts';
import {
  blockEpisodes,
  countRules,
  putBlockedEpisodes,
  putBlockedTags,
  putRule,
  rulesOf,
  unblockEpisode,
} from './queries/rules.ts';
import { EpisodeToggle, RuleBody, RulePageQuery, TagsBody } from './schemas.ts';
import { type NotedRule, POLICY_CHANGED } from './undo-policy.ts';

const MOST_RULES = 50_000;

export type RuleRoutesDeps = FamilyRoutesDeps & {
  /** A series was allowed of which no episodes are known: they are loaded soon. */
  loadEpisodes(mediaId: number): void;
};

/** `/api/profiles/:id/policies`: what a profile may see, title by title. Acts on the next request. */
export function ruleRoutes(deps: RuleRoutesDeps): Router {
  const { db } = deps;
  const router = Router();
  const body = jsonBody('256kb');
  router.get('/profiles/:id/policies', list);
  router.post('/profiles/:id/policies', ...body, put);
  router.post('/profiles/:id/policies/episode', ...body, toggle);
  router.put('/profiles/:id/policies/block-tag', ...body, putTags);
  router.post('/profiles/:id/policies/block-tag', ...body, putTags);
  return router;

  async function list(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    const { mediaId, skip, limit } = parseInput(RulePageQuery, req.query, 'The query');
    const profile = await findProfile(db, userId, idOf(req));
    if (profile === null) throw noProfile();
    const only =
      mediaId === undefined
        ? undefined
        : (await requireVisible(db, { mediaId }, { userId, isModerator: false })).mediaId;
    const policies = await rulesOf(db, profile.id, { skip, limit, mediaId: only });
    res.set('Cache-Control', 'no-store').json({ policies, total: await countRules(db, profile.id) });
  }

  async function put(req: Request, res: Response) {
    await memberOf(deps, req);
    const given = parseInput(RuleBody, req.body, 'The rule');
    await changed(req, given.mediaId, async (tx, profileId, mediaId) => {
      if (given.policy !== undefined) await putRule(tx, profileId, mediaId, given.policy);
      if (given.blockedEpisodes !== undefined)
        await putBlockedEpisodes(tx, profileId, mediaId, given.blockedEpisodes);
      return given.policy === 'allow' ? () => deps.loadEpisodes(mediaId) : undefined;
    });
    res.status(204).end();
  }

  async function toggle(req: Request, res: Response) {
    await memberOf(deps, req);
    const { mediaId: id, episode, isBlocked } = parseInput(EpisodeToggle, req.body, 'The rule');
    await changed(req, id, async (tx, profileId, mediaId) => {
      if (isBlocked) await blockEpisodes(tx, profileId, mediaId, [episode]);
      else await unblockEpisode(tx, profileId, mediaId, episode);
      return undefined;
    });
    res.status(204).end();
  }

  async function putTags(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    const publicId = idOf(req);
    const { tags } = parseInput(TagsBody, req.body, 'The tags');
    const actor = await deps.actorOf(req);
    await db.transaction(async (tx) => {
      const { id } = await requireProfile(tx, userId, publicId);
      const unknown = await putBlockedTags(tx, id, tags);
      if (unknown.length > 0)
        throw new BadInput(
          'family.unknown_tag',
          `There is no content tag "${unknown[0]}". /api/tags lists them.`,
        );
      await countChange(tx, id);
      await noteAudit(tx, actor, {
        ...{
          action: 'family.tags_blocked',
          severity: 'warning',
          resource: `profile ${publicId}`,
          after: { tags },
        },
      });
    });
    res.status(204).end();
  }

  /** One rule of a title, with what it was and what it is in the audit log. */
  async function changed(
    req: Request,
    titleId: string,
    write: (tx: Db, profileId: number, mediaId: number) => Promise<(() => void) | undefined>,
  ): Promise<void> {
    const { userId } = await memberOf(deps, req);
    const publicId = idOf(req);
    const actor = await deps.actorOf(req);
    const afterwards = await db.transaction(async (tx) => {
      const { id } = await requireProfile(tx, userId, publicId);
      const { mediaId } = await requireVisible(tx, { mediaId: titleId }, { userId, isModerator: false });
      const only = { skip: 0, limit: 1, mediaId };
      const [before] = await rulesOf(tx, id, only);
      const then = await write(tx, id, mediaId);
      if ((await countRules(tx, id)) > MOST_RULES)
        throw new Conflict(
          'family.too_many_rules',
          `A profile has ${MOST_RULES} rules at most. Use the mode "age" instead.`,
        );
      await countChange(tx, id);
      const [after] = await rulesOf(tx, id, only);
      const some = after ?? before;
      // Nothing there, and nothing put.
      if (some === undefined) return then;
      const noRule = { ...some, policy: null, blockedEpisodes: [] };
      await noteAudit(tx, actor, {
        ...{ action: POLICY_CHANGED, severity: 'warning', resource: `profile ${publicId}` },
        ...{ before: noted(before ?? noRule), after: noted(after ?? noRule) },
      });
      return then;
    });
    afterwards?.();
  }
}

/** A rule as the audit log has it. */
function noted({ mediaId, title, policy, blockedEpisodes }: NotedRule): NotedRule {
  return { mediaId, title, policy, blockedEpisodes };
}
