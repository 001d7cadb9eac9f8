import { randomBytes } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { createNet } from '../../src/platform/net.ts';
import type { UsenetSpec } from '../../src/streams/usenet/engine.ts';
import { healthOf, sampleOf } from '../../src/streams/usenet/health.ts';
import { createAllProviders } from '../../src/streams/usenet/providers/all-providers.ts';
import { createYenc } from '../../src/streams/usenet/yenc/yenc.ts';
import { startNntpServer } from '../support/nntp-server.ts';
import { postFile } from '../support/nzb-post.ts';

const NEVER = new AbortController().signal;
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A post of `count` articles of which those are gone, and what a check says of it. */
async function checked(count: number, isGone: (number: number) => boolean, lacking: readonly number[] = []) {
  const articles = new Map<string, Buffer>();
  const { subject, parts } = postFile(articles, {
    name: 'film.mkv',
    bytes: randomBytes(count * 100),
    partBytes: 100,
  });
  for (const { id, number } of parts) if (isGone(number)) articles.delete(id);
  const server = await startNntpServer({ articles });
  const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  const provider = {
    ...{ name: 'one', host: server.host, port: server.port, tls: false, username: null, password: null },
    ...{ connections: 4, priority: 0, backup: false, tlsCa: null },
  };
  const all = createAllProviders({ net, yenc: createYenc(), providers: [provider] });
  closers.push(
    () => net.close(),
    () => server.stop(),
    () => all.close(),
  );
  const file = { subject, poster: null, postedAt: null, groups: [], segments: parts, missing: lacking };
  const par2 = {
    ...file,
    subject: '"film.vol0+1.par2" yEnc (1/1)',
    segments: [{ id: 'nowhere@x', number: 1, bytes: 1 }],
  };
  const nzb = { title: null, password: null, files: [file, par2] };
  const spec: UsenetSpec = { key: 'k', nzb, password: null, learned: null };
  return { health: await healthOf(spec, all, NEVER), server };
}

test('a post that is all there is complete, by a sample of it', async () => {
  const { health, server } = await checked(2000, () => false);
  expect(health).toMatchObject({ completeness: 1, verdict: 'complete' });
  expect(health.asked).toBe(health.there);
  // A twentieth, its first and its last; recovery files are nobody's film.
  expect(new Set(server.stats).size).toBe(server.stats.length);
  expect(server.stats.length).toBeGreaterThanOrEqual(98);
  expect(server.stats.length).toBeLessThanOrEqual(102);
  expect(server.bodies).toEqual([]);
});

test('of a small post every article is asked for, and one that is gone is found', async () => {
  const { health } = await checked(40, (number) => number === 17);
  expect(health).toMatchObject({ asked: 40, there: 39, verdict: 'damaged' });
  expect(health.completeness).toBeCloseTo(39 / 40);
});

test('a post that is gone needs few questions', async () => {
  const { health } = await checked(2000, () => true);
  expect(health).toMatchObject({ there: 0, completeness: 0, verdict: 'gone' });
  expect(health.asked).toBeLessThanOrEqual(60);
});

test('what the NZB itself lacks is lacking', async () => {
  const { health } = await checked(40, () => false, [41, 42, 43, 44]);
  expect(health.completeness).toBeCloseTo(40 / 44);
  expect(health.verdict).toBe('damaged');
});

test('each stretch of a sample is spread over the whole post', () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => String(index));
  const tens = sampleOf([ids])
    .slice(2, 22)
    .map((id) => Math.floor(Number(id) / 1000));
  expect(new Set(tens).size).toBe(10);
});
