import * as z from 'zod/mini';
import { ask, send } from './api.ts';

const Torrent = z.object({
  infoHash: z.string(),
  name: z.nullable(z.string()),
  sizeBytes: z.nullable(z.number()),
  progress: z.number(),
  status: z.enum(['downloading', 'completed', 'seeding', 'idle', 'paused', 'error']),
  error: z.nullable(z.string()),
  bytesOnDisk: z.number(),
  downloadedBytes: z.number(),
  uploadedBytes: z.number(),
  peers: z.number(),
  readers: z.number(),
  bytesPerSecond: z.number(),
  accessedAt: z.string(),
});
export type Torrent = z.infer<typeof Torrent>;

const Torrents = z.object({
  torrents: z.array(Torrent),
  total: z.number(),
  storage: z.object({
    usedBytes: z.number(),
    limitBytes: z.number(),
    wantedBytes: z.number(),
    elsewhereBytes: z.number(),
  }),
});
export type Torrents = z.infer<typeof Torrents>;

export const PAGE = 50;

export function fetchTorrents(offset: number, signal: AbortSignal): Promise<Torrents> {
  return ask(Torrents, `/api/torrents?limit=${PAGE}&offset=${offset}`, { signal });
}

export async function pauseTorrent(infoHash: string, signal: AbortSignal): Promise<void> {
  await send(`/api/torrents/${infoHash}/pause`, { signal, method: 'POST' });
}

export async function resumeTorrent(infoHash: string, signal: AbortSignal): Promise<void> {
  await send(`/api/torrents/${infoHash}/resume`, { signal, method: 'POST' });
}

/** Who watches it is cut off: that was asked for. */
export async function removeTorrent(infoHash: string, signal: AbortSignal): Promise<void> {
  await send(`/api/torrents/${infoHash}?force=true`, { signal, method: 'DELETE' });
}
