import { z } from 'zod';
import { contentTypeOf } from '../../kit/content-type.ts';
import { BadInput } from '../../kit/errors.ts';
import { parseInput } from '../../platform/http-input.ts';
import { infoHashOf, invalid, toInfoHash, v2Only } from './info-hash.ts';

const MAX_TORRENT_BYTES = 10 * 1024 * 1024;
const MAX_MAGNET_CHARS = 32_768;

const FileInput = z.object({
  index: z.int().min(0),
  name: z.string().min(1).max(4096),
  sizeBytes: z.int().min(0).optional(),
});

const TorrentInput = z.object({
  infoHash: z.string().optional(),
  /** A magnet link; `url` may hold one too. */
  magnet: z.string().max(MAX_MAGNET_CHARS).optional(),
  url: z.string().max(MAX_MAGNET_CHARS).optional(),
  /** The `.torrent` itself: bytes, or base64 in JSON. */
  torrent: z.union([z.instanceof(Uint8Array), z.base64()]).optional(),
  name: z.string().min(1).max(1000).optional(),
  trackers: z.array(z.string().max(2048)).max(1000).default([]),
  webSeeds: z.array(z.string().max(8192)).max(1000).default([]),
  /** Where the `.torrent` lies on the web. */
  exactSources: z.array(z.string().max(MAX_MAGNET_CHARS)).max(4).default([]),
  files: z.array(FileInput).max(100_000).default([]),
  isPrivate: z.boolean().default(false),
  /** What an indexer or a list says of the swarm, until a tracker is asked. */
  seeders: z.int().min(0).max(2_147_483_647).optional(),
  leechers: z.int().min(0).max(2_147_483_647).optional(),
  /** When it was put up. */
  publishedAt: z.iso.datetime({ offset: true }).optional(),
});

/** What this kind knows of a stream. Survives JSON. */
export const TorrentDetail = z.object({
  /** 40 small hex characters. */
  infoHash: z.string(),
  name: z.string().nullable(),
  trackers: z.array(z.string()),
  webSeeds: z.array(z.string()),
  files: z.array(
    z.object({ index: z.int(), name: z.string(), sizeBytes: z.number().nullable(), contentType: z.string() }),
  ),
  isPrivate: z.boolean(),
  magnet: z.string().nullable(),
  /** Base64 of the `.torrent`. */
  torrent: z.string().nullable(),
  // Absent from play links made before they were known.
  seeders: z.int().nullable().default(null),
  leechers: z.int().nullable().default(null),
  publishedAt: z.string().nullable().default(null),
  exactSources: z.array(z.string()).default([]),
});
export type TorrentDetail = z.infer<typeof TorrentDetail>;

/** Parses a `.torrent`, a magnet or an info hash; throws BadInput `request.invalid`, `torrent.invalid` or `torrent.v2_only`. */
export function parseTorrentInput(input: unknown): TorrentDetail {
  const given = parseInput(TorrentInput, input, 'The torrent');
  const link = given.magnet ?? given.url;
  const magnet = link === undefined ? null : plainMagnet(link);
  const file = given.torrent === undefined ? null : Buffer.from(toBytes(given.torrent));
  if (file !== null && file.length > MAX_TORRENT_BYTES)
    throw new BadInput('torrent.too_big', 'A .torrent file may have at most 10 MiB.');
  return {
    infoHash: identify(file, magnet, given.infoHash),
    name: given.name ?? null,
    trackers: given.trackers,
    webSeeds: given.webSeeds,
    exactSources: given.exactSources,
    files: given.files.map(({ index, name, sizeBytes = null }) => {
      return { index, name, sizeBytes, contentType: contentTypeOf(name) };
    }),
    isPrivate: given.isPrivate,
    magnet: file === null ? magnet : null,
    torrent: file === null ? null : file.toString('base64'),
    seeders: given.seeders ?? null,
    leechers: given.leechers ?? null,
    publishedAt: given.publishedAt ?? null,
  };
}

function identify(file: Buffer | null, magnet: string | null, infoHash: string | undefined): string {
  if (file !== null) return infoHashOf(file);
  const hash = magnet === null ? toInfoHash(infoHash ?? '') : magnetHash(magnet);
  if (hash === null) throw invalid();
  return hash;
}

function magnetHash(magnet: string): string | null {
  if (!/^magnet:\?/i.test(magnet)) return null;
  const hash = /[?&]xt=urn:btih:([0-9a-z]+)/i.exec(magnet)?.[1];
  if (hash === undefined && /[?&]xt=urn:btmh:/i.test(magnet)) throw v2Only();
  return hash === undefined ? null : toInfoHash(hash);
}

/** Numbered parameters (`tr.1=`) and an escaped `urn:btih:` are allowed, but not known to every parser. */
function plainMagnet(magnet: string): string {
  return magnet
    .replace(/^magnet:/i, 'magnet:')
    .replace(/([?&](?:xt|tr|ws|as))\.\d+=/gi, '$1=')
    .replace(/([?&]xt=)urn%3Abtih%3A/gi, '$1urn:btih:');
}

function toBytes(torrent: Uint8Array | string): Uint8Array {
  return typeof torrent === 'string' ? Buffer.from(torrent, 'base64') : torrent;
}
