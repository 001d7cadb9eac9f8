import { hash } from 'node:crypto';
import { z } from 'zod';
import { parseInput } from '../../platform/http-input.ts';

/** The longest an indexer's or archive's password is taken. */
const MAX_PASSWORD_CHARS = 500;

const Guid = z.string().trim().min(1).max(200);
const NzbUrl = z
  .url({ protocol: /^https?$/ })
  .max(8192)
  .transform((url) => new URL(url).href);

const UsenetInput = z
  .object({
    guid: Guid.optional(),
    nzbUrl: NzbUrl.optional(),
    /** The NZB itself, gzipped or not: bytes, or base64 in JSON. */
    nzb: z.union([z.instanceof(Uint8Array), z.base64()]).optional(),
    /** What the file was called; may tell the release's name, and its password as `name{{password}}.nzb`. */
    nzbName: z.string().max(1000).optional(),
    name: z.string().min(1).max(1000).optional(),
    /** Of the archives inside; wins over the NZB's own. */
    password: z.string().min(1).max(MAX_PASSWORD_CHARS).optional(),
    isPassworded: z.boolean().default(false),
  })
  .refine(
    ({ guid, nzbUrl, nzb }) => guid !== undefined || nzbUrl !== undefined || nzb !== undefined,
    'needs a guid, an nzbUrl or an nzb',
  );

/** What this kind knows of a post. Survives JSON. */
export const UsenetDetail = z.object({
  /** The indexer's own, or made of the address or the file. */
  guid: z.string(),
  nzbUrl: z.string().nullable(),
  isPassworded: z.boolean(),
  password: z.string().nullable().default(null),
  name: z.string().nullable().default(null),
  /** The NZB as it was given, bytes or base64, until it has been read. */
  nzb: z
    .union([z.instanceof(Uint8Array), z.string()])
    .nullable()
    .default(null),
  /** Base64 of `packNzb`. */
  packed: z.string().nullable().default(null),
  /** `releaseKey`; in a play link the NZB is kept under it. */
  key: z.string().nullable().default(null),
});
export type UsenetDetail = z.infer<typeof UsenetDetail>;

/** Parses an NZB, its address or an indexer's guid; throws BadInput `request.invalid`. The NZB is not read yet. */
export function parseUsenetInput(input: unknown): UsenetDetail {
  const given = parseInput(UsenetInput, input, 'The post');
  const nzb = given.nzb ?? null;
  const file = nameOfFile(given.nzbName ?? leafOf(given.nzbUrl) ?? '');
  return {
    guid: given.guid ?? (given.nzbUrl === undefined ? guidOfFile(nzb ?? '') : guidOfUrl(given.nzbUrl)),
    nzbUrl: given.nzbUrl ?? null,
    isPassworded: given.isPassworded,
    password: given.password ?? file.password,
    name: given.name ?? file.name,
    ...{ nzb, packed: null, key: null },
  };
}

/** Of an NZB that is bytes or base64. */
export function bytesOf(nzb: Uint8Array | string): Uint8Array {
  return typeof nzb === 'string' ? Buffer.from(nzb, 'base64') : nzb;
}

/** `Film.2020{{secret}}.nzb` (as nzbget and SABnzbd name them). */
function nameOfFile(file: string): { name: string | null; password: string | null } {
  const leaf = file.split(/[/\\]/).at(-1) ?? '';
  const [, stem] = /^(.+?)\.nzb(?:\.gz)?$/i.exec(leaf) ?? [];
  if (stem === undefined) return { name: null, password: null };
  const [, name = stem, password = null] = /^(.*?)\{\{(.{1,500}?)\}\}$/.exec(stem) ?? [];
  return { name: name.trim() || null, password };
}

/** The last part of its path. */
function leafOf(nzbUrl: string | undefined): string | undefined {
  const leaf = nzbUrl === undefined ? undefined : new URL(nzbUrl).pathname.split('/').at(-1);
  try {
    return leaf === undefined ? undefined : decodeURIComponent(leaf);
  } catch {
    return leaf;
  }
}

function guidOfFile(nzb: Uint8Array | string): string {
  return `nzb:${hash('sha256', bytesOf(nzb), 'hex')}`;
}

/** An indexer's URL carries the member's key (Newznab `apikey`; older ones `i` = member, `r` = key); the post is the same without. */
function guidOfUrl(text: string): string {
  const url = new URL(text);
  if (url.searchParams.has('r')) url.searchParams.delete('i');
  for (const name of ['apikey', 'r']) url.searchParams.delete(name);
  url.username = '';
  url.password = '';
  url.hash = '';
  return `url:${hash('sha256', url.href, 'hex')}`;
}
