import type { ByteRange } from '../../../kit/range.ts';
import type { ByteSink } from '../../kind.ts';
import { createThreadHost } from '../../thread-host.ts';
import type {
  Learned,
  OpenRelease,
  ReleaseHealth,
  ReleaseState,
  UsenetEngine,
  UsenetSpec,
} from '../engine.ts';
import type { Provider, ProviderState } from '../providers/provider.ts';
import type { Ask, Opened, Tell, ThreadData, Told } from './messages.ts';

export type RemoteEngineOptions = ThreadData & {
  ownPorts(): Iterable<number>;
  /** Whether short holes in a film are filled with nothing, for who begins to read now. */
  fillsHoles(): boolean;
  /** What was learned of a release; whoever opens it next is quicker with it. */
  onLearned(key: string, learned: Learned): void;
  /** Something of it is gone from every provider: what is known of its health is old. */
  onGone(key: string): void;
  /** What the owner should know. */
  onWarning(text: string): void;
};

/** Its garbage is messages and promises, gone at once. */
const MAX_YOUNG_MIB = 16;

/** The engine in a thread of its own, begun with the first release: sockets, decoding and checksums stay off the thread that answers viewers. */
export function createRemoteEngine(options: RemoteEngineOptions): UsenetEngine {
  const { ownPorts, fillsHoles, onLearned, onGone, onWarning, ...data } = options;
  const states = new Map<string, ReleaseState>();
  const users = new Map<string, number>();
  const unasked = data.providers.map(unaskedState);
  let providers: readonly ProviderState[] = unasked;
  const thread = createThreadHost<Ask, Tell, Told>({
    script: new URL('thread.ts', import.meta.url),
    name: 'usenet',
    data: () => data,
    maxYoungMib: MAX_YOUNG_MIB,
    onTold,
    onStarted() {},
    onLost() {
      states.clear();
      providers = unasked;
    },
  });

  function onTold(told: Told): void {
    switch (told.type) {
      case 'states':
        states.clear();
        for (const state of told.states) if (users.has(state.key)) states.set(state.key, state);
        break;
      case 'providers':
        providers = told.providers;
        break;
      case 'learned':
        onLearned(told.key, told.learned);
        break;
      case 'gone':
        onGone(told.key);
        break;
      default:
        onWarning(told.text);
    }
  }

  function count(key: string, change: 1 | -1): void {
    const left = (users.get(key) ?? 0) + change;
    users.set(key, left);
    if (left > 0) return;
    users.delete(key);
    states.delete(key);
  }

  async function opened(key: string, load: () => Promise<UsenetSpec>, signal: AbortSignal): Promise<Opened> {
    // What was opened although its viewer had left is released when the answer comes.
    const onLate = (value: unknown) => {
      if (value !== null) thread.tell({ type: 'release', key });
    };
    const known = (await thread.ask({ type: 'reopen', key }, { signal, onLate })) as Opened | null;
    if (known !== null) return known;
    const question: Ask = { type: 'open', spec: await load(), ownPorts: [...ownPorts()] };
    return (await thread.ask(question, { signal, onLate })) as Opened;
  }

  async function read(
    key: string,
    fileIndex: number,
    range: ByteRange,
    sink: ByteSink,
    signal: AbortSignal,
  ): Promise<void> {
    await thread.ask({ type: 'read', key, fileIndex, range, fillsHoles: fillsHoles() }, { signal, sink });
  }

  return {
    async open(key, load, signal): Promise<OpenRelease> {
      count(key, 1);
      try {
        const { files } = await opened(key, load, signal);
        let isClosed = false;
        return {
          ...{ key, files },
          read: (fileIndex, range, sink, until) => read(key, fileIndex, range, sink, until),
          state: () => states.get(key) ?? null,
          close() {
            if (isClosed) return;
            isClosed = true;
            count(key, -1);
            thread.tell({ type: 'release', key });
          },
        };
      } catch (error) {
        count(key, -1);
        throw error;
      }
    },
    async health(spec, signal): Promise<ReleaseHealth> {
      const question: Ask = { type: 'health', spec, ownPorts: [...ownPorts()] };
      return (await thread.ask(question, { signal })) as ReleaseHealth;
    },
    providers: () => providers,
    state: (key) => states.get(key) ?? null,
    close: () => thread.close({ type: 'close' }),
  };
}

/** Before its thread has begun, which the first release does. */
function unaskedState({ name, connections: maxConnections }: Provider): ProviderState {
  return {
    ...{ name, maxConnections, connections: 0, inFlight: 0, latencyMs: null },
    ...{ status: 'ready', retryAt: null, reason: null, failure: null },
    ...{ bytes: 0, articles: 0, missing: 0, corrupt: 0, failures: 0 },
  };
}
