import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { plainEnv } from '../processes.ts';
import type { Dispatch } from './stremio-core-actions.ts';

/** What the child is asked: `actions` one after the other, each until all is quiet, then the state of `field`. */
export type CoreTask = { id: number; actions: readonly Dispatch[]; field: string };

const CoreRequest = z.object({
  method: z.string(),
  url: z.string(),
  /** null: no answer; `failure` says why. */
  status: z.number().nullable(),
  failure: z.string().nullable(),
});
export type CoreRequest = z.infer<typeof CoreRequest>;

const CoreEvent = z.object({ name: z.string(), args: z.unknown() });
export type CoreEvent = z.infer<typeof CoreEvent>;

/** Id 0 comes unasked: core is up. The lists are whole each time. */
const CoreReply = z.object({
  id: z.number(),
  state: z.unknown().optional(),
  error: z.string().optional(),
  requests: z.array(CoreRequest),
  events: z.array(CoreEvent),
});
export type CoreReply = z.infer<typeof CoreReply>;

export type CoreChild = AsyncDisposable & {
  ask(actions: readonly Dispatch[], field: string): Promise<unknown>;
  requests(): readonly CoreRequest[];
  events(): readonly CoreEvent[];
};

const CHILD = fileURLToPath(new URL('./stremio-core-child.ts', import.meta.url));

/** Starts the child that holds core; it gets SIGKILL past `timeoutMs`, and what was asked then fails with its last words. */
export async function startCoreChild(timeoutMs: number): Promise<CoreChild> {
  const child = fork(CHILD, { execArgv: [], env: plainEnv(), stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const exited = once(child, 'exit');
  let cause = 'ended';
  const timer = setTimeout(() => {
    cause = `took more than ${timeoutMs} ms`;
    child.kill('SIGKILL');
  }, timeoutMs);
  child.once('exit', () => clearTimeout(timer));
  const { answerTo, last } = answersOf(child, () => cause);
  await answerTo(0);
  let lastId = 0;
  const ask = async (actions: readonly Dispatch[], field: string) => {
    lastId += 1;
    const answer = answerTo(lastId);
    const task: CoreTask = { id: lastId, actions, field };
    child.send(task, () => {}); // a child that is gone is told by its exit
    return await answer;
  };
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  return { ask, requests: () => last().requests, events: () => last().events, [Symbol.asyncDispose]: stop };
}

/** Hands each reply to who waits for its id; when the child goes, all who wait fail with `cause` and its last words. */
function answersOf(child: ChildProcess, cause: () => string) {
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-4_000);
  });
  let last: CoreReply = { id: 0, requests: [], events: [] };
  const waiting = new Map<number, { resolve(state: unknown): void; reject(error: Error): void }>();
  child.on('message', (message) => {
    last = CoreReply.parse(message);
    const asked = waiting.get(last.id);
    waiting.delete(last.id);
    if (last.error === undefined) asked?.resolve(last.state);
    else asked?.reject(new Error(last.error));
  });
  child.once('exit', (code, signal) => {
    const error = new Error(`the process of stremio-core ${cause()} (${signal ?? code}):\n${words}`);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  });
  const answerTo = (id: number) =>
    new Promise<unknown>((resolve, reject) => {
      const isGone = child.exitCode !== null || child.signalCode !== null;
      if (isGone) reject(new Error(`the process of stremio-core is gone: it ${cause()}`));
      else waiting.set(id, { resolve, reject });
    });
  return { answerTo, last: () => last };
}
