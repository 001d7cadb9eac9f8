import { expect, test } from 'vitest';
import { playRangesRoom } from '../support/play-ranges-room.ts';
import { type RawAnswer, rawRequest } from '../support/play-server.ts';

// A play link is answered on the connection itself where it can be and by Express where not: nobody may see which.

const room = playRangesRoom();

const ETAG_PLACE = '<etag>';
const cases: [string, string, Record<string, string>][] = [
  ['the whole', 'GET', {}],
  ['its head', 'HEAD', {}],
  ['a range', 'GET', { Range: 'bytes=10-99' }],
  ['the rest', 'GET', { Range: 'bytes=299000-' }],
  ['the end', 'GET', { Range: 'bytes=-7' }],
  ['a range at HEAD', 'HEAD', { Range: 'bytes=10-99' }],
  ['a range past the end', 'GET', { Range: 'bytes=300000-' }],
  ['nonsense for a range', 'GET', { Range: 'bytes=b-a' }],
  ['what it has', 'GET', { 'If-None-Match': ETAG_PLACE }],
  ['what it has not', 'GET', { 'If-Match': '"other"' }],
  ['a range of what it has', 'GET', { Range: 'bytes=1-2', 'If-Range': ETAG_PLACE }],
  ['a range of another', 'GET', { Range: 'bytes=1-2', 'If-Range': '"other"' }],
  ['what a television asks', 'HEAD', { 'getcontentFeatures.dlna.org': '1' }],
];

function shown({ status, headers, body }: RawAnswer) {
  const { date, ...rest } = headers;
  expect(Math.abs(Date.parse(date ?? '') - Date.now())).toBeLessThan(5000);
  return { status, headers: rest, body: body.toString('base64') };
}

async function byBoth(url: string, method: string, headers: Record<string, string>) {
  const { doors, answered } = room.server;
  const before = answered.directly;
  const direct = shown(await rawRequest(url, { method, headers }));
  const isDirect = answered.directly > before;
  doors.direct = false;
  const express = shown(await rawRequest(url, { method, headers }));
  doors.direct = true;
  expect(answered.directly - before).toBe(isDirect ? 1 : 0);
  return { direct, express, isDirect };
}

test.each(cases)('who asks for %s is told the same', async (_what, method, headers) => {
  const etag = (await rawRequest(room.url, { method: 'HEAD' })).headers.etag ?? '';
  const asked = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replace(ETAG_PLACE, etag)]),
  );
  const { direct, express, isDirect } = await byBoth(room.url, method, asked);
  expect(isDirect).toBe(true);
  expect(direct).toEqual(express);
});

test('several ranges are the same but for their boundary', async () => {
  const { direct, express, isDirect } = await byBoth(room.url, 'GET', { Range: 'bytes=0-1,10-19' });
  expect(isDirect).toBe(true);
  expect([direct.status, direct.headers['content-length']]).toEqual([206, express.headers['content-length']]);
});

test.each([
  ['a forged link', (url: string) => url.replace(/(\/play\/[^/]*\/.)./, '$1_')],
  ['a link for another file', (url: string) => url.replace(/\/play\/[^/]*/, '/play/AAAAAAAAAAAAAAAAAAAAAA')],
  ['a broken percent-encoding', (url: string) => `${url}%zz`],
  ['two names', (url: string) => `${url}/more`],
])('%s is Express’ to refuse', async (_what, change) => {
  const { direct, express, isDirect } = await byBoth(change(room.url), 'GET', {});
  expect([isDirect, direct.status >= 400]).toEqual([false, true]);
  expect(direct).toEqual(express);
});

test('a picture of a film is for Express’ routes', async () => {
  expect((await byBoth(room.url.replace(/\/[^/]*$/, '/thumbnail.jpg'), 'GET', {})).isDirect).toBe(false);
});

test('what an origin does not give is the same error, and counted once', async () => {
  const { server, origin } = room;
  server.sources.close();
  server.streamErrors.length = 0;
  Object.assign(origin.behaviour, { headStatus: 404, getStatus: 404 });
  const url = server.urlOf({ detail: server.kinds.get('http')?.parse({ url: `${origin.url}?gone` }) });
  const { direct, express, isDirect } = await byBoth(url, 'GET', {});
  Object.assign(origin.behaviour, { headStatus: 200, getStatus: 200 });
  expect([isDirect, direct.status]).toEqual([true, 404]);
  expect(direct).toEqual(express);
  expect(server.streamErrors).toHaveLength(2);
});
