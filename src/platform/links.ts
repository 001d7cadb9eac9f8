import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { safeFilename } from '../kit/content-disposition.ts';
import { BadInput } from '../kit/errors.ts';
import type { Crypto } from './crypto.ts';

/** What a play link says: which bytes, for whom, how long. Sealed, so a client can neither read nor change it. */
export type PlayLink = {
  streamId?: number;
  mediaId?: number;
  episodeId?: number;
  kind?: string;
  /** The kind's own parsed detail, for links without a stored stream. Must survive JSON. */
  detail?: unknown;
  fileIndex: number | null;
  filename?: string;
  /** A piece of an HLS or DASH presentation, read instead of the stream's own bytes. */
  part?: LinkPart;
  /** Who asked: 'public', an install or profile id, 'api'. */
  subject: string;
  /** Whose rules hold for it, asked anew each time it is used. */
  viewer?: LinkViewer;
  /** Epoch seconds; checked when a request begins, so a long film is not cut. */
  expiresAt: number;
  /** Only clients from this network may use the link. */
  cidr?: string;
};

/** An install, and the profile it was of when the link was made. */
export type LinkViewer = { installId: number; profileId: number };

const PART_ROLES = [
  ...(['playlist', 'segment', 'key', 'file', 'entry'] as const),
  ...(['mpd', 'base', 'rendition', 'licence', 'unlocked', 'assets', 'steering'] as const),
] as const;

/** Where a piece of a presentation is and what it is to be treated as. */
export type LinkPart = {
  url: string;
  /** For `url` and nobody else. */
  headers: Readonly<Record<string, string>>;
  /** The origin of `url` may be reached although it is in a private network: the owner of its source said so. */
  allowsPrivate?: boolean;
  /**
   * `base`: the folder of a DASH presentation, files of which are named in the path after the token; `rendition`: one
   * track of a DASH presentation as an HLS playlist; `entry`: a stream of its own, of whatever type it turns out to be;
   * `licence`: where a player asks for keys, by POST; `unlocked`: a segment that is decrypted on the way;
   * `assets`, `steering`: JSON of HLS that leads on.
   */
  role: (typeof PART_ROLES)[number];
  /** Playlists between this one and the stream; 0 is the stream itself. */
  depth: number;
  /** What the parents defined by EXT-X-DEFINE. */
  variables?: Readonly<Record<string, string>>;
  /** Key of the playlist that names this segment, for reading ahead. */
  of?: string;
  /** Which rendition. */
  track?: string;
  /** How an `unlocked` one is decrypted. */
  lock?: LinkLock;
};

type Span = { start: number; end: number };
type Place = Pick<LinkPart, 'url' | 'headers' | 'allowsPrivate'>;
export type LinkLock = {
  /** Where its key is asked for. */
  licence: Place;
  /** What says how samples are encrypted; absent: this is it. */
  init?: Place & { span?: Span };
  /** The piece of the file that it is; absent: all of it. */
  span?: Span;
};

export type Links = {
  /** The absolute URL `…/play/:resource/:token/:filename`. Throws BadInput `link.too_long` when the detail does not fit a URL. */
  make(link: PlayLink, place: { baseUrl: string; resource: string }): string;
  /** The link of a token; null when tampered with, expired, or (when given) made for another `resource`. */
  open(token: string, resource?: string): PlayLink | null;
};

/** Life of a link unless the caller says otherwise: an evening and the next day. */
export const LINK_LIFE_S = 24 * 3600;

/** `crypto.openToken` opens no longer one: node refuses request heads past 16 KiB, and proxies often past 8. */
const MAX_TOKEN_CHARS = 8192;
const MAX_KNOWN_CHARS = 8 * 1024 * 1024;

const Texts = z.record(z.string(), z.string());
const Span = z.object({ start: z.int().min(0), end: z.int().min(0) });
const Place = z.object({ url: z.string(), headers: Texts, allowsPrivate: z.boolean().exactOptional() });
const Part = z.object({
  u: z.string(),
  h: Texts.optional(),
  w: z.literal(true).optional(),
  t: z.enum(PART_ROLES),
  l: z.int().min(0),
  v: Texts.optional(),
  o: z.string().optional(),
  k: z.string().optional(),
  y: z
    .object({
      licence: Place,
      init: Place.extend({ span: Span.exactOptional() }).exactOptional(),
      span: Span.exactOptional(),
    })
    .optional(),
});

/** Short names keep the URL short; a player shows it, and some cut it at 2 KiB. */
const Payload = z.object({
  r: z.string(),
  s: z.int().positive().optional(),
  m: z.int().positive().optional(),
  e: z.int().positive().optional(),
  k: z.string().optional(),
  // Absent for stored streams; a bare z.unknown() would demand the key.
  d: z.unknown().optional(),
  i: z.int().min(0).optional(),
  p: Part.optional(),
  n: z.string().optional(),
  u: z.string(),
  v: z.tuple([z.int(), z.int()]).optional(),
  x: z.int(),
  c: z.string().optional(),
});

type Known = { link: PlayLink; resource: string };

/** Makes and opens play links. Opened ones are remembered, so that a seek costs no crypto. `nowMs` is for tests of expiry. */
export function createLinks(crypto: Crypto, nowMs: () => number = Date.now): Links {
  const known = new LRUCache<string, Known>({
    max: 10_000,
    maxSize: MAX_KNOWN_CHARS,
    sizeCalculation: (_value, token) => token.length,
  });

  function read(token: string): Known | null {
    const remembered = known.get(token);
    if (remembered !== undefined) return remembered;
    const parsed = Payload.safeParse(crypto.openToken('play', token));
    if (!parsed.success) return null;
    const opened = { link: linkOf(parsed.data), resource: parsed.data.r };
    known.set(token, opened);
    return opened;
  }

  return {
    make(link, { baseUrl, resource }) {
      const token = crypto.sealToken('play', payloadOf(link, resource));
      if (token.length > MAX_TOKEN_CHARS)
        throw new BadInput('link.too_long', 'This link is too long. Use a shorter URL or fewer headers.');
      const name = link.filename === undefined ? '' : `/${encodeURIComponent(safeFilename(link.filename))}`;
      return `${baseUrl.replace(/\/+$/, '')}/play/${resource}/${token}${name}`;
    },
    open(token, resource) {
      const opened = read(token);
      if (opened === null || opened.link.expiresAt * 1000 <= nowMs()) return null;
      return resource === undefined || resource === opened.resource ? opened.link : null;
    },
  };
}

function payloadOf(link: PlayLink, resource: string): z.input<typeof Payload> {
  return {
    r: resource,
    s: link.streamId,
    m: link.mediaId,
    e: link.episodeId,
    k: link.kind,
    d: link.detail,
    i: link.fileIndex ?? undefined,
    p: link.part === undefined ? undefined : payloadOfPart(link.part),
    n: link.filename,
    u: link.subject,
    v: link.viewer && [link.viewer.installId, link.viewer.profileId],
    x: link.expiresAt,
    c: link.cidr,
  };
}

function linkOf(p: z.infer<typeof Payload>): PlayLink {
  return {
    ...(p.s === undefined ? {} : { streamId: p.s }),
    ...(p.m === undefined ? {} : { mediaId: p.m }),
    ...(p.e === undefined ? {} : { episodeId: p.e }),
    ...(p.k === undefined ? {} : { kind: p.k }),
    ...(p.d === undefined ? {} : { detail: p.d }),
    fileIndex: p.i ?? null,
    ...(p.p === undefined ? {} : { part: partOf(p.p) }),
    ...(p.n === undefined ? {} : { filename: p.n }),
    subject: p.u,
    ...(p.v === undefined ? {} : { viewer: { installId: p.v[0], profileId: p.v[1] } }),
    expiresAt: p.x,
    ...(p.c === undefined ? {} : { cidr: p.c }),
  };
}

function payloadOfPart({
  url,
  headers,
  allowsPrivate,
  role,
  depth,
  variables,
  of,
  track,
  lock,
}: LinkPart): z.input<typeof Part> {
  const h = Object.keys(headers).length === 0 ? undefined : headers;
  return {
    u: url,
    h,
    w: allowsPrivate ? true : undefined,
    t: role,
    l: depth,
    v: variables,
    o: of,
    k: track,
    y: lock,
  };
}

function partOf({ u, h, w, t, l, v, o, k, y }: z.infer<typeof Part>): LinkPart {
  return {
    url: u,
    headers: h ?? {},
    ...(w === undefined ? {} : { allowsPrivate: w }),
    role: t,
    depth: l,
    ...(v === undefined ? {} : { variables: v }),
    ...(o === undefined ? {} : { of: o }),
    ...(k === undefined ? {} : { track: k }),
    ...(y === undefined ? {} : { lock: y }),
  };
}
