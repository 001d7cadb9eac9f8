import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the range (32768 up on Linux, 49152 elsewhere) from which outgoing connections take their ports, so that the port is still free after a restart. */
const LOWEST = 20_000;
const HIGHEST = 32_767;
const TRIES = 20;

/** A TCP port that is free on 127.0.0.1 now, at random. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = await listenOn(randomInt(LOWEST, HIGHEST + 1));
    if (port !== null) return port;
  }
  const port = await listenOn(0);
  if (port === null) throw new Error('no free port on 127.0.0.1');
  return port;
}

/** The port when it could be taken, released again; null when it is in use. */
function listenOn(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(null));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : null));
    });
  });
}
