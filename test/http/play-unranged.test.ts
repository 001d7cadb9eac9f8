import { expect, test } from 'vitest';
import { createLender } from '../../src/play/lend.ts';
import { textSource } from '../../src/play/text-source.ts';
import { playRoom } from '../support/play-room.ts';
import { rawRequest } from '../support/play-server.ts';

/** Criterion 15, as players see it: a film of an origin without ranges. */
const room = playRoom();
const { MIB, film } = room;

function ask(url: string, range: string) {
  return rawRequest(url, { headers: { Range: range } });
}

test('a film that cannot be sought says so, and later parts are refused without asking its origin', async () => {
  const url = room.freshUrl();
  room.origin.behaviour.ranges = 'none';
  expect((await rawRequest(url, { method: 'HEAD' })).headers['accept-ranges']).toBe('bytes');
  expect((await ask(url, `bytes=${50 * MIB}-`)).status).toBe(502);

  const before = room.origin.requests.length;
  const head = await rawRequest(url, { method: 'HEAD', headers: { 'getContentFeatures.dlna.org': '1' } });
  expect(head.headers).toMatchObject({ 'accept-ranges': 'none', 'content-length': `${film.length}` });
  expect(head.headers['contentfeatures.dlna.org']).toContain('DLNA.ORG_OP=00');
  for (const range of [`bytes=${8 * MIB + 1}-`, 'bytes=-1000']) {
    const { status, body } = await ask(url, range);
    expect(status).toBe(502);
    expect(room.problemOf(body)).toMatchObject({
      code: 'upstream.failed',
      detail: expect.stringContaining('cannot seek'),
    });
  }
  expect((await ask(url, `bytes=${film.length}-`)).status).toBe(416);
  expect(room.origin.requests).toHaveLength(before);

  const whole = await ask(url, 'bytes=0-');
  expect(whole.status).toBe(200);
  expect(whole.headers['content-range']).toBeUndefined();
  expect(whole.headers).toMatchObject({ 'accept-ranges': 'none', 'content-length': `${film.length}` });
  expect(whole.body.equals(film)).toBe(true);
  const several = await ask(url, `bytes=0-9,${50 * MIB}-${50 * MIB + 9}`);
  expect([several.status, several.body.length]).toEqual([200, film.length]);
  const part = await ask(url, `bytes=${MIB}-${MIB + 9}`);
  expect([part.status, part.headers['content-range']]).toEqual([
    206,
    `bytes ${MIB}-${MIB + 9}/${film.length}`,
  ]);
  expect(part.body.equals(film.subarray(MIB, MIB + 10))).toBe(true);
});

test('once the origin answers with a part, the film can be sought again', async () => {
  const url = room.freshUrl();
  room.origin.behaviour.ranges = 'none';
  expect((await ask(url, `bytes=${50 * MIB}-`)).status).toBe(502);
  room.origin.behaviour.ranges = 'good';
  expect((await ask(url, 'bytes=10-19')).status).toBe(206);
  expect((await rawRequest(url, { method: 'HEAD' })).headers['accept-ranges']).toBe('bytes');
  const { status, body } = await ask(url, `bytes=${50 * MIB}-${50 * MIB + 9}`);
  expect(status).toBe(206);
  expect(body.equals(film.subarray(50 * MIB, 50 * MIB + 10))).toBe(true);
});

test('a program of ours is told that it can seek, so that it does not read through the film instead', async () => {
  const lender = createLender({ ownPorts: new Set() });
  const film = Object.assign(textSource('a film', 'video/mp4'), { isForwardOnly: () => true });
  const { url, release } = await lender.lend(film);
  const { status, headers, body } = await ask(url, 'bytes=0-');
  release();
  await lender.close();
  expect([status, headers['accept-ranges'], body.toString()]).toEqual([206, 'bytes', 'a film']);
});
