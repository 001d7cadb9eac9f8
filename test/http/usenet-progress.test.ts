import { afterAll, expect, test } from 'vitest';
import { type NntpServer, startNntpServer } from '../support/nntp-server.ts';
import { filmOf, releaseOf } from '../support/usenet-releases.ts';
import { providerAt } from '../support/usenet-room.ts';
import { waitUntil } from '../support/wait-until.ts';
import { watchRoom } from '../support/watch-room.ts';

// A Usenet post that somebody opens or plays here says so where it is offered, as a torrent does.

const PART = 40_000;
const LATER = `bytes=${15 * PART}-`;
const IMDB = 'tt0000940';
const soon = { timeoutMs: 10_000, everyMs: 20 };
const articles = new Map<string, Buffer>();
let trouble: 'none' | 'late' | 'gone' = 'none';
let server: NntpServer;
const room = watchRoom(async () => {
  server = await startNntpServer({
    articles,
    trouble() {
      if (trouble === 'none') return null;
      return trouble === 'late' ? { kind: 'delay', ms: 700 } : { kind: 'missing' };
    },
  });
  const cache = { folder: '/nonexistent', maxBytes: 0 };
  return { usenet: { providers: [providerAt(server, { connections: 2 })], cache } };
});
afterAll(() => server?.stop());

/** A film with one post of its own, and another that nobody opens. */
async function offered(name: string): Promise<void> {
  const mediaId = await room.addTitle({ kind: 'movie', title: 'Film', ids: { imdb: IMDB } });
  for (const path of [`${name}.1080p.mkv`, `Another.${name}.720p.mkv`]) {
    const film = { path, bytes: filmOf(30 * PART) };
    const { nzb } = await releaseOf([{ name: path, bytes: film.bytes }], {
      inside: [film],
      partBytes: PART,
      articles,
    });
    const added = await room.ask('POST', '/api/streams', {
      mediaId,
      nzb: Buffer.from(nzb).toString('base64'),
    });
    expect(added.status).toBe(201);
  }
}
const streams = () => room.streamsOf('movie', IMDB);
const told = async () =>
  (await streams()).flatMap(({ description }) =>
    description.split('\n').filter((line) => /^(⏳|▶️|⚠️)/u.test(line)),
  );
const urlOf = async (name: string) => {
  const found = (await streams()).find(({ url = '' }) => url.includes(name) && !url.includes('Another'));
  if (found?.url === undefined) throw new Error(`${name} is not offered`);
  return found.url;
};

test('while it starts and while it runs, and only there; then no more', async () => {
  await offered('Early');
  expect(await told()).toEqual([]);
  const url = await urlOf('Early');
  trouble = 'late';
  // Its beginning was read when it was added.
  const playing = room.play(url, LATER);
  await waitUntil(async () => (await told())[0]?.startsWith('⏳ Starting') === true, {
    ...soon,
    what: 'it starts',
  });
  expect(await told()).toHaveLength(1);
  await waitUntil(async () => (await told())[0]?.startsWith('▶️ Running') === true, {
    ...soon,
    what: 'it runs',
  });
  expect(await told()).toHaveLength(1);
  // A list of what goes on now is asked for anew soon.
  const { headers } = await room.ask('GET', `/stream/movie/${IMDB}.json`);
  expect(headers.get('cache-control')).toContain('max-age=3,');
  trouble = 'none';
  expect((await playing).bytes).toHaveLength(15 * PART);
  await waitUntil(async () => (await told()).length === 0, { ...soon, what: 'it is over' });
});

test('one whose articles are gone says so for a while', async () => {
  trouble = 'none';
  await offered('Lost');
  const url = await urlOf('Lost');
  trouble = 'gone';
  expect((await room.play(url, LATER)).status).toBe(404);
  expect(await told()).toEqual([
    '⚠️ Failed just now · Articles of this post are gone from every Usenet provider.',
  ]);
});
