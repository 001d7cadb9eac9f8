import { randomBytes, randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { distance, encodeQuery, readAnswer } from '../../src/streams/torrent/dht/messages.ts';
import { bencode } from '../support/bencode.ts';
import { compactPeer } from '../support/dht-node.ts';

const ID = Buffer.alloc(20, 'i');
const HASH = Buffer.alloc(20, 'h');

test('queries are what BEP 5 has as examples, and say that we answer none', () => {
  const said = (query: Parameters<typeof encodeQuery>[2]) =>
    Buffer.from(encodeQuery(Buffer.from('aa'), ID, query)).toString('latin1');
  expect(said({ q: 'ping' })).toBe(`d1:ad2:id20:${ID}e1:q4:ping2:roi1e1:t2:aa1:y1:qe`);
  expect(said({ q: 'get_peers', infoHash: HASH })).toBe(
    `d1:ad2:id20:${ID}9:info_hash20:${HASH}e1:q9:get_peers2:roi1e1:t2:aa1:y1:qe`,
  );
  expect(said({ q: 'announce_peer', infoHash: HASH, port: 6881, token: Buffer.from('aoeusnth') })).toBe(
    `d1:ad2:id20:${ID}12:implied_porti0e9:info_hash20:${HASH}4:porti6881e5:token8:aoeusnthe1:q13:announce_peer2:roi1e1:t2:aa1:y1:qe`,
  );
});

test('an answer is read: peers, nodes without port 0, the token', () => {
  const peer = { host: '1.2.3.4', port: 6881 };
  const nodes = Buffer.concat([
    ID,
    compactPeer(peer),
    ID,
    compactPeer({ ...peer, port: 0 }),
    Buffer.alloc(25),
  ]);
  const r = { id: HASH, nodes, token: 'tok', values: [compactPeer(peer), 'odd', 7] };
  expect(readAnswer(bencode({ r, t: 'aa', y: 'r' }))).toEqual({
    transaction: 'aa',
    answer: { id: HASH, nodes: [{ id: ID, ...peer }], peers: [peer], token: Buffer.from('tok') },
  });
  expect(readAnswer(bencode({ e: [201, 'no'], t: 'aa', y: 'e' }))).toEqual({
    transaction: 'aa',
    answer: null,
  });
});

test('20,000 damaged answers throw nothing, and tell of no more than one may', () => {
  const whole = bencode({
    r: {
      id: ID,
      nodes: randomBytes(26 * 40),
      token: 'tok',
      values: Array.from({ length: 200 }, () => randomBytes(6)),
    },
    t: 'aa',
    y: 'r',
  });
  for (let turn = 0; turn < 20_000; turn += 1) {
    const damaged = Buffer.from(whole.subarray(0, turn % 3 === 0 ? randomInt(whole.length) : whole.length));
    for (let count = randomInt(4); count > 0; count -= 1)
      if (damaged.length > 0) damaged[randomInt(damaged.length)] = randomInt(256);
    const { nodes = [], peers = [] } = readAnswer(damaged)?.answer ?? {};
    expect(nodes.length).toBeLessThanOrEqual(16);
    expect(peers.length).toBeLessThanOrEqual(150);
  }
});

test('distance is by exclusive or', () => {
  expect(distance(ID, ID).equals(Buffer.alloc(20))).toBe(true);
  expect(distance(ID, HASH)[0]).toBe('i'.charCodeAt(0) ^ 'h'.charCodeAt(0));
});
