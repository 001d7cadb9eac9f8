import type { MessagePort } from 'node:worker_threads';
import type { SlabBuffer } from './slab-memory.ts';
import { type FromThread, type ToThread, toFailure } from './thread-messages.ts';

/** A part of a range as it lies in shared memory; `release` once it has been sent. */
export type ThreadPart = { buffer: SlabBuffer; from: number; to: number; release(): void };

/** One question: its asker may leave, and takes bytes in parts. */
export type Asked = {
  readonly signal: AbortSignal;
  /** Resolves when there is room for another one: a slow viewer stops here, and with it the reading ahead. */
  give(part: ThreadPart): Promise<void>;
};

export type ThreadServer<Ask, Tell> = {
  memory: { shared(slab: number): SharedArrayBuffer | undefined };
  /** Given out and not yet sent, of all askers together; shared evenly, up to 4 MiB each, and each has one part in any case. */
  maxOutBytes: number;
  run(question: Ask, asked: Asked): Promise<unknown>;
  onTell(message: Tell): void;
};

/** What a thread says besides its answers. */
export type ThreadTalk<Told> = {
  tell(told: Told): void;
  /** Nothing lies there any more, nor will. */
  forget(slab: number): void;
};

export function threadTalk<Told>(port: MessagePort): ThreadTalk<Told> & { shared: Set<number> } {
  const shared = new Set<number>();
  const post = (message: FromThread<Told>) => port.postMessage(message);
  return {
    shared,
    tell: (told) => post({ type: 'told', told }),
    forget(slab) {
      if (shared.delete(slab)) post({ type: 'gone', id: slab });
    },
  };
}

type Call = {
  abort: AbortController;
  /** Given out and not yet sent. */
  parts: Map<number, ThreadPart>;
  count: number;
  outBytes: number;
  onRoom: (() => void) | null;
  isAnswered: boolean;
};

/** What one asker has before it in the end is a matter of its socket; more only helps where its thread is busy for long. */
const MOST_OUT_BYTES = 4 * 1024 * 1024;

/** Answers a `ThreadHost`. */
export function serveThread<Ask, Tell>(
  port: MessagePort,
  shared: Set<number>,
  server: ThreadServer<Ask, Tell>,
): void {
  const { memory, maxOutBytes, run, onTell } = server;
  const calls = new Map<number, Call>();
  /** Calls that take parts. */
  let takers = 0;
  const post = (message: FromThread<never>) => port.postMessage(message);

  port.on('message', (message: ToThread<Ask, Tell>) => {
    if (message.type === 'sent') sent(message.call, message.part);
    else if (message.type === 'abort') calls.get(message.call)?.abort.abort(new Error('the viewer has left'));
    else if (message.type === 'tell') onTell(message.tell);
    else void answer(message.call, message.ask);
  });

  async function answer(call: number, question: Ask): Promise<void> {
    const state: Call = {
      ...{ abort: new AbortController(), parts: new Map(), count: 0, outBytes: 0 },
      ...{ onRoom: null, isAnswered: false },
    };
    calls.set(call, state);
    const { signal } = state.abort;
    // Who left sends nothing any more.
    signal.addEventListener('abort', () => releaseAll(call, state), { once: true });
    try {
      const value = await run(question, { signal, give: (part) => give(call, state, part) });
      post({ type: 'done', call, value });
    } catch (error) {
      post({ type: 'failed', call, error: toFailure(error) });
    } finally {
      state.isAnswered = true;
      forgetWhenSent(call, state);
    }
  }

  async function give(call: number, state: Call, part: ThreadPart): Promise<void> {
    const { signal } = state.abort;
    if (signal.aborted) return part.release();
    if (state.count === 0) takers += 1;
    state.count += 1;
    state.parts.set(state.count, part);
    state.outBytes += part.to - part.from;
    const { slab, offset } = part.buffer;
    share(slab);
    const [from, to] = [offset + part.from, offset + part.to];
    post({ type: 'part', call, part: state.count, memory: slab, from, to });
    while (state.outBytes >= Math.min(MOST_OUT_BYTES, maxOutBytes / takers) && !signal.aborted)
      await new Promise<void>((resolve) => {
        state.onRoom = resolve;
      });
  }

  function share(slab: number): void {
    if (shared.has(slab)) return;
    const slabMemory = memory.shared(slab);
    if (slabMemory === undefined) return;
    shared.add(slab);
    post({ type: 'memory', id: slab, shared: slabMemory });
  }

  function releaseAll(call: number, state: Call): void {
    for (const part of state.parts.values()) part.release();
    state.parts.clear();
    state.onRoom?.();
    forgetWhenSent(call, state);
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
    if (!state.isAnswered || state.parts.size > 0 || !calls.delete(call)) return;
    if (state.count > 0) takers -= 1;
  }
}
