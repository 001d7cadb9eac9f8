import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { told } from '../support/dht-node.ts';
import { HASH, NEVER, openDhtRoom, PEER, peersIn } from '../support/dht-room.ts';
import { openTempDir } from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';

// Lookups among scripted nodes that are as they should be.

const { node, dhtOf, close } = openDhtRoom();
afterEach(close);

test('it asks closer and closer nodes, and tells of the peers they know', async () => {
  const [far, middle, near] = [await node(1, 0), await node(2, 2), await node(3, 4)];
  far.reply = () => told(far, { nodes: [middle] });
  middle.reply = () => told(middle, { nodes: [near, far] });
  near.reply = () => told(near, { peers: [PEER] });
  const dht = dhtOf({ known: [far] });
  expect(await peersIn(dht)).toEqual([PEER]);
  expect([far, middle, near].map(({ queries }) => queries.length)).toEqual([1, 1, 1]);
  expect(near.queries[0]).toMatchObject({
    q: 'get_peers',
    ro: 1,
    a: { info_hash: Buffer.from(HASH, 'hex') },
  });
  expect(dht.state()).toEqual({ status: 'running', nodes: 3, lookups: 0 });
});

test('peers are told of while others are still silent', async () => {
  const [quick, slow] = [await node(1, 1), await node(2, 2)];
  quick.reply = () => told(quick, { nodes: [slow], peers: [PEER] });
  slow.reply = () => null;
  const dht = dhtOf({ known: [quick] });
  const begun = performance.now();
  const heard = Promise.withResolvers<number>();
  const over = dht.findPeers(HASH, () => heard.resolve(performance.now() - begun), NEVER);
  expect(await heard.promise).toBeLessThan(1500);
  await over;
  expect(performance.now() - begun).toBeGreaterThan(1900);
});

test('who can be reached is announced where the lookup ended, with the token, and who cannot is not', async () => {
  const only = await node(1);
  await peersIn(dhtOf({ known: [only] }));
  await sleep(200);
  expect(only.queries.map(({ q }) => q)).toEqual(['get_peers']);
  const dht = dhtOf({ known: [only], port: 46_998 });
  await peersIn(dht);
  const announced = await waitUntil(
    async () => only.queries.find(({ q }) => q === 'announce_peer') ?? false,
    {
      ...{ what: 'it is announced', timeoutMs: 5000 },
    },
  );
  expect(announced.a).toMatchObject({ port: 46_998, token: Buffer.from('a token') });
  expect([...only.from]).toContain('127.0.0.1:46998');
});

test('queries leave by the address the owner chose, and none where that cannot be had', async () => {
  const only = await node(1);
  await peersIn(dhtOf({ known: [only], localAddress: '127.0.0.5' }));
  await peersIn(dhtOf({ known: [only], localAddress: '127.0.0.5', port: only.port }));
  const from = [...only.from].map((place) => place.split(':')[0]);
  expect(from).toEqual(['127.0.0.5', '127.0.0.5']);
  expect([...only.from]).toContain(`127.0.0.5:${only.port}`);
  const heard = only.datagrams;
  const dht = dhtOf({ known: [only], localAddress: '::1' });
  await peersIn(dht);
  expect([dht.state().status, only.datagrams]).toEqual(['resting', heard]);
});

test('the next start needs nobody it is told of: it begins with the nodes it knew', async () => {
  await using dir = await openTempDir();
  const file = join(dir.path, 'torrents', 'dht.json');
  const [entrance, other] = [await node(1), await node(2)];
  entrance.reply = () => told(entrance, { nodes: [other] });
  const first = dhtOf({ known: [entrance], file });
  await peersIn(first);
  await first.rest();
  expect(first.state().status).toBe('resting');
  entrance.reply = () => null;
  const heard = entrance.datagrams;
  other.reply = () => told(other, { peers: [PEER] });
  const gate = await node(3);
  expect(await peersIn(dhtOf({ known: [gate], file }))).toEqual([PEER]);
  expect(gate.datagrams).toBe(0);
  expect(entrance.datagrams).toBe(heard + 1);
});

test.each([
  ['no JSON', Buffer.from('{"nodes":[')],
  [
    'not what was written',
    Buffer.from(JSON.stringify({ nodes: [{ id: 'zz', host: 'localhost', port: 1 }] })),
  ],
  ['full of zeros', Buffer.alloc(10_000)],
])('a file of nodes that is %s is passed over, and written anew', async (_what, damaged) => {
  await using dir = await openTempDir();
  const file = join(dir.path, 'dht.json');
  await writeFile(file, damaged);
  const entrance = await node(1);
  entrance.reply = () => told(entrance, { peers: [PEER] });
  const dht = dhtOf({ known: [entrance], file });
  expect(await peersIn(dht)).toEqual([PEER]);
  await dht.rest();
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
    nodes: [{ id: entrance.id.toString('hex'), host: entrance.host, port: entrance.port }],
  });
});

test('nodes it knew long ago, all gone by now, do not keep it from those it is told of', async () => {
  await using dir = await openTempDir();
  const file = join(dir.path, 'dht.json');
  const gone = Array.from({ length: 150 }, (_, number) => ({
    ...{ id: randomBytes(20).toString('hex'), host: `127.0.9.${number + 1}`, port: 46_997 },
  }));
  await writeFile(file, JSON.stringify({ nodes: gone }));
  const entrance = await node(1, 3);
  entrance.reply = () => told(entrance, { peers: [PEER] });
  const begun = performance.now();
  const heard = Promise.withResolvers<number>();
  const leave = new AbortController();
  const over = dhtOf({ known: [entrance], file }).findPeers(
    HASH,
    () => heard.resolve(performance.now() - begun),
    leave.signal,
  );
  expect(await heard.promise).toBeLessThan(6000);
  leave.abort(new Error('enough'));
  await over;
});

test('nodes that peers tell of are asked, five a minute, and known when they answer', async () => {
  const [entrance, ...told5] = await Promise.all(Array.from({ length: 9 }, (_, at) => node(at + 1)));
  if (entrance === undefined) throw new Error('there are 9');
  const dht = dhtOf({ known: [entrance] });
  const [early] = told5;
  if (early !== undefined) await dht.noteNode(early);
  expect(early?.datagrams).toBe(0);
  await peersIn(dht);
  await Promise.all(told5.map((one) => dht.noteNode(one)));
  expect(told5.map(({ datagrams }) => datagrams)).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
  expect(dht.state().nodes).toBe(6);
});

test('a lookup that is called off is over at once', async () => {
  const silent = await node(1);
  silent.reply = () => null;
  const leave = new AbortController();
  const over = peersIn(dhtOf({ known: [silent] }), leave.signal);
  await waitUntil(async () => silent.datagrams > 0, { what: 'it is asked', timeoutMs: 5000 });
  const begun = performance.now();
  leave.abort(new Error('the torrent rests'));
  await over;
  expect(performance.now() - begun).toBeLessThan(1000);
});
