import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/**
 * A port of every address of this machine that takes no connection and refuses none, as most addresses that trackers tell
 * of do: its thread never accepts, and once its queue is full the kernel drops whoever knocks.
 */
export async function openBlackHole(): Promise<AsyncDisposable & { port: number }> {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(LISTEN, { eval: true, workerData: gate });
  const [port] = await once(worker, 'message');
  return {
    port: Number(port),
    async [Symbol.asyncDispose]() {
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
      await once(worker, 'exit');
    },
  };
}

const LISTEN = `
const { createServer, connect } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const server = createServer().listen({ port: 0, host: '0.0.0.0', backlog: 1 }, () => {
  const { port } = server.address();
  parentPort.postMessage(port);
  // The message goes out with the next turn; then nothing turns here any more.
  setImmediate(() => {
    Atomics.wait(workerData, 0, 0);
    process.exit();
  });
});
`;
