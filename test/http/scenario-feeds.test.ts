import { afterAll, beforeAll, expect, test } from 'vitest';
import { pollFeeds } from '../../src/features/finders/poll-feeds.ts';
import { createLog } from '../../src/platform/log.ts';
import { type FeedServer, startFeedServer } from '../support/feed-server.ts';
import { scenarioRoom } from '../support/scenario-room.ts';

// Step X10 of the scenario: a feed's patterns fill a catalogue, through the protocol a client speaks.

const room = scenarioRoom();
let feeds: FeedServer;
beforeAll(async () => {
  feeds = await startFeedServer();
});
afterAll(() => feeds.close());

const { signal } = new AbortController();
const poll = () =>
  pollFeeds(
    { ...room.addon(), log: createLog('silent'), caps: { get: (_key, load) => load(signal) } },
    signal,
  );
const item = (digit: string, name: string) =>
  `<item><title>${name}</title><link>magnet:?xt=urn:btih:${digit.repeat(40)}&amp;dn=x</link></item>`;
const listed = () => room.names('movie/list-open-films');
const feed = (more: object = {}) => ({
  ...{ kind: 'rss', name: 'Feed', url: `${feeds.baseUrl}/rss` },
  patterns: [{ pattern: '1080p', catalog: 'open-films' }, { pattern: '720p' }],
  ...more,
});

test('X10: what a pattern finds stands in its catalogue; the same address twice is a conflict', async () => {
  const film = { kind: 'movie', title: 'The Matrix', year: 1999, ids: { imdb: 'tt0133093' } };
  await room.ask('POST', '/api/media', film);
  await room.ask('POST', '/api/media', { kind: 'movie', title: 'Heat', year: 1995, overview: 'x' });
  feeds.answer(
    `<rss><channel>${item('a', 'The.Matrix.1999.1080p.BluRay.x264')}${item('b', 'Heat.1995.720p.BluRay.x264')}${item('c', 'Unheard.Film.2011.1080p')}${item('d', 'Heat.1995.480p')}</channel></rss>`,
  );
  expect((await room.ask('POST', '/api/finders', feed())).status).toBe(201);
  const again = await room.ask('POST', '/api/finders', feed({ name: 'Again' }));
  expect([again.status, again.body]).toMatchObject([409, { code: 'finders.known' }]);
  expect(await poll()).toBe(1);
  await room.addon().settled();
  expect(await listed()).toEqual(['The Matrix']);
  expect(await room.streams('movie/tt0133093')).toMatchObject([
    { behaviorHints: { filename: 'The.Matrix.1999.1080p.BluRay.x264' } },
  ]);
  expect((await room.shown('movie', 'heat')).search).toEqual(['Heat']);
  // Nobody knows what this is yet (F3); once a person says so it stands where the pattern put it.
  const [waiting, another] = await room.review();
  expect([waiting?.title, another]).toEqual(['Unheard Film', undefined]);
  expect((await room.ask('POST', `/api/review/${waiting?.id}/approve`)).status).toBe(204);
  expect(await listed()).toEqual(['The Matrix', 'Unheard Film']);
  expect(await poll()).toBe(0);
});
