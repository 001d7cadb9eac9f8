import { hash } from 'node:crypto';
import { z } from 'zod';
import { basicAuthorization } from '../../kit/basic-authorization.ts';
import { extensionOf } from '../../kit/content-type.ts';
import { parseInput } from '../../platform/http-input.ts';

const MAX_URL_CHARS = 8192;
const MAX_HEADERS = 32;
const MAX_HEADER_CHARS = 4096;

/** Ours to set, or about the connection and not the file (RFC 9110 §7.6.1); sent by a link they would break or smuggle requests. */
const FORBIDDEN_HEADER =
  /^(host|connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|expect|range|if-.*|accept-encoding|proxy-.*|sec-.*|x-forwarded-.*|forwarded)$/;

const HeaderName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, 'is not a header name')
  .transform((name) => name.toLowerCase())
  .refine((name) => !FORBIDDEN_HEADER.test(name), 'is a header the server sets itself');
/** No CR, LF or NUL: they would end the header and begin another. */
const HeaderValue = z
  .string()
  .max(MAX_HEADER_CHARS)
  .regex(/^[\t\x20-\x7e\u0080-\u00ff]*$/, 'is not a header value');

const Format = z.enum(['progressive', 'hls', 'dash']);

const HttpInput = z.object({
  url: z.string().min(1).max(MAX_URL_CHARS),
  headers: z
    .record(HeaderName, HeaderValue)
    .refine((headers) => Object.keys(headers).length <= MAX_HEADERS, `has more than ${MAX_HEADERS} headers`)
    .default({}),
  format: Format.optional(),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
});

/** What this kind knows of a stream. Survives JSON, so that a play link can carry it. */
export const HttpDetail = z.object({
  /** Normalised: no userinfo, no fragment. */
  url: z.string(),
  /** Lower-case names; userinfo of the URL became `authorization`. */
  headers: z.record(z.string(), z.string()),
  format: Format,
  /** ISO 8601; null = does not expire. */
  expiresAt: z.string().nullable(),
});
export type HttpDetail = z.infer<typeof HttpDetail>;
/** As it is opened: a stored one of a source with what its owner gave that. */
export type HttpOrigin = HttpDetail & { allowsPrivate?: boolean };

/** Parses `{url, headers?, format?, expiresAt?}`; throws BadInput `request.invalid`. */
export function parseHttp(input: unknown): HttpDetail {
  const { url: text, headers, format, expiresAt } = parseInput(HttpInput, input, 'The stream');
  const url = parseInput(
    z.url({ protocol: /^https?$/ }).transform((value) => new URL(value)),
    text,
    'The URL',
  );
  const authorization = userinfoOf(url);
  url.username = '';
  url.password = '';
  url.hash = '';
  // Percent-encoding may have made it longer than what came in.
  parseInput(z.string().max(MAX_URL_CHARS), url.href, 'The URL');
  return {
    url: url.href,
    headers: authorization === null ? headers : { authorization, ...headers },
    format: format ?? formatOf(url),
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
  };
}

/** SHA-256 of the normalised URL: the unique key in the table, where an 8 KiB text would not fit an index. */
export function urlHash(url: string): Buffer {
  return hash('sha256', url, 'buffer');
}

/** The last segment of the path, decoded; null when there is none. */
export function nameOf(url: string): string | null {
  const segment = URL.parse(url)?.pathname.split('/').at(-1) ?? '';
  if (segment === '') return null;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // Latin-1 escapes (`%E9`) are no UTF-8
  }
}

function userinfoOf(url: URL): string | null {
  if (url.username === '' && url.password === '') return null;
  const plain = (part: string) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  return basicAuthorization(plain(url.username), plain(url.password));
}

function formatOf(url: URL): z.infer<typeof Format> {
  const extension = extensionOf(url.pathname);
  if (extension === 'm3u8') return 'hls';
  return extension === 'mpd' ? 'dash' : 'progressive';
}
