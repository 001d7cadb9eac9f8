import { Worker } from 'node:worker_threads';
import type { ByteSink } from './kind.ts';
import { PartSender } from './part-sender.ts';
import { type FromThread, fromFailure, type ToThread } from './thread-messages.ts';

export type ThreadHostOptions<Told> = {
  /** The thread's script, which calls `serveThread`. */
  script: URL;
  name: string;
  /** What it is begun with, read anew at each beginning. */
  data(): unknown;
  /** Its young garbage; V8 lets 48 MiB of messages and promises gather. */
  maxYoungMib: number;
  onTold(told: Told): void;
  /** It begins: what it has to know besides `data` is told now. */
  onStarted(): void;
  /** It ended by itself: what it was asked has failed, and the next question begins a new one. */
  onLost(): void;
};

export type AskOptions = {
  /** Told to the thread when it aborts; the call rejects with its reason at once. */
  signal?: AbortSignal;
  /** Takes the parts that the thread gives for this call, before it is answered. */
  sink?: ByteSink;
  /** It had been aborted, and was done all the same. */
  onLate?(value: unknown): void;
};

/** A thread that is asked, and gives bytes from memory that both share; begun with the first question. */
export type ThreadHost<Ask, Tell> = {
  ask(question: Ask, options?: AskOptions): Promise<unknown>;
  /** Not heard where no thread runs. */
  tell(message: Tell): void;
  /** Asks for `last` where it runs, and ends it. */
  close(last: Ask): Promise<void>;
};

type Call = { resolve(value: unknown): void; reject(error: Error): void; sender: PartSender | null };

export function createThreadHost<Ask, Tell, Told>(options: ThreadHostOptions<Told>): ThreadHost<Ask, Tell> {
  const { script, name, data, maxYoungMib, onTold, onStarted, onLost } = options;
  const calls = new Map<number, Call>();
  const memory = new Map<number, Buffer>();
  const late = new Map<number, (value: unknown) => void>();
  let worker: Worker | null = null;
  let lastCall = 0;

  function start(): void {
    if (worker !== null) return;
    const resourceLimits = { maxYoungGenerationSizeMb: maxYoungMib };
    const thread = new Worker(script, { workerData: data(), name, resourceLimits });
    thread.on('message', onMessage);
    thread.on('error', (error) => lost(thread, error));
    thread.on('exit', () => lost(thread, new Error(`the thread ${name} has stopped`)));
    worker = thread;
    onStarted();
  }

  function lost(thread: Worker, error: unknown): void {
    if (worker !== thread) return;
    worker = null;
    memory.clear();
    late.clear();
    onLost();
    const failed = error instanceof Error ? error : new Error(String(error));
    for (const call of [...calls.values()]) call.reject(failed);
    calls.clear();
  }

  function post(message: ToThread<Ask, Tell>): void {
    worker?.postMessage(message);
  }

  function onMessage(message: FromThread<Told>): void {
    switch (message.type) {
      case 'memory':
        memory.set(message.id, Buffer.from(message.shared));
        break;
      case 'gone':
        memory.delete(message.id);
        break;
      case 'part':
        onPart(message);
        break;
      case 'told':
        onTold(message.told);
        break;
      default:
        onAnswer(message);
    }
  }

  function onPart({ call, part, memory: id, from, to }: Extract<FromThread<Told>, { type: 'part' }>): void {
    const bytes = memory.get(id);
    if (bytes !== undefined) calls.get(call)?.sender?.take(part, bytes.subarray(from, to));
  }

  function onAnswer(message: Extract<FromThread<Told>, { type: 'done' | 'failed' }>): void {
    const call = calls.get(message.call);
    const onLate = late.get(message.call);
    calls.delete(message.call);
    late.delete(message.call);
    if (message.type === 'failed') call?.reject(fromFailure(message.error, name));
    else if (call === undefined) onLate?.(message.value);
    else call.resolve(message.value);
  }

  function send(question: Ask, { signal, onLate }: AskOptions, sender: PartSender | null): Promise<unknown> {
    start();
    lastCall += 1;
    const number = lastCall;
    return new Promise((fulfil, fail) => {
      const settled = () => signal?.removeEventListener('abort', onAbort);
      const onAbort = () => {
        calls.delete(number);
        if (onLate !== undefined) late.set(number, onLate);
        post({ type: 'abort', call: number });
        settled();
        fail(signal?.reason);
      };
      calls.set(number, {
        sender,
        resolve(value) {
          settled();
          fulfil(value);
        },
        reject(error) {
          settled();
          fail(error);
        },
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      sender?.listen(
        (part) => post({ type: 'sent', call: number, part }),
        () => post({ type: 'abort', call: number }),
      );
      post({ type: 'ask', call: number, ask: question });
    });
  }

  return {
    async ask(question, asked = {}) {
      const { signal, sink } = asked;
      signal?.throwIfAborted();
      if (sink === undefined) return await send(question, asked, null);
      const sender = new PartSender(sink);
      try {
        const answer = await send(question, asked, sender);
        await sender.drained(signal);
        return answer;
      } finally {
        sender.close();
      }
    },
    tell: (message) => post({ type: 'tell', tell: message }),
    async close(last) {
      const running = worker;
      if (running === null) return;
      await send(last, {}, null).catch(() => {});
      worker = null;
      await running.terminate();
    },
  };
}
