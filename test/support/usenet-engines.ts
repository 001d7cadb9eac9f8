import { createNet } from '../../src/platform/net.ts';
import { createSlabMemory } from '../../src/streams/slab-memory.ts';
import { openArticleDisk } from '../../src/streams/usenet/articles/disk.ts';
import type { Learned, OpenRelease, UsenetEngine, UsenetSpec } from '../../src/streams/usenet/engine.ts';
import type { ConnectionTimes } from '../../src/streams/usenet/nntp/connection.ts';
import type { Provider } from '../../src/streams/usenet/providers/provider.ts';
import { createLocalEngine, type LocalEngine } from '../../src/streams/usenet/thread/local-engine.ts';
import { createRemoteEngine } from '../../src/streams/usenet/thread/remote-engine.ts';
import { createYenc } from '../../src/streams/usenet/yenc/yenc.ts';

const MIB = 1024 * 1024;
export const NEVER = new AbortController().signal;

export type EngineOptions = { providers: readonly Provider[]; memoryBytes?: number };
type Told = { learned: Map<string, Learned>; gone: string[] };

/** The engine in its own thread, as the product has it. */
export function openThread({
  providers,
  memoryBytes = 96 * MIB,
}: EngineOptions): AsyncDisposable & Told & { engine: UsenetEngine } {
  const learned = new Map<string, Learned>();
  const gone: string[] = [];
  const engine = createRemoteEngine({
    ...{ providers, memoryBytes, publicUrl: null, ownPorts: () => [], fillsHoles: () => false },
    outbound: { mode: 'listed', allow: ['127.0.0.0/8'] },
    cache: { folder: '/nonexistent', maxBytes: 0 },
    onLearned: (key, more) => void learned.set(key, more),
    onGone: (key) => void gone.push(key),
    onWarning: (text) => {
      throw new Error(text);
    },
  });
  return { engine, learned, gone, [Symbol.asyncDispose]: () => engine.close() };
}

/** A half-open range as a viewer gets it. */
export async function readRange(
  open: OpenRelease,
  index: number,
  start: number,
  end: number,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const sink = {
    write(chunk: Uint8Array, done: () => void) {
      chunks.push(Buffer.from(chunk));
      done();
      return true;
    },
    onDrain() {},
  };
  await open.read(index, { start, end }, sink, NEVER);
  return Buffer.concat(chunks);
}

export type LocalRoom = AsyncDisposable &
  Told & {
    engine: LocalEngine;
    /** What was given, and what ended it where that came too early. */
    read(spec: UsenetSpec, range?: ReadWhat): Promise<Reading>;
  };
export type ReadWhat = {
  file?: number;
  start?: number;
  end?: number;
  signal?: AbortSignal;
  fillsHoles?: boolean;
};
/** Milliseconds: the whole, to the first byte, and the longest wait after it. */
export type Reading = { bytes: Buffer; error: unknown; ms: number; firstMs: number; gapMs: number };

/** The engine in this thread, where its memory can be looked at; `times` shorter than the product's. */
export async function openLocal(
  options: EngineOptions & { times?: Partial<ConnectionTimes> },
): Promise<LocalRoom> {
  const { providers, times, memoryBytes = 96 * MIB } = options;
  const learned = new Map<string, Learned>();
  const gone: string[] = [];
  const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  const memory = createSlabMemory(memoryBytes, () => {});
  const engine = createLocalEngine({
    ...{ net, yenc: createYenc(), memory, providers },
    disk: await openArticleDisk({ folder: '/nonexistent', maxBytes: 0, onWarning: () => {} }),
    ...(times === undefined ? {} : { times }),
    onLearned: (key, more) => void learned.set(key, more),
    onGone: (key) => void gone.push(key),
  });

  async function read(spec: UsenetSpec, what: ReadWhat = {}): Promise<Reading> {
    const { file = 0, start = 0, end = Number.POSITIVE_INFINITY, signal = NEVER, fillsHoles = false } = what;
    const chunks: Buffer[] = [];
    const since = performance.now();
    let [firstMs, gapMs, at] = [Number.POSITIVE_INFINITY, 0, since];
    let error: unknown = null;
    try {
      const files = await engine.open(spec, signal);
      try {
        const found = files[file];
        if (found === undefined) throw new Error('there is no such file');
        const range = { start, end: Math.min(end, found.sizeBytes) };
        for await (const part of engine.read(
          { key: spec.key, fileIndex: found.index, range, fillsHoles },
          signal,
        )) {
          const now = performance.now();
          if (chunks.length === 0) firstMs = now - since;
          else gapMs = Math.max(gapMs, now - at);
          at = now;
          chunks.push(Buffer.from(part.buffer.bytes.subarray(part.from, part.to)));
          part.release();
        }
      } finally {
        engine.release(spec.key);
      }
    } catch (caught) {
      error = caught;
    }
    return { bytes: Buffer.concat(chunks), error, ms: performance.now() - since, firstMs, gapMs };
  }

  return {
    ...{ engine, learned, gone, read },
    async [Symbol.asyncDispose]() {
      await engine.close();
      await net.close();
    },
  };
}
