import { UpstreamFailed } from '../kit/errors.ts';
import type { Net } from './net.ts';
import { toUpstreamFailed } from './net-request.ts';

type Wanted = {
  /** What it is, for the messages: `The .torrent file`. */
  what: string;
  maxBytes: number;
  headers?: Readonly<Record<string, string>>;
  /** Asked for by POST with this. */
  body?: string;
  signal: AbortSignal;
};

/**
 * The whole of a small file by the guarded dialer. Throws UpstreamFailed: another status than 200, more than `maxBytes`
 * (told or sent), a body that ends early, and a compressed one, which nobody asked for: so nothing here can be a bomb.
 */
export async function fetchWhole(
  net: Pick<Net, 'request'>,
  url: string,
  { what, maxBytes, headers, body, signal }: Wanted,
): Promise<Uint8Array> {
  const asked = { ...headers, 'accept-encoding': 'identity' };
  const posted = body === undefined ? {} : ({ method: 'POST', body } as const);
  const response = await net.request(url, { headers: asked, ...posted, signal });
  // A body cut off below says so by an error event; one that nobody hears would end the process.
  response.body.on('error', () => {});
  try {
    if (response.status !== 200) {
      throw new UpstreamFailed(`${what} could not be fetched.`, {
        retryable: response.status >= 500,
        status: response.status === 404 ? 404 : 502,
      });
    }
    const { 'content-encoding': encoding = 'identity', 'content-length': length } = response.headers;
    if (encoding !== 'identity')
      throw new UpstreamFailed(`${what} came compressed, which was not asked for.`, { retryable: false });
    if (Number(length) > maxBytes) throw tooLarge(what, maxBytes);
    return await readWhole(response.body, what, maxBytes);
  } catch (error) {
    signal.throwIfAborted();
    throw toUpstreamFailed(error);
  } finally {
    response.body.destroy();
  }
}

async function readWhole(body: AsyncIterable<unknown>, what: string, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw tooLarge(what, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(what: string, maxBytes: number): UpstreamFailed {
  return new UpstreamFailed(`${what} is larger than ${Math.floor(maxBytes / 1024 / 1024)} MiB.`, {
    retryable: false,
  });
}
