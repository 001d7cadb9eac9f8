import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchFeed } from '../../src/finders/fetch-feed.ts';
import type { Net } from '../../src/platform/net.ts';
import {
  type FeedServer,
  loopbackNet,
  startFeedServer,
  torznabFeed,
  torznabItem,
} from '../support/feed-server.ts';

// Feeds that want to harm: nothing is expanded, nothing grows, and an end is found in time.

const MIB = 1024 * 1024;
let server: FeedServer;
let net: Net;
/** What the last `pour` has sent. */
let poured = 0;

beforeAll(async () => {
  server = await startFeedServer();
  net = loopbackNet();
});
afterAll(async () => {
  await net.close();
  await server.close();
});

const read = (timeoutMs = 20_000) =>
  fetchFeed(net, new URL(server.baseUrl), { timeoutMs, signal: new AbortController().signal });
const items = async () => (await read()).document?.items ?? [];
const broken = expect.objectContaining({ fault: 'broken' });

/** Sends it as fast as it is taken, so often. */
async function pour(res: ServerResponse, piece: string, times: number): Promise<void> {
  poured = 0;
  for (let n = 0; n < times && !res.destroyed; n += 1) {
    poured += piece.length;
    if (!res.write(piece))
      await Promise.race([new Promise((resolve) => res.once('drain', resolve)), sleep(1000)]);
  }
}
/** The most that came to be held while it ran, in MiB. */
async function memoryOf(work: () => Promise<unknown>): Promise<number> {
  global.gc?.();
  const before = process.memoryUsage();
  let most = 0;
  const timer = setInterval(() => {
    const now = process.memoryUsage();
    most = Math.max(most, now.heapUsed + now.external - before.heapUsed - before.external);
  }, 5);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return most / MIB;
}

describe('no XML of its own', () => {
  test.each([
    [
      'an outside entity',
      '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><item><title>&x;</title></item></rss>',
    ],
    ['an outside DTD', '<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/x.dtd"><rss/>'],
    [
      'an entity bomb',
      `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">${'bcdefghij'.replace(/./g, (c) => `<!ENTITY ${c} "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">`)}]><rss><item><title>&j;</title></item></rss>`,
    ],
    ['a page', '<!DOCTYPE html><html><body><p>Sign in</body></html>'],
    ['a page without a doctype', '<html><head><meta charset="utf-8"><title>x</title></head></html>'],
    ['tags that cross', '<rss><channel><item><title>x</channel></rss>'],
    ['JSON', '{"items": []}'],
    ['nothing', ''],
    ['another kind of XML', '<opml><body/></opml>'],
    ['nesting without end', `<rss>${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}</rss>`],
    [
      'attributes without end',
      `<rss><a ${Array.from({ length: 50_000 }, (_, n) => `a${n}="1"`).join(' ')}/></rss>`,
    ],
  ])('%s is refused', async (_what, xml) => {
    server.answer(xml);
    await expect(read()).rejects.toEqual(broken);
  });

  test('an ampersand that begins nothing stays as it is, wherever a piece ends', async () => {
    const title = '<title>Tom &amp; Jerry &nbsp; &x; & co &#x41;&#66; \u0001</title>';
    const link =
      '<link><![CDATA[https://a.example/x.mkv?a=1&b=2]]></link><guid>https://a.example/?a&b</guid>';
    const xml = `<rss><channel><item>${title}${link}</item></channel></rss>`;
    server.answer(async (_query, res) => {
      for (const letter of xml) {
        res.write(letter);
        await sleep(0);
      }
      res.end();
    });
    expect((await items())[0]?.texts).toEqual({
      title: 'Tom & Jerry &nbsp; &x; & co AB \u0001',
      link: 'https://a.example/x.mkv?a=1&b=2',
      guid: 'https://a.example/?a&b',
    });
  });

  test('a feed cut in the middle is none', async () => {
    server.answer(torznabFeed([torznabItem({ name: 'A', hash: 'a'.repeat(40) })]).slice(0, 700));
    await expect(read()).rejects.toEqual(broken);
  });

  test('a connection that breaks in the middle is told as such', async () => {
    server.answer((_query, res) => {
      res.writeHead(200, { 'content-length': '100000' });
      res.write('<rss><channel>', () => setTimeout(() => res.destroy(), 50));
    });
    await expect(read()).rejects.toMatchObject({ fault: 'unreachable' });
  });

  test('a compressed answer, which nobody asked for, is not opened', async () => {
    const bomb = gzipSync(Buffer.alloc(20 * MIB, 0x20));
    server.answer((_query, res) => res.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    await expect(read()).rejects.toMatchObject({ message: expect.stringContaining('compressed') });
  });
});

describe('size', () => {
  test('more than 50 MiB is refused by what it says', async () => {
    server.answer((_query, res) => {
      res.writeHead(200, { 'content-length': String(51 * MIB) });
      res.flushHeaders();
    });
    await expect(read()).rejects.toMatchObject({ message: 'It sent more than 50 MiB.' });
  });

  test('and by what it sends, with little of it held', async () => {
    server.answer(async (_query, res) => {
      res.write('<rss><channel>');
      await pour(res, `<note>${'x'.repeat(60_000)}</note>`, 1000);
      res.end();
    });
    const held = await memoryOf(() =>
      expect(read(60_000)).rejects.toMatchObject({ message: 'It sent more than 50 MiB.' }),
    );
    // A megabyte or two of pieces under way, and what the collector has not looked at yet.
    expect(held).toBeLessThan(48);
  });

  test.each([
    ['text', '', 'x'],
    ['comment', '<!--', 'x'],
    ['tag', '<', 'x'],
    ['attribute', '<a b="', 'x'],
    ['section', '<![CDATA[', 'x'],
    ['instruction', '<?x ', 'x'],
  ])('one %s without end is refused early', async (_what, head, piece) => {
    server.answer(async (_query, res) => {
      res.write(`<rss><channel><item><title>${head}`);
      await pour(res, piece.repeat(64 * 1024), 400);
      res.end();
    });
    await expect(read()).rejects.toEqual(broken);
    expect(poured).toBeLessThan(20 * MIB);
  });

  test('of a feed without end a thousand items are read, and their long texts cut', async () => {
    const long = 'y'.repeat(20_000);
    server.answer(async (_query, res) => {
      res.write('<rss><channel>');
      await pour(res, `<item><title>T ${long}</title><link>https://a.example/x.mkv</link></item>`, 3000);
      res.end('</channel></rss>');
    });
    const found = await items();
    expect(found).toHaveLength(1000);
    expect(found[0]?.texts.title?.length).toBe(8192);
    expect(poured).toBeLessThan(40 * MIB);
  });
});

describe('time', () => {
  test('one that sends a letter a while is left after its time', async () => {
    server.answer(async (_query, res) => {
      res.write('<rss>');
      while (!res.destroyed) {
        res.write(' ');
        await sleep(50);
      }
    });
    const begun = performance.now();
    await expect(read(1000)).rejects.toMatchObject({
      fault: 'unreachable',
      message: 'It did not answer in 1 s.',
    });
    expect(performance.now() - begun).toBeLessThan(8000);
  });

  test('one that says nothing is left too', async () => {
    server.answer(() => undefined);
    await expect(read(500)).rejects.toMatchObject({ fault: 'unreachable' });
  });

  test('one that redirects in circles, or to where nobody may go, is not followed', async () => {
    server.answer((_query, res) => res.writeHead(302, { location: '/again' }).end());
    await expect(read()).rejects.toMatchObject({ fault: 'unreachable' });
    server.answer((_query, res) => res.writeHead(302, { location: 'file:///etc/passwd' }).end());
    await expect(read()).rejects.toMatchObject({ code: expect.any(String) });
  });
});

test('an old feed is read in its own letters', async () => {
  const xml = Buffer.concat([
    Buffer.from('<?xml version="1.0" encoding="windows-1251"?><rss><channel><item><title>'),
    Buffer.from([0xcc, 0xe0, 0xf2, 0xf0, 0xe8, 0xf6, 0xe0]),
    Buffer.from('</title></item></channel></rss>'),
  ]);
  server.answer((_query, res) => res.writeHead(200).end(xml));
  expect((await items())[0]?.texts.title).toBe('Матрица');
});
