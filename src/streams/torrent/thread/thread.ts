/** The thread in which torrents are downloaded: sockets of peers, hashes and the choice of blocks stay off the thread that answers viewers. */
import { join } from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { concreteAddress } from '../../../platform/address-rules.ts';
import { createLog } from '../../../platform/log.ts';
import { createNet } from '../../../platform/net.ts';
import { type Asked, serveThread, threadTalk } from '../../thread-serve.ts';
import { Dht } from '../dht/index.ts';
import type { Ask, Tell, ThreadData, Told } from './messages.ts';
import { startEngine } from './thread-engine.ts';

/** Of the memory, for what is given out and not yet sent: slow viewers stop there, and with them the reading ahead. */
const OUT_SHARE = 0.5;

const STATES_MS = 1000;

if (parentPort !== null) await serve(parentPort, workerData);

async function serve(port: MessagePort, data: ThreadData): Promise<void> {
  const { outbound, publicUrl, memoryBytes, cache, utp, deadMs, limits, listen } = data;
  const file = cache.maxBytes > 0 ? join(cache.folder, 'dht.json') : null;
  const ownPorts = new Set<number>();
  const host = concreteAddress(listen.host);
  const net = createNet({ ...outbound, publicUrl, ownPorts: () => ownPorts, localAddress: host });
  const dht = data.dht === null ? null : new Dht({ net, file, ...data.dht });
  const maxOutBytes = memoryBytes * OUT_SHARE;
  const talk = threadTalk<Told>(port);
  const engine = await startEngine(data.engine, {
    ...{ net, log: createLog('silent'), memoryBytes, cache, utp, deadMs, limits, dht },
    ...(listen.port === undefined ? {} : { listen: { port: listen.port, host: listen.host } }),
    onWarning: (text) => talk.tell({ type: 'warned', text }),
    onAnnounced: (announced) => talk.tell({ type: 'announced', announced }),
    onGone: (slab) => talk.forget(slab),
  });

  if (engine.listenPort !== null) ownPorts.add(engine.listenPort);

  let toldTotals = '';
  setInterval(() => {
    const states = engine.readStates();
    if (states.length > 0) talk.tell({ type: 'states', states });
    tellOfDht();
    tellTotals();
    tellStored();
  }, STATES_MS).unref();

  function tellTotals(): void {
    const totals = engine.totals();
    if (JSON.stringify(totals) === toldTotals) return;
    toldTotals = JSON.stringify(totals);
    talk.tell({ type: 'totals', totals });
  }

  let told = '';
  function tellOfDht(): void {
    const state = dht?.state();
    if (state === undefined || JSON.stringify(state) === told) return;
    told = JSON.stringify(state);
    talk.tell({ type: 'dht', state });
  }

  function tellStored(): void {
    const stored = engine.stored();
    if (stored.length > 0) talk.tell({ type: 'stored', stored });
  }

  serveThread<Ask, Tell>(port, talk.shared, { memory: engine.memory, maxOutBytes, run, onTell });

  function onTell(message: Tell): void {
    if (message.type === 'release') engine.release(message.infoHash);
    else if (message.type === 'limits') engine.setLimits(message.limits);
    else for (const infoHash of message.infoHashes) engine.hold(infoHash, message.isHeld);
  }

  async function run(question: Ask, asked: Asked): Promise<unknown> {
    if (question.type === 'open') {
      for (const own of question.ownPorts) ownPorts.add(own);
      return await engine.open(question.spec, asked.signal);
    }
    if (question.type === 'read') return await read(question, asked);
    if (question.type === 'remove') return await engine.remove(question.infoHash, question.isForced);
    await engine.close();
    await dht?.rest();
    tellStored();
    await net.close();
    return null;
  }

  async function read(
    { infoHash, fileIndex, range }: Extract<Ask, { type: 'read' }>,
    { signal, give }: Asked,
  ): Promise<void> {
    for await (const part of engine.read(infoHash, fileIndex, range, signal)) {
      await give({ buffer: part.piece.buffer, from: part.from, to: part.to, release: () => part.release() });
      if (signal.aborted) break;
    }
  }
}
