import { randomBytes } from 'node:crypto';
import { evaluatePreconditions, ifRangeHolds } from '../kit/conditional.ts';
import { contentDisposition } from '../kit/content-disposition.ts';
import { AppError } from '../kit/errors.ts';
import { type ByteRange, contentRange, parseRangeHeader, unsatisfiedContentRange } from '../kit/range.ts';
import type { ByteSource } from '../streams/kind.ts';
import type { PlayHeaders, PlayRequest, PlayResponse } from './deps.ts';
import { ResponseSink, type Told, type Window } from './response-sink.ts';

export type Sending = {
  source: ByteSource;
  /** For Content-Disposition; null = no name. */
  filename: string | null;
  /** Aborts when the client is gone or the stream is stopped. */
  signal: AbortSignal;
  told: Told;
  window: Window;
};

/**
 * Answers GET or HEAD with a source (RFC 9110 §13–14): 200, 206, multipart/byteranges, 304; throws AppError 412 and 416.
 * The head goes out with the first byte, so what fails before it can still be answered as an error. Rejects when the
 * body cannot be finished; the caller then destroys the response, never ends it short.
 */
export function sendSource(
  { method, headers }: Pick<PlayRequest, 'method' | 'headers'>,
  response: PlayResponse,
  sending: Sending,
): Promise<void> {
  const { source } = sending;
  const { etag, lastModified, size } = source;
  const isSeekable = size !== null && source.isForwardOnly?.() !== true;
  const fixed = representation(sending, isSeekable);
  const own = dlna(headers, isSeekable);
  const precondition = evaluatePreconditions({ method, headers, etag, lastModified });
  if (precondition === 'failed')
    throw new AppError('play.precondition_failed', 'The file is another one by now.', { status: 412 });
  if (precondition === 'not-modified') return end(response, 304, withoutContent(fixed), {});
  if (method === 'HEAD')
    return end(response, 200, fixed, size === null ? own : { ...own, 'Content-Length': size });
  if (size === null) return sendOne(response, sending, { status: 200, fixed, own, range: ALL });

  const [first, ...more] = rangesIn(headers, source, size, isSeekable);
  if (first === undefined) {
    own['Content-Length'] = size;
    return sendOne(response, sending, { status: 200, fixed, own, range: { start: 0, end: size } });
  }
  if (more.length > 0) return sendMultipart(response, sending, { fixed, own }, [first, ...more]);
  own['Content-Range'] = contentRange(first, size);
  own['Content-Length'] = first.end - first.start;
  return sendOne(response, sending, { status: 206, fixed, own, range: first });
}

/** What to send of it; none = the whole, as a 200. Throws AppError 416. */
function rangesIn(
  headers: PlayRequest['headers'],
  { etag, lastModified }: ByteSource,
  size: number,
  isSeekable: boolean,
): readonly ByteRange[] {
  const isSame = ifRangeHolds(headers['if-range']?.toString(), etag, lastModified);
  const parsed = parseRangeHeader(isSame ? headers.range?.toString() : undefined, size);
  if (parsed.kind === 'unsatisfiable')
    throw new AppError('play.range_not_satisfiable', 'The file ends before this range.', {
      status: 416,
      headers: { 'Content-Range': unsatisfiedContentRange(size) },
    });
  if (parsed.kind !== 'ranges') return [];
  const { ranges } = parsed;
  // By a 206 to `bytes=0-` libmpv and ffmpeg know that they may seek, by a 200 that they may not.
  const isAll = ranges.length > 1 || (ranges[0]?.start === 0 && ranges[0].end === size);
  return isAll && !isSeekable ? [] : ranges;
}

/** A live source of unknown length: chunked, no ranges. */
const ALL: ByteRange = { start: 0, end: Number.POSITIVE_INFINITY };

type OwnHeaders = Record<string, string | number>;
type Head = { fixed: PlayHeaders; own: OwnHeaders };
type One = Head & { status: number; range: ByteRange };

function sendOne(
  response: PlayResponse,
  sending: Sending,
  { status, fixed, own, range }: One,
): Promise<void> {
  const { source, told, window, signal } = sending;
  const sink = new ResponseSink(response, window, told);
  sink.beginWith(() => {
    told.onStart(range.start);
    response.writeHead(status, fixed, own);
  });
  const finish = () => {
    sink.begin();
    response.end();
  };
  if (range.end > range.start) return source.send(range, sink, signal).then(finish);
  finish();
  return DONE;
}

/** RFC 9110 §15.3.7.2. The length is known beforehand, so it is not chunked; each byte of the source is asked for once. */
async function sendMultipart(
  response: PlayResponse,
  sending: Sending,
  { fixed, own }: Head,
  ranges: readonly ByteRange[],
): Promise<void> {
  const { source, told, window, signal } = sending;
  const boundary = randomBytes(12).toString('hex');
  const parts = ranges.map((range, index) => {
    const type = `Content-Type: ${fixed['Content-Type']}\r\nContent-Range: ${contentRange(range, source.size)}`;
    return { range, head: `${index === 0 ? '' : '\r\n'}--${boundary}\r\n${type}\r\n\r\n` };
  });
  const tail = `\r\n--${boundary}--\r\n`;
  const length = parts.reduce(
    (sum, { range, head }) => sum + head.length + range.end - range.start,
    tail.length,
  );
  const multipart = { ...fixed, 'Content-Type': `multipart/byteranges; boundary=${boundary}` };
  const sink = new ResponseSink(response, window, told);
  for (const [index, { range, head }] of parts.entries()) {
    sink.beginWith(() => {
      if (index === 0) response.writeHead(206, multipart, { ...own, 'Content-Length': length });
      told.onStart(range.start);
      response.write(head);
    });
    await source.send(range, sink, signal);
  }
  response.end(tail);
}

/** A player asks for the same file under the same name again and again: 200 ranges a film. */
const represented = new WeakMap<
  ByteSource,
  { filename: string | null; isSeekable: boolean; headers: PlayHeaders }
>();

function representation({ source, filename }: Sending, isSeekable: boolean): PlayHeaders {
  const known = represented.get(source);
  if (known?.filename === filename && known.isSeekable === isSeekable) return known.headers;
  const { contentType, safety } = servedType(source.contentType);
  const headers: PlayHeaders = {
    'Content-Type': contentType,
    'Accept-Ranges': isSeekable ? 'bytes' : 'none',
    'Cache-Control': 'private, no-transform',
    ...(source.etag === null ? {} : { ETag: source.etag }),
    ...(source.lastModified === null ? {} : { 'Last-Modified': source.lastModified.toUTCString() }),
    'Content-Disposition': contentDisposition('inline', filename ?? ''),
    ...safety,
  };
  represented.set(source, { filename, isSeekable, headers });
  return headers;
}

/** A file of a stranger must not run as a page or script of this server, where the owner is signed in. */
function servedType(type: string): { contentType: string; safety: PlayHeaders } {
  const contentType = /html|svg|script|\bcss\b|\/pdf|[/]xml\b/i.test(type)
    ? 'application/octet-stream'
    : type;
  // Browsers show every `+xml` type as a document; DASH manifests are one.
  return {
    contentType,
    safety: /\+xml\b/i.test(contentType) ? { 'Content-Security-Policy': 'sandbox' } : {},
  };
}

/** Only televisions that ask get these (DLNA guidelines 7.4.1.3): seek by bytes or not at all, streaming mode. */
function dlna(headers: PlayRequest['headers'], isSeekable: boolean): OwnHeaders {
  if (headers['getcontentfeatures.dlna.org'] !== '1') return {};
  return {
    'contentFeatures.dlna.org': `DLNA.ORG_OP=${isSeekable ? '01' : '00'};DLNA.ORG_CI=0;DLNA.ORG_FLAGS=01700000000000000000000000000000`,
    'transferMode.dlna.org': 'Streaming',
  };
}

/** RFC 9110 §15.4.5: a 304 repeats validators and caching, nothing about the content. */
function withoutContent({
  ETag,
  'Last-Modified': modified,
  'Cache-Control': caching,
}: PlayHeaders): PlayHeaders {
  return {
    ...(ETag === undefined ? {} : { ETag }),
    ...(modified === undefined ? {} : { 'Last-Modified': modified }),
    ...(caching === undefined ? {} : { 'Cache-Control': caching }),
  };
}

function end(response: PlayResponse, status: number, fixed: PlayHeaders, own: PlayHeaders): Promise<void> {
  response.writeHead(status, fixed, own);
  response.end();
  return DONE;
}

const DONE = Promise.resolve();
