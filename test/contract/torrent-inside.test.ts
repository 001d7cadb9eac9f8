import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createNet } from '../../src/platform/net.ts';
import { torrentKind } from '../../src/streams/torrent/index.ts';
import { bencode } from '../support/bencode.ts';
import { openKindDeps } from '../support/kind-deps.ts';
import { makeTorrent, startSeedPeer } from '../support/seed-peer.ts';
import { startFakeHttp } from '../support/trackers.ts';
import { waitUntil } from '../support/wait-until.ts';

// A torrent names hosts in six ways; one that the owner did not allow is reached by none of them, and the film plays.

const FILM = makeTorrent(randomBytes(1024 * 1024), 64 * 1024);
const INSIDE = '127.0.0.3';
const NEVER = new AbortController().signal;
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Counts whatever knocks at a host inside, by TCP and by UDP. */
async function trap(): Promise<{ port: number; knocks(): number }> {
  let knocks = 0;
  const tcp = createServer((socket) => {
    knocks += 1;
    socket.destroy();
  }).listen(0, INSIDE);
  await once(tcp, 'listening');
  closers.push(() => tcp.close());
  const address = tcp.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const udp = createSocket('udp4').on('message', () => {
    knocks += 1;
  });
  udp.bind(address.port, INSIDE);
  await once(udp, 'listening');
  closers.push(() => udp.close());
  return { port: address.port, knocks: () => knocks };
}

const compact = (host: string, port: number) =>
  Buffer.from([...host.split('.').map(Number), port >> 8, port]);
const message = (...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
};

test.each([
  ['.torrent', true],
  ['magnet', false],
])(
  'the trackers, peers and web seeds inside that a %s names are refused in words, and never reached',
  async (_how, isFile) => {
    const { port, knocks } = await trap();
    const held = await openKindDeps();
    closers.push(() => held.close());
    const net = createNet({ mode: 'listed', allow: ['127.0.0.1/32'], ownPorts: () => new Set() });
    closers.push(() => net.close());
    const told: { url: string; ok: boolean; reason: string | null }[] = [];
    const kind = torrentKind(
      { ...held.deps, net, onAnnounced: (one) => void told.push(one) },
      { deadMs: 5000 },
    );
    closers.push(() => kind.close?.());

    // A peer that may be reached tells of one inside (BEP 11), and so does a tracker.
    const bits = Buffer.alloc(2, 0xff);
    const pex = bencode({ added: compact(INSIDE, port) });
    const extended = bencode({ m: { ut_metadata: 3, ut_pex: 2 }, metadata_size: FILM.info.length });
    const said = [
      message(Buffer.from([5]), bits),
      message(Buffer.from([20, 0]), extended),
      message(Buffer.from([20, 2]), pex),
    ];
    const seed = await startSeedPeer(FILM, '127.0.0.1', { garbage: Buffer.concat(said) });
    closers.push(() => seed.stop());
    const peers = Buffer.concat([compact(INSIDE, port), compact('127.0.0.1', seed.port)]);
    const tracker = await startFakeHttp((_req, res) => void res.end(bencode({ interval: 1800, peers })));
    closers.push(() => tracker[Symbol.asyncDispose]());

    const inside = ['udp', 'http', 'ws'].map((scheme) => `${scheme}://${INSIDE}:${port}/announce`);
    const web = `http://${INSIDE}:${port}/film.mkv`;
    const given = isFile
      ? {
          torrent: bencode({
            announce: inside[0] ?? '',
            'announce-list': [inside, [tracker.url]],
            'url-list': [web],
            httpseeds: [web],
            // Last, as it stands.
            info: 'INFO',
          })
            .toString('latin1')
            .replace('4:INFO', () => FILM.info.toString('latin1')),
        }
      : { url: magnet([...inside, tracker.url], web, `${INSIDE}:${port}`) };
    const input = 'torrent' in given ? { torrent: Buffer.from(given.torrent, 'latin1') } : given;
    const detail = kind.parse(input);
    const source = await kind.open?.({ detail, fileIndex: null }, NEVER);
    if (source === undefined) throw new Error('torrents can be opened');
    const parts: Buffer[] = [];
    const sink = {
      write(chunk: Uint8Array, done: () => void) {
        parts.push(Buffer.from(chunk));
        done();
        return true;
      },
      onDrain: () => {},
    };
    await source.send({ start: 0, end: FILM.bytes.length }, sink, NEVER);
    expect(Buffer.concat(parts).equals(FILM.bytes)).toBe(true);
    await waitUntil(async () => told.length === 4, { what: 'all trackers are told', timeoutMs: 10_000 });
    const refused =
      'Only hosts on the owner’s list may be reached. The owner can add one with OUTBOUND_ALLOW.';
    expect(new Map(told.map(({ url, reason }) => [url, reason]))).toEqual(
      new Map([...inside.map((url): [string, string | null] => [url, refused]), [tracker.url, null]]),
    );
    expect(knocks()).toBe(0);
    await source.close();
  },
);

function magnet(trackers: readonly string[], web: string, peer: string): string {
  const announces = trackers.map((url) => `&tr=${encodeURIComponent(url)}`).join('');
  const seeds = ['ws', 'as', 'xs'].map((name) => `&${name}=${encodeURIComponent(web)}`).join('');
  return `magnet:?xt=urn:btih:${FILM.infoHash}${announces}${seeds}&x.pe=${peer}`;
}
