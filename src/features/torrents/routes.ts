import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import type { Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { listTorrents, oneTorrent, storageUse, Torrent } from './queries.ts';
import { notFound, type TorrentStorage } from './torrent-storage.ts';

export const TorrentPath = z.object({
  infoHash: z
    .string()
    .regex(/^[0-9a-fA-F]{40}$/, 'needs 40 hexadecimal digits')
    .toLowerCase(),
});
export const TorrentsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});
export const RemoveQuery = z.strictObject({ force: z.enum(['true', 'false']).default('false') });
export const TorrentsAnswer = z.object({
  torrents: z.array(Torrent),
  /** Of all pages. */
  total: z.int(),
  storage: z.object({
    /** On the disk of the instance that answers. */
    usedBytes: z.number(),
    /** CACHE_MAX_BYTES, or less where the disk runs short. */
    limitBytes: z.number(),
    /** CACHE_MAX_BYTES. */
    wantedBytes: z.number(),
    /** On the disks of the other instances. */
    elsewhereBytes: z.number(),
  }),
});

export type TorrentRoutesDeps = {
  db: Pool;
  requireAdmin: RequestHandler;
  torrents: TorrentStorage;
  config: { pieceCache: { maxBytes: number } };
};

/** `/api/torrents`: what lies on disk of each torrent, and the owner's hand on it. */
export function torrentRoutes({ db, requireAdmin, torrents, config }: TorrentRoutesDeps): Router {
  const router = Router();
  router.get('/torrents', requireAdmin, list);
  router.get('/torrents/:infoHash', requireAdmin, show);
  router.post('/torrents/:infoHash/pause', requireAdmin, pause);
  router.post('/torrents/:infoHash/resume', requireAdmin, resume);
  router.delete('/torrents/:infoHash', requireAdmin, remove);
  return router;

  async function list(req: Request, res: Response) {
    const page = parseInput(TorrentsQuery, req.query, 'The query');
    const { total, usedBytes, elsewhereBytes } = await storageUse(db, torrents.store);
    const wantedBytes = config.pieceCache.maxBytes;
    const limitBytes = (await torrents.limitBytes(usedBytes)) ?? wantedBytes;
    res.json({
      torrents: await listTorrents(db, page),
      total,
      storage: { usedBytes, limitBytes, wantedBytes, elsewhereBytes },
    });
  }

  async function show(req: Request, res: Response) {
    res.json((await oneTorrent(db, hashOf(req))) ?? raise());
  }

  async function pause(req: Request, res: Response) {
    const infoHash = hashOf(req);
    await torrents.pause(infoHash);
    res.json((await oneTorrent(db, infoHash)) ?? raise());
  }

  async function resume(req: Request, res: Response) {
    const infoHash = hashOf(req);
    await torrents.resume(infoHash);
    res.json((await oneTorrent(db, infoHash)) ?? raise());
  }

  async function remove(req: Request, res: Response) {
    const { force } = parseInput(RemoveQuery, req.query, 'The query');
    await torrents.remove(hashOf(req), force === 'true');
    res.status(204).end();
  }
}

function hashOf(req: Request): string {
  return parseInput(TorrentPath, req.params, 'The address').infoHash;
}

function raise(): never {
  throw notFound();
}
