import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { RoutingTable } from '../../src/streams/torrent/dht/routing-table.ts';

const nodeOf = (first: number, number: number, host = `127.1.${number >> 8}.${number & 0xff}`) => ({
  ...{ id: Buffer.concat([Buffer.from([first]), randomBytes(19)]), host, port: 6881 },
});

test('it never holds more than 192 nodes, 12 of each sixteenth, whoever answers', () => {
  const table = new RoutingTable();
  for (let number = 0; number < 20_000; number += 1) table.answered(nodeOf(number & 0xff, number));
  expect(table.size).toBe(192);
  const crowded = new RoutingTable();
  for (let number = 0; number < 1000; number += 1) crowded.answered(nodeOf(7, number));
  expect(crowded.size).toBe(12);
});

test('one host has four places, and one place one name', () => {
  const table = new RoutingTable();
  for (let number = 0; number < 100; number += 1)
    table.answered({ ...nodeOf(number, number, '127.0.0.9'), port: 7000 + number });
  expect(table.size).toBe(4);
  for (let number = 0; number < 100; number += 1)
    table.answered({ ...nodeOf(number, number, '127.0.0.8'), port: 7000 });
  expect(table.size).toBe(5);
});

test('who was silent twice goes, and who was silent once goes first; the long known stay', () => {
  const table = new RoutingTable();
  const nodes = Array.from({ length: 12 }, (_, number) => nodeOf(1, number));
  for (const node of nodes) table.answered(node);
  const [first, second] = nodes;
  const fresh = nodeOf(1, 500);
  table.answered(fresh);
  expect(table.nodes.map(({ host }) => host)).not.toContain(fresh.host);
  if (first === undefined || second === undefined) throw new Error('there are 12');
  table.failed(first);
  table.answered(first);
  table.failed(second);
  table.answered(fresh);
  const hosts = table.nodes.map(({ host }) => host);
  expect([hosts.includes(first.host), hosts.includes(second.host), hosts.includes(fresh.host)]).toEqual([
    true,
    false,
    true,
  ]);
  table.failed(fresh);
  table.failed(fresh);
  expect(table.size).toBe(11);
});
