import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { evaluatePreconditions, ifRangeHolds } from '../kit/conditional.ts';
import { contentDisposition } from '../kit/content-disposition.ts';
import { AppError } from '../kit/errors.ts';
import { type ByteRange, contentRange, parseRangeHeader, unsatisfiedContentRange } from '../kit/range.ts';
import type { ByteSource } from '../streams/kind.ts';
import { responseSinks, type Window } from './response-sink.ts';

export type Sending = {
  source: ByteSource;
  /** For Content-Disposition; null = no name. */
  filename: string | null;
  /** Aborts when the client is gone or the stream is stopped. */
  signal: AbortSignal;
  /** The head goes out now, before the byte at `offset`; of several parts each begins so. */
  onStart(offset: number): void;
  /** Bytes of the file (not of part heads) that went out to the client. */
  onDelivered(sizeBytes: number): void;
  /** The source broke off and goes on by itself. */
  onResumed(): void;
  window: Window;
};

type Headers = Record<string, string | number>;

/**
 * Answers GET or HEAD with a source (RFC 9110 §13–14): 200, 206, multipart/byteranges, 304; throws AppError 412 and 416.
 * The head goes out with the first byte, so what fails before it can still be answered as an error. Rejects when the
 * body cannot be finished; the caller then destroys the response, never ends it short.
 */
export async function sendSource(req: IncomingMessage, res: ServerResponse, sending: Sending): Promise<void> {
  const { source } = sending;
  const { etag, lastModified, size } = source;
  const headers = representation(req, sending);
  const method = req.method ?? 'GET';
  const precondition = evaluatePreconditions({ method, headers: req.headers, etag, lastModified });
  if (precondition === 'failed')
    throw new AppError('play.precondition_failed', 'The file is another one by now.', { status: 412 });
  if (precondition === 'not-modified') return end(res, 304, withoutContent(headers));
  if (size === null) return await sendUnknown(req, res, sending, headers);
  if (method === 'HEAD') return end(res, 200, { ...headers, 'Content-Length': size });

  const range = ifRangeHolds(req.headers['if-range']?.toString(), etag, lastModified)
    ? req.headers.range
    : undefined;
  const parsed = parseRangeHeader(range, size);
  if (parsed.kind === 'unsatisfiable')
    throw new AppError('play.range_not_satisfiable', 'The file ends before this range.', {
      status: 416,
      headers: { 'Content-Range': unsatisfiedContentRange(size) },
    });
  const [first, ...more] = parsed.kind === 'ranges' ? parsed.ranges : [];
  if (first === undefined)
    return await sendOne(res, sending, { status: 200, headers, range: { start: 0, end: size } });
  if (more.length > 0) return await sendMultipart(res, sending, headers, [first, ...more]);
  const partial = { ...headers, 'Content-Range': contentRange(first, size) };
  await sendOne(res, sending, { status: 206, headers: partial, range: first });
}

type One = { status: number; headers: Headers; range: ByteRange };

async function sendOne(
  res: ServerResponse,
  sending: Sending,
  { status, headers, range }: One,
): Promise<void> {
  const begin = once(() => {
    sending.onStart(range.start);
    res.writeHead(status, { ...headers, 'Content-Length': range.end - range.start });
  });
  if (range.end > range.start)
    await sending.source.send(range, responseSinks(res, sending)(begin), sending.signal);
  begin();
  res.end();
}

/** RFC 9110 §15.3.7.2. The length is known beforehand, so it is not chunked; each byte of the source is asked for once. */
async function sendMultipart(
  res: ServerResponse,
  sending: Sending,
  headers: Headers,
  ranges: readonly ByteRange[],
): Promise<void> {
  const { source, signal } = sending;
  const boundary = randomBytes(12).toString('hex');
  const parts = ranges.map((range, index) => {
    const type = `Content-Type: ${headers['Content-Type']}\r\nContent-Range: ${contentRange(range, source.size)}`;
    return { range, head: `${index === 0 ? '' : '\r\n'}--${boundary}\r\n${type}\r\n\r\n` };
  });
  const tail = `\r\n--${boundary}--\r\n`;
  const length = parts.reduce(
    (sum, { range, head }) => sum + head.length + range.end - range.start,
    tail.length,
  );
  const begin = once(() =>
    res.writeHead(206, {
      ...headers,
      'Content-Type': `multipart/byteranges; boundary=${boundary}`,
      'Content-Length': length,
    }),
  );
  const sinkFrom = responseSinks(res, sending);
  for (const { range, head } of parts) {
    const beginPart = once(() => {
      begin();
      sending.onStart(range.start);
      res.write(head);
    });
    await source.send(range, sinkFrom(beginPart), signal);
  }
  res.end(tail);
}

/** A live source: chunked, no ranges. */
async function sendUnknown(
  req: IncomingMessage,
  res: ServerResponse,
  sending: Sending,
  headers: Headers,
): Promise<void> {
  if (req.method === 'HEAD') return end(res, 200, headers);
  const begin = once(() => {
    sending.onStart(0);
    res.writeHead(200, headers);
  });
  const all = { start: 0, end: Number.POSITIVE_INFINITY };
  await sending.source.send(all, responseSinks(res, sending)(begin), sending.signal);
  begin();
  res.end();
}

/** A player asks for the same file under the same name again and again: 200 ranges a film. */
const represented = new WeakMap<ByteSource, { filename: string | null; headers: Headers }>();

function representation(req: IncomingMessage, { source, filename }: Sending): Headers {
  const known = represented.get(source);
  if (known?.filename === filename) return { ...known.headers, ...dlna(req) };
  const { contentType, safety } = servedType(source.contentType);
  const headers: Headers = {
    'Content-Type': contentType,
    'Accept-Ranges': source.size === null ? 'none' : 'bytes',
    'Cache-Control': 'private, no-transform',
    ...(source.etag === null ? {} : { ETag: source.etag }),
    ...(source.lastModified === null ? {} : { 'Last-Modified': source.lastModified.toUTCString() }),
    'Content-Disposition': contentDisposition('inline', filename ?? ''),
    ...safety,
  };
  represented.set(source, { filename, headers });
  return { ...headers, ...dlna(req) };
}

/** A file of a stranger must not run as a page or script of this server, where the owner is signed in. */
function servedType(type: string): { contentType: string; safety: Headers } {
  const contentType = /html|svg|script|\bcss\b|\/pdf|[/]xml\b/i.test(type)
    ? 'application/octet-stream'
    : type;
  // Browsers show every `+xml` type as a document; DASH manifests are one.
  return {
    contentType,
    safety: /\+xml\b/i.test(contentType) ? { 'Content-Security-Policy': 'sandbox' } : {},
  };
}

/** Only televisions that ask get these (DLNA guidelines 7.4.1.3): seek by bytes, streaming mode. */
function dlna(req: IncomingMessage): Headers {
  if (req.headers['getcontentfeatures.dlna.org'] !== '1') return {};
  return {
    'contentFeatures.dlna.org':
      'DLNA.ORG_OP=01;DLNA.ORG_CI=0;DLNA.ORG_FLAGS=01700000000000000000000000000000',
    'transferMode.dlna.org': 'Streaming',
  };
}

/** RFC 9110 §15.4.5: a 304 repeats validators and caching, nothing about the content. */
function withoutContent({ ETag, 'Last-Modified': modified, 'Cache-Control': caching }: Headers): Headers {
  return {
    ...(ETag === undefined ? {} : { ETag }),
    ...(modified === undefined ? {} : { 'Last-Modified': modified }),
    ...(caching === undefined ? {} : { 'Cache-Control': caching }),
  };
}

function end(res: ServerResponse, status: number, headers: Headers): void {
  res.writeHead(status, headers);
  res.end();
}

function once(run: () => void): () => void {
  let hasRun = false;
  return () => {
    if (hasRun) return;
    hasRun = true;
    run();
  };
}
