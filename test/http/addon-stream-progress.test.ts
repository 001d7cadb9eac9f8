import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { asReadable } from '../../src/streams/kind.ts';
import { streamsIn } from '../support/addon-answers.ts';
import { addonStreamsRoom } from '../support/addon-streams-room.ts';
import { makeTorrent, type SeedPeer, startSeedPeer } from '../support/seed-peer.ts';
import { waitUntil } from '../support/wait-until.ts';

// A torrent that somebody plays here says so where it is offered.

const room = addonStreamsRoom();
const MIB = 1024 * 1024;
const soon = { timeoutMs: 10_000, everyMs: 20 };
let seed: SeedPeer;
let streamId: number;

beforeEach(async () => {
  // Another for each test: of one that has played pieces are held.
  const film = makeTorrent(randomBytes(8 * MIB), 256 * 1024);
  seed = await startSeedPeer(film, '127.0.3.40', { isChoking: true });
  await room.add(room.file('Before.1080p.mkv'));
  const peer = encodeURIComponent(`${seed.host}:${seed.port}`);
  streamId = await room.server.addStream(
    {
      kind: 'torrent',
      url: `magnet:?xt=urn:btih:${film.infoHash}&dn=Film.1080p.mkv&x.pe=${peer}`,
      name: 'Film.1080p.mkv',
    },
    { mediaId: room.film },
  );
  await room.add(room.torrent('Another.1080p.mkv'));
});
afterEach(() => seed.stop());

async function asked() {
  const { headers, body } = await room.server.ask(`/stream/movie/${room.FILM}.json`);
  return { headers, body, streams: streamsIn(body) };
}

/** A link differs from answer to answer, by when it ends. */
const unlinked = (text: string) => text.replace(/\/play\/([\w-]{22})\/[\w-]+\//g, '/play/$1/TOKEN/');

test.each(['server', 'client'] as const)(
  'while it starts and while it runs, and only there (%s plays)',
  async (torrentPlayer) => {
    await room.server.set({ torrentPlayer });
    const idle = await asked();
    const told = (answer: typeof idle) =>
      answer.streams.flatMap(({ description }) =>
        description.split('\n').filter((line) => /^(⏳|▶️|⚠️)/u.test(line)),
      );
    expect(told(idle)).toEqual([]);
    expect(idle.headers.get('cache-control')).toBe(
      'max-age=60, stale-while-revalidate=300, stale-if-error=3600, public',
    );

    const source = await room.server.kinds
      .get('torrent')
      ?.open?.({ streamId, fileIndex: null }, new AbortController().signal);
    if (source === undefined) throw new Error('torrents cannot be opened');
    const stop = new AbortController();
    const readable = asReadable(source, { start: 0, end: source.size ?? 0 }, stop.signal);
    readable.on('error', () => {});
    const starting = await waitUntil(
      async () => {
        const answer = await asked();
        return told(answer)[0] === '⏳ Starting · 1 peer · 0 of 32 pieces' && answer;
      },
      { what: 'its peer and its pieces are told', ...soon },
    );
    expect(starting.headers.get('cache-control')).toBe(
      'max-age=3, stale-while-revalidate=0, stale-if-error=3600, public',
    );
    expect(starting.headers.get('etag')).not.toBe(idle.headers.get('etag'));
    // In its place, with its address and its group, and nothing else is different.
    const { streams } = starting;
    expect(streams.map(({ description }) => description.split('\n')[0])).toEqual(
      idle.streams.map(({ description }) => description.split('\n')[0]),
    );
    const without = streams.map((stream) => ({
      ...stream,
      description: stream.description.replace(/\n⏳.*$/u, ''),
    }));
    expect(unlinked(JSON.stringify(without))).toBe(unlinked(JSON.stringify(idle.streams)));

    seed.manners.isChoking = false;
    await seed.leave();
    await seed.comeBack();
    readable.resume();
    await waitUntil(async () => told(await asked())[0]?.startsWith('▶️ Running'), {
      what: 'it runs',
      ...soon,
    });
    stop.abort(new Error('the viewer has left'));
    await source.close();
    const after = await waitUntil(
      async () => {
        const answer = await asked();
        return told(answer).length === 0 && answer;
      },
      { what: 'nothing is told any more', ...soon },
    );
    expect(unlinked(JSON.stringify(after.body))).toBe(unlinked(JSON.stringify(idle.body)));
  },
);
