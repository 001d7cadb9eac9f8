import { constants } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { isInside, joined } from '../../kit/byte-paths.ts';
import { contentTypeOf } from '../../kit/content-type.ts';
import { NotFound, UpstreamFailed } from '../../kit/errors.ts';
import type { ByteRange } from '../../kit/range.ts';
import type { ByteSink, ByteSource } from '../kind.ts';
import { createFlow } from '../sink-flow.ts';

const BUFFER_BYTES = 256 * 1024;
/** One being read, one being sent, one waiting. */
const BUFFERS_PER_READER = 3;
/** 32 MiB kept for the next reader; more readers than that allocate. */
const MAX_SPARE_BUFFERS = 128;
/** Latin-1 beyond ASCII, and no text that it has no letters for. */
const LATIN1 = /^[\0-\xff]*[\x80-\xff][\0-\xff]*$/;
/** Never through a link in the last step, never waiting for the other end of a pipe. Windows has neither flag. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Read buffers that go round: a fresh 256 KiB for each read costs more than the read. */
export type Buffers = { take(): Buffer; give(buffer: Buffer): void };

export function createBuffers(): Buffers {
  const spare: Buffer[] = [];
  return {
    take: () => spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES),
    give(buffer) {
      if (spare.length < MAX_SPARE_BUFFERS) spare.push(buffer);
    },
  };
}

/**
 * Opens `path` inside `folder`. One answer, NotFound, for a missing file, a folder, a device and whatever a link leads
 * to outside: nobody can find out by asking what else is on this machine.
 */
export async function openLocal(folder: string, path: string, buffers: Buffers): Promise<ByteSource> {
  const handle = await openInside(folder, path).catch((cause: unknown) => {
    throw notFound(cause);
  });
  try {
    const info = await handle.stat({ bigint: true });
    if (!info.isFile()) throw notFound(null);
    const size = Number(info.size);
    return {
      size,
      contentType: contentTypeOf(path),
      etag: `"${size.toString(36)}-${info.mtimeNs.toString(36)}"`,
      lastModified: info.mtime,
      send: (range, sink, signal) => sendFile({ handle, buffers, range, sink, signal }),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openInside(folder: string, path: string): Promise<FileHandle> {
  try {
    return await openByText(folder, path);
  } catch (error) {
    // Where a name is no UTF-8, its text is Latin-1 (`readableName`), and leads nowhere as it stands.
    if (!isMissing(error) || !path.split('/').some((name) => LATIN1.test(name))) throw error;
    return await openByBytes(folder, path);
  }
}

async function openByText(folder: string, path: string): Promise<FileHandle> {
  const root = await realpath(folder);
  // Symbolic links are followed here, all of them; what they lead to must still be inside.
  const real = await realpath(join(root, path));
  const inside = relative(root, real);
  if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside))
    throw notFound(null);
  if (!(await lstat(real)).isFile()) throw notFound(null);
  return await open(real, OPEN_FLAGS);
}

async function openByBytes(folder: string, path: string): Promise<FileHandle> {
  const root = await realpath(folder, { encoding: 'buffer' });
  let at: Buffer = root;
  for (const name of path.split('/')) at = await nextOf(at, name);
  const real = await realpath(at, { encoding: 'buffer' });
  if (real.equals(root) || !isInside(root, real)) throw notFound(null);
  if (!(await lstat(real)).isFile()) throw notFound(null);
  return await open(real, OPEN_FLAGS);
}

/** By its text where there is such, else by its Latin-1 bytes. */
async function nextOf(folder: Buffer, name: string): Promise<Buffer> {
  const byText = joined(folder, Buffer.from(name, 'utf8'));
  if (!LATIN1.test(name)) return byText;
  return await lstat(byText).then(
    () => byText,
    () => joined(folder, Buffer.from(name, 'latin1')),
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

type Reading = {
  handle: FileHandle;
  buffers: Buffers;
  range: ByteRange;
  sink: ByteSink;
  signal: AbortSignal;
};

async function sendFile({ handle, buffers, range, sink, signal }: Reading): Promise<void> {
  const flow = createFlow(sink, signal, BUFFERS_PER_READER);
  try {
    for (let at = range.start; at < range.end; ) {
      await flow.ready();
      const buffer = buffers.take();
      const { bytesRead } = await handle.read(buffer, 0, Math.min(BUFFER_BYTES, range.end - at), at);
      signal.throwIfAborted();
      if (bytesRead === 0)
        throw new UpstreamFailed('The file became shorter while it was read.', { retryable: false });
      flow.write(buffer.subarray(0, bytesRead), () => buffers.give(buffer));
      at += bytesRead;
    }
    await flow.finish();
  } finally {
    flow.close();
  }
}

function notFound(cause: unknown): NotFound {
  const error = new NotFound('stream.file_missing', 'This file is not in the folder any more.');
  error.cause = cause;
  return error;
}
