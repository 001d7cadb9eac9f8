import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { playHlsRoom } from '../support/play-hls-room.ts';

// What a playlist says in JSON: what is played in between, and which variants a player is to take (rfc8216bis §7, appendix D).

const room = playHlsRoom();
const { segment, newShow, linkTo, playlist, problemOf } = room;

const DATERANGE =
  '#EXT-X-DATERANGE:ID="1",CLASS="com.apple.hls.interstitial",START-DATE="2026-01-01T00:00:00Z"';
const AssetList = z.object({ ASSETS: z.array(z.object({ URI: z.string() })) });
const linkIn = (text: string, attribute: string) =>
  new RegExp(`${attribute}="([^"]*)"`).exec(text)?.[1] ?? '';
const ours = () => new RegExp(`^${room.server.base}/play/[\\w-]{22}/[\\w-]{60,}/`);

describe('an interstitial', () => {
  test('is an absolute link of ours to its playlist, and that leads on to its segments', async () => {
    const ad = newShow();
    const film = newShow([`${DATERANGE},X-ASSET-URI="${ad.url}"`]);
    const { text } = await playlist(linkTo(film.url));
    expect(text).not.toContain(room.origin.base);
    expect(linkIn(text, 'X-ASSET-URI')).toMatch(ours());
    const { uris } = await playlist(linkIn(text, 'X-ASSET-URI'));
    expect(Buffer.from(await (await fetch(uris[1] ?? '')).arrayBuffer()).equals(segment('b'))).toBe(true);
  });

  test('of a list: each asset is a link, the player’s question reaches the origin, beacons are left out', async () => {
    const ad = newShow();
    room.cdn.files.set(
      '/ads/list',
      JSON.stringify({
        ASSETS: [
          {
            URI: ad.url,
            DURATION: 15,
            'X-AD-CREATIVE-SIGNALING': { payload: [{ urls: ['https://beacon.example.net/'] }] },
          },
          { URI: 'relative.m3u8', DURATION: 7.5 },
        ],
        'SKIP-CONTROL': { OFFSET: 5 },
      }),
    );
    const film = newShow([`${DATERANGE},X-ASSET-LIST="${room.cdn.base}/ads/list?id=7"`]);
    const { text } = await playlist(linkTo(film.url, { headers: { Authorization: 'Bearer s3cret' } }));
    const res = await fetch(`${linkIn(text, 'X-ASSET-LIST')}?_HLS_primary_id=abc&other=1`);
    expect(res.headers.get('content-type')).toBe('application/json');
    const [asked] = room.cdn.requests;
    expect([asked?.path, asked?.headers.authorization]).toEqual([
      '/ads/list?id=7&_HLS_primary_id=abc',
      undefined,
    ]);
    const json: unknown = await res.json();
    const link = expect.stringMatching(ours());
    expect(json).toEqual({
      ASSETS: [
        { URI: link, DURATION: 15 },
        { URI: link, DURATION: 7.5 },
      ],
      'SKIP-CONTROL': { OFFSET: 5 },
    });
    const [first] = AssetList.parse(json).ASSETS;
    expect((await playlist(first?.URI ?? '')).uris).toHaveLength(6);
  });

  test('that leads to itself ends, and what is no list gets a clear error', async () => {
    const film = newShow();
    const url = `${room.origin.base}${film.folder}/self.m3u8`;
    room.origin.files.set(
      `${film.folder}/self.m3u8`,
      `#EXTM3U\n#EXT-X-TARGETDURATION:4\n${DATERANGE},X-ASSET-URI="${url}"\n#EXTINF:4,\na.ts\n`,
    );
    let at = linkTo(url);
    for (let depth = 0; depth < 5; depth += 1) at = linkIn((await playlist(at)).text, 'X-ASSET-URI');
    expect((await problemOf(await fetch(at))).code).toBe('play.nested_too_deep');
    for (const text of ['no JSON', '[]', '{"ASSETS":[{"URI":7}]}']) {
      room.origin.files.set('/list', text);
      const broken = newShow([`${DATERANGE},X-ASSET-LIST="/list"`]);
      const link = linkIn((await playlist(linkTo(broken.url))).text, 'X-ASSET-LIST');
      expect([text, (await problemOf(await fetch(link))).code]).toEqual([text, 'upstream.failed']);
    }
  });
});

describe('content steering', () => {
  test('goes on through us; clones of pathways, which would name hosts in our links, are left out', async () => {
    room.cdn.files.set(
      '/steer',
      JSON.stringify({
        VERSION: 1,
        TTL: 10,
        'RELOAD-URI': 'steer?session=1',
        'PATHWAY-PRIORITY': ['B', 'A', 'C'],
        'PATHWAY-CLONES': [{ 'BASE-ID': 'A', ID: 'C', 'URI-REPLACEMENT': { HOST: 'evil.example.net' } }],
      }),
    );
    const master = `#EXTM3U\n#EXT-X-CONTENT-STEERING:SERVER-URI="${room.cdn.base}/steer",PATHWAY-ID="A"\n#EXT-X-STREAM-INF:BANDWIDTH=1,PATHWAY-ID="A"\na.m3u8\n`;
    room.origin.files.set('/steered.m3u8', master);
    const { text } = await playlist(linkTo(`${room.origin.base}/steered.m3u8`));
    const link = linkIn(text, 'SERVER-URI');
    expect(link).toMatch(ours());
    const steering = z.object({ 'RELOAD-URI': z.string() });
    const res = await fetch(`${link}?_HLS_pathway=%22A%22&_HLS_throughput=5000`);
    const json: unknown = await res.json();
    expect(json).toEqual({
      VERSION: 1,
      TTL: 10,
      'RELOAD-URI': expect.stringMatching(ours()),
      'PATHWAY-PRIORITY': ['B', 'A', 'C'],
    });
    expect((await fetch(steering.parse(json)['RELOAD-URI'])).status).toBe(200);
    expect(room.cdn.requests.map(({ path }) => path)).toEqual([
      '/steer?_HLS_pathway=%22A%22&_HLS_throughput=5000',
      '/steer?session=1',
    ]);
  });
});
