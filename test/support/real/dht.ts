import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { end, type Place, type Running, talk } from './swarm.ts';

export type RealDht = Running & {
  /** By the files, in their order. */
  infoHashes: readonly string[];
  /** `host:port` of those that one of the nodes finds. */
  peersOf(infoHash: string): Promise<readonly string[]>;
};

/** libtorrent's nodes, that know each other; the first ones seed a file each, and nobody else knows of that. */
export async function startRealDht(files: readonly string[], nodes: readonly Place[]): Promise<RealDht> {
  const { child, said } = await talk('libtorrent-dht.py', { files, nodes });
  const { infoHashes } = z.object({ infoHashes: z.array(z.string()).length(files.length) }).parse(said);
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('it is spoken to by pipes');
  const lines = createInterface({ input: stdout });
  const stop = () => end(child);
  return {
    infoHashes,
    async peersOf(infoHash) {
      const answer = once(lines, 'line');
      stdin.write(`${infoHash}\n`);
      const [line] = await answer;
      return z.object({ peers: z.array(z.string()) }).parse(JSON.parse(String(line))).peers;
    },
    ...{ stop, [Symbol.asyncDispose]: stop },
  };
}
