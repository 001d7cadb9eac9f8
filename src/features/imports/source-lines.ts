import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { createGunzip, type Gunzip } from 'node:zlib';
import { AppError, UpstreamFailed } from '../../kit/errors.ts';
import type { Net } from '../../platform/net.ts';

/** Lines past this are no line of any list we read (their longest are some kilobytes): left out, and never held whole. */
const MAX_LINE_CHARS = 64 * 1024;
/** Stands for a line that was too long. */
const TOO_LONG = '\0too long';
/** A line that is shown is cut to this. */
const MAX_SHOWN_CHARS = 120;

/** A file by path or URL that may be read from its beginning as often as wanted. */
export type Source = {
  /** For messages: no folder, no credentials, no query. */
  name: string;
  /** Another text when it is another file, or changed. */
  fingerprint: string;
  sizeBytes: number | null;
  open(signal: AbortSignal): Promise<Readable>;
};

/** Looks whether it is there. Throws AppError `imports.no_file` or UpstreamFailed. */
export async function findSource(
  net: Pick<Net, 'request'>,
  place: string,
  signal: AbortSignal,
): Promise<Source> {
  return /^https?:\/\//i.test(place) ? await urlSource(net, new URL(place), signal) : await fileSource(place);
}

export type Sources<Name extends string> = ReadonlyMap<Name, Source>;

/** Those of several that were named, in that order. Throws as `findSource`. */
export async function findSources<Name extends string>(
  net: Pick<Net, 'request'>,
  order: readonly Name[],
  places: Partial<Record<Name, string>>,
  signal: AbortSignal,
): Promise<Sources<Name>> {
  const sources = new Map<Name, Source>();
  for (const name of order) {
    const place = places[name];
    if (place !== undefined) sources.set(name, await findSource(net, place, signal));
  }
  return sources;
}

/** Another text when a file or one of the settings is another: then a run begins anew. */
export function runOf(sources: Sources<string>, settings: readonly unknown[]): string {
  const told = [[...sources].map(([name, { fingerprint }]) => [name, fingerprint]), ...settings];
  return createHash('sha256').update(JSON.stringify(told)).digest('hex').slice(0, 24);
}

async function fileSource(path: string): Promise<Source> {
  const name = basename(path);
  const facts = await stat(path).catch(() => null);
  if (facts === null || !facts.isFile())
    throw new AppError('imports.no_file', `There is no readable file ${path}.`, { status: 404 });
  return {
    name,
    fingerprint: `${name} ${facts.size} ${facts.mtimeMs}`,
    sizeBytes: facts.size,
    open: async () => createReadStream(path, { highWaterMark: 64 * 1024 }),
  };
}

async function urlSource(net: Pick<Net, 'request'>, url: URL, signal: AbortSignal): Promise<Source> {
  const name = basename(url.pathname);
  const head = await net.request(url, { method: 'HEAD', signal });
  await head.body.dump();
  if (head.status !== 200) throw notFetched(name, head.status);
  const { etag, 'last-modified': modified, 'content-length': length } = head.headers;
  return {
    name,
    fingerprint: [url.href, etag, modified, length].join(' '),
    sizeBytes: length === undefined ? null : Number(length),
    async open(wanted) {
      const response = await net.request(url, {
        headers: { 'accept-encoding': 'identity' },
        signal: wanted,
      });
      // Broken off while nobody listens, it would end the process.
      response.body.on('error', () => {});
      if (response.status === 200) return response.body;
      response.body.destroy();
      throw notFetched(name, response.status);
    },
  };
}

function notFetched(name: string, status: number): UpstreamFailed {
  return new UpstreamFailed(`${name} could not be fetched (status ${status}).`, {
    retryable: status >= 500,
    status: status === 404 ? 404 : 502,
  });
}

/** How the reading of a file goes. */
type Read = {
  /** Why it ended before its end; null = it did not. */
  failure(): string | null;
  /** Of the file as it lies there, 0 to 1; 0 where its size is not known. */
  share(): number;
};
/** The lines of a file, some thousands at a time. */
export type Lines = AsyncIterable<readonly string[]> & Read;

/** Reads text or gzip, whichever it is. A file that breaks off ends early instead of throwing: what came before counts. */
export function readBytes(source: Source, signal: AbortSignal): AsyncIterable<Uint8Array> & Read {
  let failure: string | null = null;
  let taken = 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const raw = await source.open(signal);
    const { text, broke } = unpacked(raw, (bytes) => {
      taken += bytes;
    });
    try {
      for await (const chunk of text) if (chunk instanceof Uint8Array) yield chunk;
      const error = broke();
      if (error !== null) failure = whyItEnded(source.name, error);
    } finally {
      raw.destroy();
      text.destroy();
    }
  }
  return {
    [Symbol.asyncIterator]: () => chunks(),
    failure: () => failure,
    share: () => (source.sizeBytes === null || source.sizeBytes === 0 ? 0 : taken / source.sizeBytes),
  };
}

/** As `readBytes`, line by line. */
export function readLines(source: Source, signal: AbortSignal): Lines {
  const bytes = readBytes(source, signal);
  return {
    [Symbol.asyncIterator]: () => splitLines(bytes),
    failure: bytes.failure,
    share: bytes.share,
  };
}

/** Gunzips when the first two bytes say so. An error ends the text after what came before it, and is told by `broke`. */
function unpacked(raw: Readable, onBytes: (bytes: number) => void) {
  let error: Error | null = null;
  let target: Transform | Gunzip | null = null;
  const text = plain();
  const end = (failed: Error) => {
    error ??= failed;
    text.end();
  };
  const front = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      onBytes(chunk.length);
      target ??= begin(chunk);
      if (target.write(chunk)) done();
      else target.once('drain', () => done());
    },
    flush(done) {
      if (target === null) text.end();
      else target.end();
      done();
    },
  });
  function begin(chunk: Buffer): Transform | Gunzip {
    const unpacker =
      chunk[0] === 0x1f && chunk[1] === 0x8b ? createGunzip({ chunkSize: 64 * 1024 }) : plain();
    unpacker.on('error', end);
    unpacker.pipe(text);
    return unpacker;
  }
  // Broken off: what was read is unpacked first.
  raw.on('error', (failed) => {
    error ??= failed;
    if (target === null) text.end();
    else target.end();
  });
  text.on('close', () => {
    raw.destroy();
    front.destroy();
    target?.destroy();
  });
  raw.pipe(front);
  front.resume();
  return { text, broke: () => error };
}

function plain(): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      done(null, chunk);
    },
  });
}

/** At `\n` only. What is not UTF-8 becomes U+FFFD, by which it is known. */
async function* splitLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder();
  const cut = createCutter();
  for await (const chunk of bytes) yield cut(decoder.decode(chunk, { stream: true }));
  const rest = decoder.decode();
  const last = cut(`${rest}\n`);
  if (last.length > 1 || last[0] !== '') yield last;
}

/** Takes text bit by bit and answers its whole lines; a line that is too long is not held. */
function createCutter(): (text: string) => string[] {
  let rest = '';
  let isTooLong = false;
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (isTooLong && lines.length > 0) {
      lines[0] = TOO_LONG;
      isTooLong = false;
    }
    isTooLong ||= rest.length > MAX_LINE_CHARS;
    if (isTooLong) rest = '';
    return lines;
  };
}

function whyItEnded(name: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'Z_BUF_ERROR') return `${name} ends in the middle: it was not downloaded whole.`;
  if (code === 'Z_DATA_ERROR') return `${name} is damaged: its gzip cannot be read on.`;
  if (error instanceof AppError) return `${name}: ${error.message}`;
  if (code === 'EISDIR' || code === 'EACCES' || code === 'EIO') return `${name} cannot be read.`;
  return `${name} broke off while it was fetched.`;
}

/** What makes a line unreadable before it is looked into. */
export function faultOf(line: string): string | null {
  if (line === TOO_LONG || line.length > MAX_LINE_CHARS) return 'an over-long line';
  if (line.includes('\uFFFD')) return 'not UTF-8';
  return line.includes('\0') ? 'a NUL' : null;
}

/** `: ` and the line, for a list of the broken ones; nothing of one that was too long. */
export function shownLine(line: string): string {
  if (line === TOO_LONG) return '';
  return `: ${line
    .slice(0, MAX_SHOWN_CHARS)
    .replace(/\p{Cc}/gu, ' ')
    .toWellFormed()}`;
}
