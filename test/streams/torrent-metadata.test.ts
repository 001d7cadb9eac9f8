import { hash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { Metadata, type MetadataPeer } from '../../src/streams/torrent/swarm/metadata.ts';

const INFO = randomBytes(2041);
const peer = (): MetadataPeer => ({ metadataId: 3, metadataBytes: INFO.length, isClosed: false });
/** As it comes: a dictionary before the bytes (BEP 9). */
const answer = (info = INFO) => Buffer.concat([Buffer.from('d8:msg_typei1ee'), info]);
const open = () => new Metadata(hash('sha1', INFO, 'hex'));

test('the only peer that answers late is not asked twice, and what it says is taken', () => {
  const [metadata, slow] = [open(), peer()];
  expect(metadata.wanted(slow, 0)).toEqual([0]);
  for (const now of [1000, 3500, 4000]) expect(metadata.wanted(slow, now)).toEqual([]);
  expect(metadata.take(slow, 0, answer(), 4500)).toEqual(INFO);
});

test('three are asked at a time; who is silent for 3 s makes room, and may still be the first', () => {
  const [metadata, peers] = [open(), Array.from({ length: 7 }, peer)];
  const asked = (now: number) => peers.map((one) => metadata.wanted(one, now).length);
  expect(asked(0)).toEqual([1, 1, 1, 0, 0, 0, 0]);
  expect(asked(2000)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  expect(asked(3001)).toEqual([0, 0, 0, 1, 1, 1, 0]);
  const [first = peer()] = peers;
  expect(metadata.take(first, 0, answer(randomBytes(INFO.length)), 3100)).toBeNull();
  // It lied: whatever it says now is nothing.
  expect(metadata.take(first, 0, answer(), 3200)).toBeNull();
  const [, second = peer()] = peers;
  expect(metadata.take(second, 0, answer(), 3300)).toEqual(INFO);
});

test('of those that are late the longest silent are forgotten, and who has gone is', () => {
  const [metadata, peers] = [open(), Array.from({ length: 10 }, peer)];
  for (const [index, one] of peers.entries()) metadata.wanted(one, Math.floor(index / 3) * 4000);
  for (const one of peers.slice(0, 6)) {
    expect(metadata.take(one, 0, answer(), 12_500)).toBeNull();
    expect(metadata.wanted(one, 12_500)).toEqual([]);
  }
  const [left = peer(), stays = peer()] = peers.slice(6);
  left.isClosed = true;
  metadata.wanted(stays, 12_600);
  expect(metadata.take(left, 0, answer(), 12_700)).toBeNull();
  expect(metadata.take(stays, 0, answer(), 12_800)).toEqual(INFO);
});
