import { hash } from 'node:crypto';
import { contentTypeOf } from '../kit/content-type.ts';
import { UpstreamFailed } from '../kit/errors.ts';
import type { Net } from '../platform/net.ts';
import { type NetResponse, toUpstreamFailed } from '../platform/net-request.ts';
import { lastModifiedOf, lengthOf, parseContentRange, strongEtag } from '../streams/http/facts.ts';
import { type BodyHead, brokenOff, type GrowingBody } from './growing-body.ts';
import { type Address, addressKey, getFrom } from './origin-fetch.ts';

/** A body that breaks off is asked for again from where it ended, so many times. */
const MAX_RESUMES = 3;
const MEANINGLESS_TYPE = /^(application\/octet-stream|binary\/octet-stream|text\/plain|text\/html|$)/i;

type Filling = {
  net: Net;
  address: Address;
  response: NetResponse;
  body: GrowingBody;
  /** Whether so many bytes more may be kept. */
  mayGrow(moreBytes: number): boolean;
  signal: AbortSignal;
};

/** Reads an answer into memory; resumes at the exact byte where the origin can (RFC 9110 §13.1.5). */
export async function fillBody(filling: Filling): Promise<void> {
  const { net, address, body, signal } = filling;
  const { sizeBytes } = body.head;
  for (let resumes = 0, response = filling.response; ; resumes += 1) {
    const failure = await readInto(filling, response);
    if (failure === null) return body.end();
    const validator = strongEtag(filling.response.headers) ?? filling.response.headers['last-modified'];
    const canResume = sizeBytes !== null && typeof validator === 'string' && body.received() > 0;
    if (signal.aborted || !canResume || resumes === MAX_RESUMES || isFinal(failure)) throw failure;
    response = await getFrom(net, address, signal, {
      range: `bytes=${body.received()}-${sizeBytes - 1}`,
      'if-range': validator,
    });
    const part = parseContentRange(response.headers['content-range']);
    if (response.status !== 206 || part?.start !== body.received() || part.last !== sizeBytes - 1) {
      response.body.on('error', () => {}).destroy();
      throw failure;
    }
  }
}

/** null: the body came to its end as announced. */
async function readInto({ body, mayGrow, signal }: Filling, response: NetResponse): Promise<Error | null> {
  const { sizeBytes } = body.head;
  try {
    for await (const chunk of response.body) {
      if (!mayGrow(chunk.length)) throw tooLarge();
      body.push(chunk);
    }
    return sizeBytes === null || body.received() === sizeBytes ? null : brokenOff();
  } catch (error) {
    response.body.on('error', () => {}).destroy();
    // Nothing is missing, however the connection ends.
    if (body.isComplete()) return null;
    signal.throwIfAborted();
    return toUpstreamFailed(error);
  }
}

export function headOf({ headers }: NetResponse, address: Address): BodyHead {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw new UpstreamFailed('The origin compresses the segment although it was asked not to.', {
      retryable: false,
    });
  const told = headers['content-type'];
  const sizeBytes = lengthOf(headers);
  const lastModified = lastModifiedOf(headers);
  const derived = () => {
    const identity = `${addressKey(address)}\n${sizeBytes}\n${lastModified?.toISOString() ?? ''}`;
    return `"${hash('sha256', identity, 'base64url').slice(0, 22)}"`;
  };
  return {
    sizeBytes,
    contentType:
      typeof told === 'string' && !MEANINGLESS_TYPE.test(told)
        ? told
        : contentTypeOf(URL.parse(address.url)?.pathname ?? ''),
    // Without a length or a time nothing says that the bytes are the same next time.
    etag: strongEtag(headers) ?? (sizeBytes === null || lastModified === null ? null : derived()),
    lastModified,
  };
}

function tooLarge(): UpstreamFailed {
  return new UpstreamFailed('The segment is too large to be kept. Ask for it again.', { retryable: false });
}

function isFinal(error: Error): boolean {
  return error instanceof UpstreamFailed && !error.retryable;
}
