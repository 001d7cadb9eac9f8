import { createLog } from '../../src/platform/log.ts';
import type { Net } from '../../src/platform/net.ts';
import type { EngineName } from '../../src/streams/torrent/engine.ts';
import {
  startEngine,
  type ThreadEngine,
  type ThreadEngineOptions,
} from '../../src/streams/torrent/thread/thread-engine.ts';
import { openTempDir } from './processes.ts';

export const ENGINES: readonly EngineName[] = ['swarm', 'torrent-stream'];

const MIB = 1024 * 1024;

/** An engine as its thread begins it, with a cache folder of its own; ends with `close`. */
export async function openEngine(
  name: EngineName,
  net: Net,
  options: Partial<ThreadEngineOptions> = {},
): Promise<{ engine: ThreadEngine; folder: string; close(): Promise<void> }> {
  const dir = await openTempDir();
  const engine = await startEngine(name, {
    ...{ net, log: createLog('silent'), memoryBytes: 64 * MIB, deadMs: 1500 },
    ...{ cache: { folder: dir.path, maxBytes: 1024 * MIB }, onGone: () => {}, onAnnounced: () => {} },
    ...options,
  });
  const close = async () => {
    await engine.close();
    await dir[Symbol.asyncDispose]();
  };
  return { engine, folder: dir.path, close };
}

/** Reads a range of a file, `pace` between parts; answers its bytes. */
export async function readFrom(
  engine: ThreadEngine,
  infoHash: string,
  range: { start: number; end: number },
  {
    fileIndex = 0,
    signal = new AbortController().signal,
    pace = (_taken: number): Promise<unknown> | undefined => undefined,
  } = {},
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let taken = 0;
  for await (const { piece, from, to, release } of engine.read(infoHash, fileIndex, range, signal)) {
    parts.push(Buffer.from(piece.buffer.bytes.subarray(from, to)));
    taken += to - from;
    release();
    await pace(taken);
  }
  return Buffer.concat(parts);
}
