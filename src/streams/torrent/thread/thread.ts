/** The thread in which torrents are downloaded: sockets of peers, hashes and the choice of blocks stay off the thread that answers viewers. */
import { join } from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { concreteAddress } from '../../../platform/address-rules.ts';
import { createLog } from '../../../platform/log.ts';
import { createNet } from '../../../platform/net.ts';
import { Dht } from '../dht/index.ts';
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

/** What is answered. */
type Asked = Exclude<ToThread, { type: 'sent' | 'abort' | 'release' | 'limits' | 'hold' }>;

if (parentPort !== null) await serve(parentPort, workerData);

async function serve(port: MessagePort, data: ThreadData): Promise<void> {
  const { outbound, publicUrl, memoryBytes, cache, utp, deadMs, limits, listen } = data;
  const file = cache.maxBytes > 0 ? join(cache.folder, 'dht.json') : null;
  const ownPorts = new Set<number>();
  const host = concreteAddress(listen.host);
  const net = createNet({ ...outbound, publicUrl, ownPorts: () => ownPorts, localAddress: host });
  const dht = data.dht === null ? null : new Dht({ net, file, ...data.dht });
  const shared = new Set<number>();
  const maxOutBytes = Math.min(MAX_OUT_BYTES, memoryBytes * MAX_OUT_SHARE);
  const calls = new Map<number, Call>();
  const post = (message: FromThread) => port.postMessage(message);
  const engine = await startEngine(data.engine, {
    ...{ net, log: createLog('silent'), memoryBytes, cache, utp, deadMs, limits, dht },
    ...(listen.port === undefined ? {} : { listen: { port: listen.port, host: listen.host } }),
    onWarning: (text) => post({ type: 'warned', text }),
    onAnnounced: (announced) => post({ type: 'announced', announced }),
    onGone(id) {
      if (shared.delete(id)) post({ type: 'gone', id });
    },
  });

  if (engine.listenPort !== null) ownPorts.add(engine.listenPort);

  let toldTotals = '';
  setInterval(() => {
    const states = engine.readStates();
    if (states.length > 0) post({ type: 'states', states });
    tellOfDht();
    tellTotals();
    tellStored();
  }, STATES_MS).unref();

  function tellTotals(): void {
    const totals = engine.totals();
    if (JSON.stringify(totals) === toldTotals) return;
    toldTotals = JSON.stringify(totals);
    post({ type: 'totals', totals });
  }

  let told = '';
  function tellOfDht(): void {
    const state = dht?.state();
    if (state === undefined || JSON.stringify(state) === told) return;
    told = JSON.stringify(state);
    post({ type: 'dht', state });
  }

  function tellStored(): void {
    const stored = engine.stored();
    if (stored.length > 0) post({ type: 'stored', stored });
  }

  port.on('message', (message: ToThread) => {
    switch (message.type) {
      case 'sent':
        return sent(message.call, message.part);
      case 'abort':
        return calls.get(message.call)?.abort.abort(new Error('the viewer has left'));
      case 'release':
        return engine.release(message.infoHash);
      case 'limits':
        return engine.setLimits(message.limits);
      case 'hold':
        for (const infoHash of message.infoHashes) engine.hold(infoHash, message.isHeld);
        return;
      default:
        return void answer(message);
    }
  });

  async function answer(message: Asked): Promise<void> {
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

  async function run(message: Asked, state: Call): Promise<unknown> {
    if (message.type === 'open') {
      for (const own of message.ownPorts) ownPorts.add(own);
      return await engine.open(message.spec, state.abort.signal);
    }
    if (message.type === 'read') return await read(message, state);
    if (message.type === 'remove') return await engine.remove(message.infoHash, message.isForced);
    await engine.close();
    await dht?.rest();
    tellStored();
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
