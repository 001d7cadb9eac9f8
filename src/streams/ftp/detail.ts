import { hash } from 'node:crypto';
import { z } from 'zod';
import { bytesOf, readableName, segmentOf } from '../../kit/byte-names.ts';
import { BadInput } from '../../kit/errors.ts';
import { placeOf } from '../../platform/ftp/place.ts';
import { parseInput } from '../../platform/http-input.ts';

const MAX_URL_CHARS = 8192;
/** They end a command and begin another. */
const BREAKING = /[\r\n\0]/;
/** RFC 1738 §3.2.2: how it is to be sent; always as it is. */
const TYPE_SUFFIX = /;type=[aid]$/i;

const FtpInput = z.object({
  url: z
    .string()
    .min(1)
    .max(MAX_URL_CHARS)
    .refine((url) => !BREAKING.test(url), 'holds a line break or NUL'),
});

export const Login = z.object({ username: z.string(), password: z.string() });

/** What this kind knows of a stream. Survives JSON, so that a play link can carry it. */
export const FtpDetail = z.object({
  /** `ftp:`, `ftpes:` (TLS by AUTH) or `ftps:`, one spelling a file: no userinfo, every byte but the unreserved ones as `%XX`. */
  url: z.string(),
  /** Null: anonymous. */
  login: Login.nullable(),
});
export type FtpDetail = z.infer<typeof FtpDetail>;
/** As it is opened: a stored one of a source with what its owner gave that. */
export type FtpOrigin = FtpDetail & { allowsPrivate?: boolean };

/** Parses `{url}`, its userinfo being the login; throws BadInput `request.invalid`. */
export function parseFtp(input: unknown): FtpDetail {
  const { url: text } = parseInput(FtpInput, input, 'The stream');
  const url = URL.parse(text);
  const place = placeOf(text, null);
  if (url === null || place === null) throw wrong('is not an ftp, ftpes or ftps URL');
  const [username, password] = [plain(url.username), plain(url.password)];
  const host = place.host.includes(':') ? `[${place.host}]` : place.host;
  const path = canonicalPath(url);
  const href = `${url.protocol}//${host}${url.port === '' ? '' : `:${url.port}`}/${path}`;
  if (href.length > MAX_URL_CHARS) throw wrong('is too long');
  return { url: href, login: username === '' ? null : { username, password } };
}

/** SHA-256 of the URL: the unique key in the table, where an 8 KiB text would not fit an index. */
export function urlHash(url: string): Buffer {
  return hash('sha256', url, 'buffer');
}

/** The path as it is sent, in bytes: from where the login leads, or from `/` (written `%2F` at its beginning). */
export function remotePath(url: string): string {
  return bytesOf(URL.parse(url)?.pathname.slice(1) ?? '');
}

export function nameOf(url: string): string {
  return readableName(bytesOf(url.split('/').at(-1) ?? '').replace(/^\//, ''));
}

/** Whether a file lies in a folder of the same server; one that is asked by TLS lies in a folder that need not be, too. */
export function liesIn(baseUrl: string, url: string): boolean {
  const [base, place] = [placeOf(baseUrl, null), placeOf(url, null)];
  if (base === null || place === null || base.host !== place.host || base.port !== place.port) return false;
  const isAsSafe = base.tls === place.tls || (base.tls === 'none' && place.tls === 'explicit');
  const [folder, file] = [pathIn(URL.parse(baseUrl)), pathIn(URL.parse(url))];
  return (
    isAsSafe &&
    folder.isFromRoot === file.isFromRoot &&
    file.segments.length > folder.segments.length &&
    file.segments.every((segment) => wrongIn(segment) === null) &&
    folder.segments.every((segment, at) => segment === file.segments[at])
  );
}

/** RFC 1738 has `%2F` at the beginning for the root; `//` is read as that too. Segments are bytes. */
function pathIn(url: Pick<URL, 'pathname' | 'search'> | null): { isFromRoot: boolean; segments: string[] } {
  // `?` means nothing to FTP, so it is a letter of a name.
  const path = url === null ? '' : `${url.pathname}${url.search}`;
  const [first = '', ...rest] = path.replace(TYPE_SUFFIX, '').split('/').slice(1).map(bytesOf);
  const isFromRoot = first.startsWith('/') || (first === '' && rest.length > 0);
  return {
    isFromRoot,
    segments: [first.replace(/^\//, ''), ...rest].filter((segment) => segment !== ''),
  };
}

function wrongIn(segment: string): string | null {
  if (BREAKING.test(segment)) return 'holds a line break or NUL';
  if (segment.includes('/')) return 'holds an encoded slash';
  return segment === '.' || segment === '..' ? 'leads out of its folder' : null;
}

/** One spelling for each file. */
function canonicalPath(url: URL): string {
  const { isFromRoot, segments } = pathIn(url);
  if (segments.length === 0) throw wrong('names no file');
  for (const segment of segments) {
    const reason = wrongIn(segment);
    if (reason !== null) throw wrong(reason);
  }
  return (isFromRoot ? '%2F' : '') + segments.map(segmentOf).join('/');
}

function plain(encoded: string): string {
  const text = readableName(bytesOf(encoded));
  if (BREAKING.test(text)) throw wrong('holds a line break or NUL');
  return text;
}

function wrong(message: string): BadInput {
  return new BadInput('request.invalid', `The URL is not valid. It ${message}.`, [{ path: 'url', message }]);
}
