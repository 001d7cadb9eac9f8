/** The thread in which Usenet is read: sockets, decoding and checksums stay off the thread that answers viewers. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { createNet } from '../../../platform/net.ts';
import { createSlabMemory } from '../../slab-memory.ts';
import { type Asked, serveThread, threadTalk } from '../../thread-serve.ts';
import { openArticleDisk } from '../articles/disk.ts';
import type { ReleaseFile } from '../engine.ts';
import { createYenc } from '../yenc/yenc.ts';
import { createLocalEngine } from './local-engine.ts';
import type { Ask, Opened, Tell, ThreadData, Told } from './messages.ts';

/** Of the memory, for what is given out and not yet sent: slow viewers stop there, and with them the reading ahead. */
const OUT_SHARE = 0.5;
const STATES_MS = 1000;
/** Others fill the disk too. */
const MEASURE_MS = 60_000;
const QUIET_S = 60;

if (parentPort !== null) await serve(parentPort, workerData);

async function serve(port: MessagePort, data: ThreadData): Promise<void> {
  const { outbound, publicUrl, memoryBytes, cache, providers } = data;
  const ownPorts = new Set<number>();
  const net = createNet({ ...outbound, publicUrl, ownPorts: () => ownPorts });
  const talk = threadTalk<Told>(port);
  const memory = createSlabMemory(memoryBytes, (slab) => talk.forget(slab));
  const disk = await openArticleDisk({
    ...cache,
    onWarning: (text) => talk.tell({ type: 'warned', text }),
  });
  setInterval(() => void disk.measure().catch(() => {}), MEASURE_MS).unref();
  const engine = createLocalEngine({
    ...{ net, yenc: createYenc(), memory, disk, providers },
    onLearned: (key, learned) => talk.tell({ type: 'learned', key, learned }),
    onGone: (key) => talk.tell({ type: 'gone', key }),
  });

  let toldProviders = '';
  let toldStates = 0;
  let quietS = 0;
  setInterval(() => {
    const states = engine.tick();
    if (states.length > 0 || toldStates > 0) talk.tell({ type: 'states', states });
    toldStates = states.length;
    tellProviders();
    quietS = states.some(({ readers }) => readers > 0) ? 0 : quietS + 1;
    // New memory is dear: between two films it stays.
    if (quietS === QUIET_S) memory.trim();
  }, STATES_MS).unref();

  function tellProviders(): void {
    const states = engine.providers();
    if (JSON.stringify(states) === toldProviders) return;
    toldProviders = JSON.stringify(states);
    talk.tell({ type: 'providers', providers: states });
  }

  const maxOutBytes = memoryBytes * OUT_SHARE;
  const onTell = ({ key }: Tell) => engine.release(key);
  serveThread<Ask, Tell>(port, talk.shared, { memory, maxOutBytes, run, onTell });

  async function run(question: Ask, { signal, give }: Asked): Promise<unknown> {
    switch (question.type) {
      case 'reopen':
        return opened(await engine.reopen(question.key, signal));
      case 'open':
        for (const own of question.ownPorts) ownPorts.add(own);
        return opened(await engine.open(question.spec, signal));
      case 'read': {
        for await (const part of engine.read(question, signal)) await give(part);
        return null;
      }
      case 'health':
        for (const own of question.ownPorts) ownPorts.add(own);
        return await engine.health(question.spec, signal);
      default:
        return await close();
    }
  }

  function opened(files: readonly ReleaseFile[] | null): Opened | null {
    return files === null ? null : { files };
  }

  async function close(): Promise<null> {
    await engine.close();
    tellProviders();
    await net.close();
    return null;
  }
}
