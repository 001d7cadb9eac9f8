import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type Bencodable, bencode } from '../support/bencode.ts';
import { idNear, startDhtNode, told } from '../support/dht-node.ts';
import { HASH, heardBy, idAway, openDhtRoom, PEER, peersIn } from '../support/dht-room.ts';
import { waitUntil } from '../support/wait-until.ts';

// What is not as it should be: addresses that may not be reached, liars, floods, garbage.

const { node, dhtOf, onClose, close } = openDhtRoom();
afterEach(close);

test('an address outside what may be reached is never sent a datagram, whoever names it', async () => {
  const hidden = await node(3, 4);
  const [entrance, seed] = [await node(1), await node(2, 2)];
  const named = [hidden, seed, { ...hidden, id: idNear(HASH, 5, 9) }];
  entrance.reply = () => told(entrance, { nodes: named });
  seed.reply = () => told(seed, { nodes: named, peers: [PEER] });
  const dht = dhtOf({ known: [entrance, hidden], allow: [entrance.host, seed.host] });
  expect(await peersIn(dht)).toEqual([PEER]);
  await dht.noteNode(hidden);
  expect([hidden.datagrams, dht.state().nodes]).toEqual([0, 2]);
});

test('without a list private addresses and ports of services are refused, and our own ports always', async () => {
  const [listed, own] = [await node(1), await node(2)];
  listed.reply = () => told(listed, { nodes: [own] });
  expect(await peersIn(dhtOf({ known: [listed], mode: 'all', allow: [] }))).toEqual([]);
  expect(listed.datagrams).toBe(0);
  const dht = dhtOf({ known: [listed], ownPorts: () => new Set([own.port]) });
  await peersIn(dht);
  expect([listed.datagrams, own.datagrams]).toEqual([1, 0]);
});

test('names that may not be reached are not looked up, and it says that it is alone', async () => {
  const asked: string[] = [];
  const dht = dhtOf({
    bootstrap: ['router.example.org:6881', 'dht.example.org:25401'],
    resolve: async (host) => {
      asked.push(host);
      return [{ address: '127.0.0.1', family: 4 }];
    },
  });
  expect(await peersIn(dht)).toEqual([]);
  expect([asked, dht.state().status]).toEqual([[], 'alone']);
});

test('thousands of nodes and peers of one liar: nobody hears more than four questions for it, and little is believed', async () => {
  const liar = await node(1, 6);
  const victims = await Promise.all(Array.from({ length: 30 }, () => node(2, 7)));
  const others = await Promise.all(Array.from({ length: 30 }, (_, at) => node(10 + at, 7)));
  const peers = Array.from({ length: 400 }, (_, at) => ({ host: `127.0.5.${at & 0xf}`, port: 1024 + at }));
  liar.reply = () => told(liar, { nodes: victims, peers });
  // 150 of an answer, and 8 ports of each of 16 hosts.
  expect((await peersIn(dhtOf({ known: [liar] }))).length).toBe(128);
  expect(heardBy(victims)).toBe(4);
  for (const other of others) other.reply = () => null;
  liar.reply = () => told(liar, { nodes: others });
  await peersIn(dhtOf({ known: [liar] }));
  expect(heardBy(others)).toBe(16);
});

test('a datagram of 60 KB is not read', async () => {
  const liar = await node(1);
  const peers = Array.from({ length: 5000 }, (_, at) => ({ host: '127.0.5.5', port: 1024 + at }));
  liar.reply = () => told(liar, { peers });
  const dht = dhtOf({ known: [liar] });
  expect(await peersIn(dht)).toEqual([]);
  expect(dht.state()).toEqual({ status: 'alone', nodes: 0, lookups: 0 });
});

test('nodes that lead on for ever are left after 120 questions, at no more than 50 a second', async () => {
  const chain = await Promise.all(
    Array.from({ length: 150 }, async (_, bits) => {
      const made = await startDhtNode(idAway(bits), `127.0.4.${bits + 1}`);
      onClose(() => made.stop());
      return made;
    }),
  );
  for (const [at, one] of chain.entries())
    one.reply = () => told(one, { nodes: chain.slice(at + 1, at + 3) });
  const begun = performance.now();
  await peersIn(dhtOf({ known: chain.slice(0, 1) }));
  // The first is asked as one that is told of.
  expect(heardBy(chain)).toBe(121);
  expect(performance.now() - begun).toBeGreaterThan((1000 * (121 - 17)) / 50);
});

test('answers that are none of many sorts, and noise around those that are, change nothing', async () => {
  const honest = await node(1, 2);
  honest.reply = () => told(honest, { peers: [PEER] });
  const bodies: ((id: Buffer) => Bencodable)[] = [
    () => 5,
    () => 'text',
    () => ({ id: 5 }),
    () => ({ id: 'short' }),
    () => ({ id: Buffer.alloc(21) }),
    (id) => ({ id, nodes: 7, values: 8, token: 9 }),
    (id) => ({ id, nodes: 'odd', values: ['x', 5, [], { a: 1 }], token: Buffer.alloc(1000) }),
    (id) => ({ id, values: { a: 'b' }, nodes: [honest.id] }),
  ];
  const mad = await Promise.all(bodies.map((_, at) => node(at + 10)));
  for (const [at, one] of mad.entries())
    one.reply = ({ t }) => [
      bencode({ q: 'ping', a: { id: one.id }, t, y: 'q' }),
      bencode({ r: told(one, {}), t, y: 5 }),
      bencode({ r: told(one, { peers: [{ host: '127.6.6.6', port: 6 }] }), t: 'guess', y: 'r' }),
      ...['', 'd1:rd2:id', 'd'.repeat(4000), 'i99999999999999999999999999e'].map((raw) => Buffer.from(raw)),
      ...Array.from({ length: 10 }, (_, size) => randomBytes(size * 40)),
      bencode({ r: bodies[at]?.(one.id) ?? 0, t, y: 'r' }),
    ];
  const dht = dhtOf({ known: [...mad, honest] });
  expect(await peersIn(dht)).toEqual([PEER]);
  // Three of the bodies have an id and nothing else of use.
  expect(dht.state().nodes).toBe(4);
});

test('an answer in the name of another is not taken, though it knows the question', async () => {
  const [honest, spoofer] = [await node(1), await node(2)];
  honest.reply = () => null;
  spoofer.reply = () => null;
  const found = peersIn(dhtOf({ known: [honest, spoofer] }));
  await waitUntil(async () => honest.datagrams + spoofer.datagrams === 2, {
    ...{ what: 'both are asked', timeoutMs: 5000 },
  });
  const t = honest.queries[0]?.t ?? '';
  spoofer.send(bencode({ r: told(spoofer, { peers: [{ host: '127.6.6.6', port: 6 }] }), t, y: 'r' }));
  await sleep(50);
  honest.send(bencode({ r: told(honest, { peers: [PEER] }), t, y: 'r' }));
  expect(await found).toEqual([PEER]);
});

test('a node that answers by another name than it was told of is not believed', async () => {
  const [entrance, pretender] = [await node(1), await node(2, 2)];
  entrance.reply = () => told(entrance, { nodes: [{ ...pretender, id: idNear(HASH, 10, 1) }] });
  pretender.reply = () => told(pretender, { peers: [PEER] });
  const dht = dhtOf({ known: [entrance] });
  expect(await peersIn(dht)).toEqual([]);
  expect([pretender.datagrams, dht.state().nodes]).toEqual([1, 1]);
});

test('a flood of datagrams, of who is asked or of a stranger, keeps nobody from being found', async () => {
  const [entrance, loud] = [await node(1), await node(2, 3)];
  entrance.reply = () => told(entrance, { nodes: [loud], peers: [PEER] });
  loud.reply = () => Array.from({ length: 3000 }, () => randomBytes(1200));
  const dht = dhtOf({ known: [entrance] });
  expect(await peersIn(dht)).toEqual([PEER]);
  const [to = ''] = entrance.from;
  const stranger = createSocket('udp4');
  onClose(() => new Promise<void>((resolve) => stranger.close(resolve)));
  const answer = bencode({ r: told(loud, { peers: [{ host: '127.6.6.6', port: 6 }] }), t: 'abcd', y: 'r' });
  for (let sent = 0; sent < 20_000; sent += 1)
    stranger.send(answer, Number(to.slice(to.lastIndexOf(':') + 1)), '127.0.0.1');
  expect(await peersIn(dht)).toEqual([PEER]);
  expect(dht.state().nodes).toBe(1);
});
