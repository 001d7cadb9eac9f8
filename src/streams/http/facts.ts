import { z } from 'zod';
import { parseHttpDate } from '../../kit/conditional.ts';
import { UpstreamFailed } from '../../kit/errors.ts';
import type { Net } from '../../platform/net.ts';
import type { NetHeaders, NetResponse } from '../../platform/net-request.ts';
import { Busy } from '../resume.ts';

const Spelled = z.union([z.string(), z.array(z.string())]).optional();

/** What one look at an origin tells about a file; read again from the JSON by which instances share it. */
export const Facts = z.object({
  /** Where the bytes are, after redirects. */
  url: z.string().transform((href) => new URL(href)),
  /** null = the origin does not say. */
  sizeBytes: z.int().nullable(),
  contentType: z.string().nullable(),
  /** The origin's strong entity tag; a weak one promises nothing about bytes. */
  etag: z.string().nullable(),
  lastModified: z
    .string()
    .transform((time) => new Date(time))
    .nullable(),
  /** The two as the origin spelled them: what is spelled the same is the same, without reading it again. */
  spelled: z.object({ etag: Spelled, lastModified: Spelled }),
  /** Whether parts of it can be had: by the origin's word (`Accept-Ranges`) or its deed; null = it said nothing. */
  ranges: z.enum(['said', 'denied', 'given', 'refused']).nullable(),
  /** Name in Content-Disposition. */
  filename: z.string().nullable(),
});
export type Facts = z.infer<typeof Facts>;

export type Origin = {
  url: string;
  headers: Readonly<Record<string, string>>;
  /** The owner vouches for its server: it may be at home. */
  allowsPrivate?: boolean;
};

/**
 * One HEAD; where that is refused or says no length (presigned URLs, some file hosts) one GET of the first byte,
 * cancelled after its headers. `GET` goes straight to the latter.
 */
export async function learn(
  net: Net,
  origin: Origin,
  signal: AbortSignal,
  method: 'HEAD' | 'GET' = 'HEAD',
): Promise<Facts> {
  if (method === 'HEAD') {
    const facts = await byHead(net, origin, signal);
    if (facts !== null) return facts;
  }
  const headers = { ...originHeaders(origin.headers), range: 'bytes=0-0' };
  const response = await net.request(origin.url, { headers, signal });
  drop(response);
  const { status } = response;
  const total = status === 206 || status === 416 ? totalOf(response.headers['content-range']) : null;
  if (status === 206) return { ...factsOf(response, total), ranges: 'given' };
  if (status === 416 && total === 0) return factsOf(response, 0);
  if (status !== 200) throw refusalOf(status, response.headers);
  return { ...factsOf(response, lengthOf(response.headers)), ranges: 'refused' };
}

async function byHead(net: Net, origin: Origin, signal: AbortSignal): Promise<Facts | null> {
  const response = await net.request(origin.url, {
    method: 'HEAD',
    headers: originHeaders(origin.headers),
    signal,
  });
  drop(response);
  if (response.status === 404 || response.status === 410) throw refusalOf(response.status, response.headers);
  // A length of 0 is what servers say that do not know it at HEAD.
  const length = response.status === 200 ? lengthOf(response.headers) : null;
  return length === null || length === 0 ? null : factsOf(response, length);
}

/** What every request to an origin says; the link's own headers win, except over the encoding: ranges count bytes of the file itself. */
export function originHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return { accept: '*/*', 'user-agent': 'Tributary', ...headers, 'accept-encoding': 'identity' };
}

/** The error an origin's status means to our client (404 and 410 are its own; 401 and 403 are between us and the origin). */
export function refusalOf(status: number, headers: NetHeaders): UpstreamFailed {
  const after = headers['retry-after'];
  if ((status === 429 || status === 503) && typeof after === 'string' && /^\d{1,6}$/.test(after))
    return new Busy(status, Number(after));
  if (status === 404 || status === 410)
    return new UpstreamFailed('The origin does not have this file any more.', { retryable: false, status });
  if (status === 429 || status === 503)
    return new UpstreamFailed('The origin is overloaded. Try again in a moment.', {
      retryable: status === 503,
      status,
    });
  if (status === 401 || status === 403)
    return new UpstreamFailed('The origin refuses access to this file.', { retryable: false });
  if (status === 504)
    return new UpstreamFailed('The origin did not answer in time.', { retryable: true, status });
  return new UpstreamFailed(`The origin answered with status ${status}.`, { retryable: status >= 500 });
}

/** First byte, last byte and total of a Content-Range; nulls where it says `*` or is unreadable. */
export function parseContentRange(
  value: string | string[] | undefined,
): { start: number; last: number; total: number | null } | null {
  if (typeof value !== 'string') return null;
  const [, start, last, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(value.trim()) ?? [];
  if (start === undefined || last === undefined) return null;
  return { start: Number(start), last: Number(last), total: total === '*' ? null : Number(total) };
}

export function strongEtag(headers: NetHeaders): string | null {
  const { etag } = headers;
  return typeof etag === 'string' && /^"[\x21\x23-\x7e\u0080-\u00ff]{0,200}"$/.test(etag) ? etag : null;
}

export function lastModifiedOf(headers: NetHeaders): Date | null {
  const value = headers['last-modified'];
  return typeof value === 'string' ? parseHttpDate(value) : null;
}

/** The body's length; null when it is not told or the body is compressed (then it is not the file's). */
export function lengthOf(headers: NetHeaders): number | null {
  const encoding = headers['content-encoding'];
  const length = headers['content-length'];
  if ((encoding !== undefined && encoding !== 'identity') || typeof length !== 'string') return null;
  return /^\d{1,15}$/.test(length) ? Number(length) : null;
}

function totalOf(contentRange: string | string[] | undefined): number | null {
  if (typeof contentRange !== 'string') return null;
  const total = /\/(\d{1,15})$/.exec(contentRange.trim())?.[1];
  return total === undefined ? null : Number(total);
}

function factsOf({ url, headers }: NetResponse, sizeBytes: number | null): Facts {
  const contentType = headers['content-type'];
  return {
    url,
    sizeBytes,
    contentType: typeof contentType === 'string' ? contentType : null,
    etag: strongEtag(headers),
    lastModified: lastModifiedOf(headers),
    spelled: { etag: headers.etag, lastModified: headers['last-modified'] },
    ranges: rangesIn(headers['accept-ranges']),
    filename: filenameIn(headers['content-disposition']),
  };
}

/** RFC 9110 §14.3. */
function rangesIn(accepted: NetHeaders[string]): Facts['ranges'] {
  if (typeof accepted !== 'string') return null;
  if (/\bbytes\b/i.test(accepted)) return 'said';
  return /^\s*none\s*$/i.test(accepted) ? 'denied' : null;
}

function filenameIn(disposition: string | string[] | undefined): string | null {
  if (typeof disposition !== 'string') return null;
  const extended = /filename\*\s*=\s*utf-8'[^']*'([^;]+)/i.exec(disposition)?.[1];
  try {
    if (extended !== undefined) return decodeURIComponent(extended.trim());
  } catch {
    // not UTF-8: the plain one is as good
  }
  const plain = /filename\s*=\s*(?:"([^"]{1,255})"|([^;\s]{1,255}))/i.exec(disposition);
  return plain?.[1] ?? plain?.[2] ?? null;
}

/** Gives the connection back: a small rest is read, a body we asked one byte of but got whole is cut. */
function drop({ body }: NetResponse): void {
  body.on('error', () => {});
  body.dump({ limit: 1024 }).catch(() => {});
}
