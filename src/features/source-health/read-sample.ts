import { NotFound } from '../../kit/errors.ts';
import type { StreamKind } from '../../streams/kind.ts';
import type { LinkSample } from './queries/links.ts';

/** Read of the file: some tenths of a second of a film. */
const SAMPLE_BYTES = 512 * 1024;

export type SampleRead = { firstByteMs: number; bytesPerSecond: number | null };

/** Reads the beginning of a file as a player would. Rejects with what opening and reading it throw. */
export async function readSample(
  kinds: { get(kind: string): StreamKind | undefined },
  { kind, streamId }: Pick<LinkSample, 'kind' | 'streamId'>,
  signal: AbortSignal,
): Promise<SampleRead> {
  const open = kinds.get(kind)?.open;
  if (open === undefined) throw new NotFound('source.no_bytes', 'Its bytes cannot be read here.');
  const begun = performance.now();
  const source = await open({ streamId, fileIndex: null }, signal);
  try {
    let [first, bytes] = [0, 0];
    const sink = {
      write(chunk: Uint8Array, done: () => void) {
        if (first === 0) first = performance.now();
        bytes += chunk.byteLength;
        done();
        return true;
      },
      onDrain() {},
    };
    const end = Math.min(SAMPLE_BYTES, source.size ?? SAMPLE_BYTES);
    const sending = end > 0 ? source.send({ start: 0, end }, sink, signal) : Promise.resolve();
    await sending.catch((error: unknown) => {
      signal.throwIfAborted();
      // Of unknown length it may be shorter than the sample; what came says that it is there.
      if (source.size !== null || bytes === 0) throw error;
    });
    const now = performance.now();
    const seconds = (now - first) / 1000;
    // A file in one piece took no time that could be measured.
    return { firstByteMs: (first || now) - begun, bytesPerSecond: seconds > 0 ? bytes / seconds : null };
  } finally {
    await source.close();
  }
}
