/**
 * A network between peers, in a process of its own: delay, rate and damage that this kernel's loopback does not have (no netem).
 * Usage: node peer-relay.ts '[{"listen": {"host", "port"}, "to": {"host", "port"}, "delayMs"?, "bytesPerSecond"?, "damageEvery"?}]';
 * says `ready` and ends when standard input does. Delays both ways, limits what the peer behind it sends.
 */
import { connect, createServer } from 'node:net';
import { z } from 'zod';
import { ShapedWay } from './shaped-way.ts';

const Place = z.object({ host: z.string(), port: z.int() });
const Link = z.object({
  listen: Place,
  to: Place,
  /** One way; a round trip is twice that. */
  delayMs: z.number().default(0),
  bytesPerSecond: z.number().nullable().default(null),
  /** Each so-manyth byte that the peer sends is another one. */
  damageEvery: z.int().nullable().default(null),
});
export type RelayLink = z.input<typeof Link>;
type Link = z.infer<typeof Link>;

/** The handshake and the bitfield stay as they are: damage is to blocks. */
const UNDAMAGED_BYTES = 4096;

/** Changes each so-manyth byte of a connection. */
function damage(every: number | null): (chunk: Buffer, way: ShapedWay) => void {
  let seen = 0;
  return (bytes, way) => {
    if (every !== null)
      for (let at = every - (seen % every); at < bytes.length; at += every)
        if (seen + at > UNDAMAGED_BYTES) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    seen += bytes.length;
    way.send(bytes);
  };
}

function serve(link: Link): Promise<void> {
  const server = createServer({ noDelay: true }, (client) => {
    const peer = connect({ ...link.to, noDelay: true });
    new ShapedWay(client, peer, { ...link, bytesPerSecond: null }, damage(null));
    new ShapedWay(peer, client, link, damage(link.damageEvery));
    const close = () => {
      client.destroy();
      peer.destroy();
    };
    client.on('close', close);
    peer.on('close', () => setTimeout(close, link.delayMs));
  });
  return new Promise((resolve) => server.listen(link.listen.port, link.listen.host, resolve));
}

if (process.argv[2] !== undefined) {
  const links = z.array(Link).parse(JSON.parse(process.argv[2]));
  await Promise.all(links.map(serve));
  console.log('ready');
  process.stdin.resume().on('end', () => process.exit(0));
}
