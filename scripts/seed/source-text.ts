import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { BadInput, UpstreamFailed } from '../../src/kit/errors.ts';
import type { Net } from '../../src/platform/net.ts';
import { toUpstreamFailed } from '../../src/platform/net-request.ts';

/** A list of half a million channels is some 150 MB. */
const MAX_BYTES = 512 * 1024 * 1024;

/** The lines of a file by its path or web address, the latter through the guarded dialer. Throws where it ends too early. */
export async function* linesOf(net: Net, source: string, signal: AbortSignal): AsyncGenerator<string> {
  const bytes = /^https?:\/\//i.test(source) ? await fetched(net, source, signal) : await opened(source);
  const failed: unknown[] = [];
  const input = Readable.from(bounded(bytes, signal, (error) => failed.push(error)));
  yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const [error] = failed;
  if (error !== undefined) throw signal.aborted ? signal.reason : toUpstreamFailed(error);
}

async function* bounded(
  bytes: AsyncIterable<unknown>,
  signal: AbortSignal,
  onFailed: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  try {
    for await (const chunk of bytes) {
      signal.throwIfAborted();
      if (!(chunk instanceof Uint8Array)) continue;
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_BYTES) throw new BadInput('seed.too_large', 'The list is larger than 512 MiB.');
      yield chunk;
    }
  } catch (error) {
    // Thrown in here it would end the lines as if the list did: it is thrown behind them.
    onFailed(error);
  }
}

async function opened(path: string): Promise<AsyncIterable<unknown>> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile())
    throw new BadInput('seed.no_file', `There is no readable file ${path}.`);
  return createReadStream(path);
}

async function fetched(net: Net, url: string, signal: AbortSignal): Promise<AsyncIterable<unknown>> {
  const { status, body } = await net.request(url, { headers: { 'accept-encoding': 'identity' }, signal });
  if (status === 200) return body;
  await body.dump();
  throw new UpstreamFailed(`The list could not be fetched: its server answers ${status}.`, {
    retryable: false,
  });
}
