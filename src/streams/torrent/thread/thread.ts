/** The thread in which torrents are downloaded: sockets of peers, hashes and the choice of blocks stay off the thread that answers viewers. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { createLog } from '../../../platform/log.ts';
import { createNet } from '../../../platform/net.ts';
import { type FromThread, type ThreadData, type ToThread, toFailure } from './messages.ts';
import { startEngine, type ThreadPart } from './thread-engine.ts';

/** Given out and not yet sent, of one reader; a slow viewer stops here, and with it the reading ahead. */
const MAX_OUT_BYTES = 4 * 1024 * 1024;
const MAX_OUT_SHARE = 1 / 16;

const STATES_MS = 1000;

type Call = {
  abort: AbortController;
  /** Given out and not yet sent. */
  parts: Map<number, ThreadPart>;
  outBytes: number;
  onRoom: (() => void) | null;
  isAnswered: boolean;
};

if (parentPort !== null) await serve(parentPort, workerData);

async function serve(port: MessagePort, data: ThreadData): Promise<void> {
  const { outbound, publicUrl, memoryBytes, cache, deadMs } = data;
  const ownPorts = new Set<number>();
  const net = createNet({ ...outbound, publicUrl, ownPorts: () => ownPorts });
  const shared = new Set<number>();
  const maxOutBytes = Math.min(MAX_OUT_BYTES, memoryBytes * MAX_OUT_SHARE);
  const calls = new Map<number, Call>();
  const post = (message: FromThread) => port.postMessage(message);
  const engine = await startEngine(data.engine, {
    ...{ net, log: createLog('silent'), memoryBytes, cache, deadMs },
    onAnnounced: (announced) => post({ type: 'announced', announced }),
    onGone(id) {
      if (shared.delete(id)) post({ type: 'gone', id });
    },
  });

  setInterval(() => {
    const states = engine.readStates();
    if (states.length > 0) post({ type: 'states', states });
  }, STATES_MS).unref();

  port.on('message', (message: ToThread) => {
    if (message.type === 'sent') sent(message.call, message.part);
    else if (message.type === 'abort') calls.get(message.call)?.abort.abort(new Error('the viewer has left'));
    else if (message.type === 'release') engine.release(message.infoHash);
    else void answer(message);
  });

  async function answer(message: Exclude<ToThread, { type: 'sent' | 'abort' | 'release' }>): Promise<void> {
    const { call } = message;
    const state: Call = {
      ...{ abort: new AbortController(), parts: new Map(), outBytes: 0 },
      ...{ onRoom: null, isAnswered: false },
    };
    calls.set(call, state);
    try {
      post({ type: 'done', call, value: await run(message, state) });
    } catch (error) {
      post({ type: 'failed', call, error: toFailure(error) });
    } finally {
      state.isAnswered = true;
      forgetWhenSent(call, state);
    }
  }

  async function run(message: ToThread, state: Call): Promise<unknown> {
    if (message.type === 'open') {
      for (const own of message.ownPorts) ownPorts.add(own);
      return await engine.open(message.spec, state.abort.signal);
    }
    if (message.type === 'read') return await read(message, state);
    await engine.close();
    await net.close();
    return null;
  }

  async function read(
    { call, infoHash, fileIndex, range }: Extract<ToThread, { type: 'read' }>,
    state: Call,
  ): Promise<void> {
    let count = 0;
    const { signal } = state.abort;
    const release = () => {
      for (const part of state.parts.values()) part.release();
      state.parts.clear();
      state.onRoom?.();
      forgetWhenSent(call, state);
    };
    // Who left sends nothing any more.
    signal.addEventListener('abort', release, { once: true });
    for await (const part of engine.read(infoHash, fileIndex, range, signal)) {
      if (signal.aborted) {
        part.release();
        break;
      }
      count += 1;
      state.parts.set(count, part);
      state.outBytes += part.to - part.from;
      const { slab, offset } = part.piece.buffer;
      share(slab);
      post({ type: 'part', call, part: count, memory: slab, from: offset + part.from, to: offset + part.to });
      while (state.outBytes >= maxOutBytes && !signal.aborted)
        await new Promise<void>((resolve) => {
          state.onRoom = resolve;
        });
    }
  }

  function share(slab: number): void {
    if (shared.has(slab)) return;
    const memory = engine.memory.shared(slab);
    if (memory === undefined) return;
    shared.add(slab);
    post({ type: 'memory', id: slab, shared: memory });
  }

  function sent(call: number, number: number): void {
    const state = calls.get(call);
    const part = state?.parts.get(number);
    if (state === undefined || part === undefined) return;
    state.parts.delete(number);
    state.outBytes -= part.to - part.from;
    part.release();
    state.onRoom?.();
    state.onRoom = null;
    forgetWhenSent(call, state);
  }

  function forgetWhenSent(call: number, state: Call): void {
    if (state.isAnswered && state.parts.size === 0) calls.delete(call);
  }
}
