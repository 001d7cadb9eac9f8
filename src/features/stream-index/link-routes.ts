import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { safeFilename } from '../../kit/content-disposition.ts';
import { AppError, UpstreamFailed } from '../../kit/errors.ts';
import { M3U_TYPE, m3uOf } from '../../kit/m3u.ts';
import type { Pool } from '../../platform/db.ts';
import { hangUpOf, parseInput } from '../../platform/http-input.ts';
import { LINK_LIFE_S, type Links, type PlayLink } from '../../platform/links.ts';
import type { Net } from '../../platform/net.ts';
import type { Described, StreamKind } from '../../streams/kind.ts';
import { noteTrackers } from '../trackers/index.ts';
import { withTorrentFile } from './fetch-torrent.ts';
import { innerSubtitles } from './inner-subtitles.ts';
import { acceptUpload } from './multipart.ts';
import { sourceOf } from './stream-source.ts';
import { wholeVideos } from './whole-videos.ts';

export type LinkRoutesDeps = {
  db: Pool;
  net: Net;
  kinds: { get(kind: string): StreamKind | undefined };
  links: Links;
  requireAdmin: RequestHandler;
  /** Where links of the answer to this request point: no slash at the end. */
  baseUrl(req: Request): string;
};

export const MAX_LIFE_S = 30 * 24 * 3600;
const DESCRIBE_TIMEOUT_MS = 10_000;
/** An answer with thousands of sealed links would be megabytes. */
const MAX_FILES = 500;

/** A network, or one address as the network of itself. */
const Cidr = z.union([
  z.cidrv4(),
  z.cidrv6(),
  z.ipv4().transform((address) => `${address}/32`),
  z.ipv6().transform((address) => `${address}/128`),
]);

export const LinkBody = z
  .strictObject({
    url: z.string().trim().min(1).max(32_768).optional(),
    /** A `.torrent` file. */
    torrent: z
      .base64()
      .max(14 * 1024 * 1024)
      .optional(),
    /** An NZB, gzipped or not: bytes of a form, base64 in JSON. */
    nzb: z
      .union([z.instanceof(Uint8Array), z.base64().max(14 * 1024 * 1024)])
      .meta({ override: { type: 'string', format: 'byte' } })
      .optional(),
    nzbName: z.string().max(1000).optional(),
    /** Of the archives of a Usenet post. */
    password: z.string().min(1).max(500).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    filename: z.string().trim().min(1).max(255).optional(),
    fileIndex: z.int().min(0).max(65_535).optional(),
    /** Seconds from now. */
    expiresIn: z.int().min(1).max(MAX_LIFE_S).default(LINK_LIFE_S),
    cidr: Cidr.optional(),
  })
  .refine(
    ({ url, torrent, nzb }) => [url, torrent, nzb].filter((given) => given !== undefined).length === 1,
    'needs url, torrent or nzb',
  );
type LinkBody = z.infer<typeof LinkBody>;

const FileLink = z.object({
  index: z.int(),
  name: z.string(),
  size: z.int().nullable(),
  type: z.string(),
  playUrl: z.string(),
});
export const LinkAnswer = z.object({
  kind: z.string(),
  playUrl: z.string(),
  expiresAt: z.iso.datetime(),
  filename: z.string().optional(),
  size: z.int().optional(),
  files: z.array(FileLink).optional(),
});
type LinkAnswer = z.infer<typeof LinkAnswer>;
const M3U = 'audio/x-mpegurl';

/** `POST /api/links`: a play link for any URL whose bytes can be reached; asked for an M3U, one of all the videos inside. */
export function linkRoutes(deps: LinkRoutesDeps): Router {
  const router = Router();
  router.post('/links', deps.requireAdmin, acceptUpload, create);
  return router;

  async function create(req: Request, res: Response) {
    const body = parseInput(LinkBody, req.body, 'The body');
    const answer = await linkTo(deps, body, deps.baseUrl(req), hangUpOf(res));
    if (req.accepts(['json', M3U]) === M3U) res.status(201).type(M3U_TYPE).send(playlistOf(answer));
    else res.status(201).json(answer);
  }
}

async function linkTo(
  deps: LinkRoutesDeps,
  body: LinkBody,
  baseUrl: string,
  signal: AbortSignal,
): Promise<LinkAnswer> {
  const { url, torrent, nzb, nzbName, password, headers } = body;
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(DESCRIBE_TIMEOUT_MS)]);
  const given = { url, torrent, nzb, nzbName, password, headers };
  const source = await withTorrentFile(deps.net, sourceOf(given, undefined), bounded);
  const kind = deps.kinds.get(source.kind);
  if (kind === undefined) throw noBytes(source.kind);
  const parsed = kind.parse(source.fields);
  const detail = (await kind.complete?.(parsed, bounded)) ?? parsed;
  const described = await look(kind, detail, bounded);
  if (described !== null) await noteTrackers(deps.db, described.trackers);
  if (kind.open === undefined) throw noBytes(kind.kind);
  const expiresAt = Math.floor(Date.now() / 1000) + body.expiresIn;
  const place = { baseUrl, resource: kind.resource(detail) };
  const name = body.filename ?? described?.name;
  const filename = name == null ? undefined : safeFilename(name);
  const carried = kind.linkDetail === undefined ? detail : await kind.linkDetail(detail);
  const make = (fileIndex: number | null, named: string | undefined) =>
    deps.links.make(
      playLink({ kind: kind.kind, detail: carried, fileIndex, expiresAt, cidr: body.cidr, filename: named }),
      place,
    );
  return {
    kind: kind.kind,
    playUrl: make(body.fileIndex ?? null, filename),
    expiresAt: new Date(expiresAt * 1000).toISOString(),
    ...(filename === undefined ? {} : { filename }),
    ...(described?.sizeBytes == null ? {} : { size: described.sizeBytes }),
    ...filesOf(described, make),
  };
}

/** The videos inside with the subtitles that lie beside them, or the one link there is. */
function playlistOf({ files = [], playUrl, filename = 'Video' }: LinkAnswer): string {
  const inside = files.map(({ size, ...file }) => ({ ...file, sizeBytes: size }));
  const urls = new Map(files.map((file) => [file.index, file.playUrl]));
  const subtitles = Map.groupBy(innerSubtitles(inside), ({ ofFileIndex }) => ofFileIndex);
  const entries = wholeVideos(inside).map((video) => ({
    title: video.name.split('/').at(-1) ?? video.name,
    url: video.playUrl,
    subtitleUrls: (subtitles.get(video.index) ?? []).flatMap(({ fileIndex }) => urls.get(fileIndex) ?? []),
  }));
  return m3uOf(entries.length > 0 ? entries : [{ title: filename, url: playUrl, subtitleUrls: [] }]);
}

function filesOf(
  described: Described | null,
  make: (fileIndex: number, name: string) => string,
): Pick<LinkAnswer, 'files'> {
  if (described === null || described.files.length === 0) return {};
  const files = described.files.slice(0, MAX_FILES).map(({ index, name, sizeBytes, contentType }) => ({
    index,
    name,
    size: sizeBytes,
    type: contentType,
    playUrl: make(index, name.split('/').at(-1) ?? name),
  }));
  return { files };
}

/** An origin that is down now may be up when the link is played; what may not be reached at all is refused here. */
async function look(kind: StreamKind, detail: unknown, signal: AbortSignal): Promise<Described | null> {
  try {
    return await kind.describe(detail, signal);
  } catch (error) {
    if (error instanceof UpstreamFailed) return null;
    throw error;
  }
}

type LinkParts = Pick<PlayLink, 'detail' | 'fileIndex' | 'expiresAt'> & {
  kind: string;
  cidr: string | undefined;
  filename: string | undefined;
};

function playLink({ cidr, filename, ...link }: LinkParts): PlayLink {
  return {
    ...link,
    subject: 'api',
    ...(cidr === undefined ? {} : { cidr }),
    ...(filename === undefined ? {} : { filename }),
  };
}

function noBytes(kind: string): AppError {
  return new AppError('links.no_bytes', `Links of kind ${kind} cannot be played through this server yet.`, {
    status: 422,
  });
}
