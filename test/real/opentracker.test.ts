import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNet, type Net } from '../../src/platform/net.ts';
import { announce, scrape, TrackerRefused } from '../../src/streams/torrent/trackers/index.ts';
import {
  fillSwarms,
  freshHashes,
  type Opentracker,
  scrapeOften,
  startOpentracker,
} from '../support/real/opentracker.ts';

// 50 torrents scraped 100 times from opentracker, every number right.

const NEVER = new AbortController().signal;
const HASHES = freshHashes(50);
let net: Net;
let tracker: Opentracker;

beforeAll(async () => {
  net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  tracker = await startOpentracker({ infoHashes: HASHES });
});
afterAll(async () => {
  await tracker.stop();
  await net.close();
});

test('fifty torrents, 100 times by udp and by http', async () => {
  const expected = await fillSwarms(tracker.udpUrl, HASHES, net);
  for (const url of [tracker.udpUrl, tracker.httpUrl]) {
    const { wrong, requestsPerSecond } = await scrapeOften(url, expected, { net, times: 100 });
    console.log(`${url.slice(0, 4)}: ${Math.round(requestsPerSecond)} requests of 50 torrents a second`);
    expect(wrong).toEqual([]);
  }
});

test('what it does not serve is refused by a living tracker, or left out', async () => {
  const [stranger = ''] = freshHashes(1);
  const me = { peerId: Buffer.alloc(20, 'p'), port: 7001, uploaded: 0, downloaded: 0, left: 0, numWant: 0 };
  for (const url of [tracker.udpUrl, tracker.httpUrl]) {
    const asked = announce(url, { ...me, infoHash: stranger, event: 'started' }, { net }, NEVER);
    await expect(asked, url).rejects.toBeInstanceOf(TrackerRefused);
  }
  expect([...(await scrape(tracker.httpUrl, [stranger], { net }, NEVER))]).toEqual([]);
  expect((await scrape(tracker.udpUrl, [stranger], { net }, NEVER)).get(stranger)).toMatchObject({
    seeders: 0,
  });
});
