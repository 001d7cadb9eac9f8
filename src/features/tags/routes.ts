import { type Request, type Response, Router } from 'express';
import type { z } from 'zod';
import type { Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { type Acting, actorOf, type Guard, requireActing, requireModerator } from '../accounts/index.ts';
import { noteAudit } from '../audit/index.ts';
import { type Place, requireVisible } from '../media/index.ts';
import { giveTag, requireTag, takeTag } from './change-tags.ts';
import { allTags, type KnownTag, placesOfTag, tagsOfTitle } from './queries/tags.ts';
import { EpisodeQuery, type TaggedEpisodes, TagPath, type TitleTags } from './schemas.ts';

export type TagRoutesDeps = {
  db: Pool;
  guard: Guard;
  keepsAddresses(): boolean;
  /** Resolves once whoever asks next sees what was written. */
  settled(): Promise<void>;
};

const TitlePath = TagPath.pick({ id: true });

/** `/api/tags` and the tags of titles: everyone with an account reads them, moderators change them. */
export function tagRoutes(deps: TagRoutesDeps): Router {
  const { db, guard } = deps;
  const router = Router();
  router.get('/tags', list);
  router.get('/media/:id/tags', ofTitle);
  router.get('/media/:id/tags/:tag', episodesWith);
  router.put('/media/:id/tags/:tag', put);
  router.delete('/media/:id/tags/:tag', remove);
  return router;

  async function list(req: Request, res: Response) {
    await requireActing(guard, req);
    res.json({ tags: await allTags(db) });
  }

  async function ofTitle(req: Request, res: Response) {
    const acting = await requireActing(guard, req);
    const { id } = parseInput(TitlePath, req.params, 'The path');
    const { mediaId } = await requireVisible(db, { mediaId: id }, acting);
    res.json(byEpisode(await tagsOfTitle(db, mediaId)));
  }

  async function episodesWith(req: Request, res: Response) {
    const acting = await requireActing(guard, req);
    const { id, tag: slug } = parseInput(TagPath, req.params, 'The path');
    const { mediaId } = await requireVisible(db, { mediaId: id }, acting);
    const { tagId, ...tag } = await requireTag(db, slug);
    const places = await placesOfTag(db, mediaId, tagId);
    const answer: z.infer<typeof TaggedEpisodes> = {
      ...tag,
      isOnTitle: places.some(({ season }) => season === null),
      episodes: places.flatMap(({ season, episode, ...rest }) =>
        season === null || episode === null ? [] : [{ season, episode, ...rest }],
      ),
    };
    res.json(answer);
  }

  async function put(req: Request, res: Response) {
    await change(req, 'tags.given', async (tx, place, tag) => {
      await giveTag(tx, place, tag, 'moderator');
    });
    res.status(204).end();
  }

  /** Also where there is no such tag yet: then it stays away. */
  async function remove(req: Request, res: Response) {
    await change(req, 'tags.taken', async (tx, place, tag) => {
      await takeTag(tx, place, tag);
    });
    res.status(204).end();
  }

  async function change(
    req: Request,
    action: string,
    write: (tx: Parameters<typeof giveTag>[0], place: Place, tag: KnownTag) => Promise<void>,
  ): Promise<void> {
    const acting: Acting = await requireModerator(guard, req);
    const { id, tag: slug } = parseInput(TagPath, req.params, 'The path');
    const numbers = parseInput(EpisodeQuery, req.query, 'The query');
    const place = await requireVisible(db, { mediaId: id, ...numbers }, acting);
    const tag = await requireTag(db, slug);
    const actor = await actorOf(guard, req, deps.keepsAddresses());
    await db.transaction(async (tx) => {
      await write(tx, place, tag);
      await noteAudit(tx, actor, { action, resource: `title ${id}`, after: { tag: tag.tag, ...numbers } });
    });
    await deps.settled();
  }
}

type Row = Awaited<ReturnType<typeof tagsOfTitle>>[number];

function byEpisode(rows: readonly Row[]): z.infer<typeof TitleTags> {
  const answer: z.infer<typeof TitleTags> = { tags: [], episodes: [] };
  for (const { season, episode, title, ...tag } of rows) {
    if (season === null || episode === null) {
      answer.tags.push(tag);
      continue;
    }
    const last = answer.episodes.at(-1);
    if (last?.season === season && last.episode === episode) last.tags.push(tag);
    else answer.episodes.push({ season, episode, title, tags: [tag] });
  }
  return answer;
}
