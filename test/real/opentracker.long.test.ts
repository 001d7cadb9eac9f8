import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNet, type Net } from '../../src/platform/net.ts';
import {
  fillSwarms,
  freshHashes,
  type Opentracker,
  scrapeOften,
  startOpentracker,
} from '../support/real/opentracker.ts';

// 50 torrents scraped 1000 times from opentracker, every number right.

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

test('fifty torrents, 1000 times by udp and by http', async () => {
  const expected = await fillSwarms(tracker.udpUrl, HASHES, net);
  for (const url of [tracker.udpUrl, tracker.httpUrl]) {
    const { wrong, requestsPerSecond } = await scrapeOften(url, expected, { net, times: 1000 });
    console.log(`${url.slice(0, 4)}: ${Math.round(requestsPerSecond)} requests of 50 torrents a second`);
    expect(wrong).toEqual([]);
  }
});
