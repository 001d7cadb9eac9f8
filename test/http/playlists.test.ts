import { describe, expect, test } from 'vitest';
import { LinkAnswer, StreamAnswer } from '../../src/features/stream-index/index.ts';
import { ADMIN_TOKEN } from '../support/api.ts';
import { bencode } from '../support/bencode.ts';
import { type Entry, torrentOf, torrentRoom } from '../support/torrent-room.ts';

const SHOW = { kind: 'series', title: 'The Show', ids: { imdb: 'tt0000702' } };
const FILM = { kind: 'movie', title: 'Film, the\nFirst', year: 2020 };
const FILES: Entry[] = [
  ['The.Show.S01E10.1080p.mkv', 900],
  ['The.Show.S01E02.1080p.mkv', 900],
  ['The.Show.S01E02.1080p.en.srt', 0.05],
  ['The.Show.S01E02.1080p.fr.srt', 0.05],
  ['Sample/sample.mkv', 20],
  ['info.nfo', 0.01],
];
const PACK = torrentOf('The.Show.S01.1080p.x264', FILES);

/** The same with these trackers in place of its own. */
function withTrackers(torrent: Buffer, [announce = '', ...others]: readonly string[]): Buffer {
  const info = torrent.subarray(torrent.indexOf('4:info'), -1);
  const list = bencode([[announce], others]);
  return Buffer.concat([
    Buffer.from('d8:announce'),
    bencode(announce),
    Buffer.from('13:announce-list'),
    list,
    info,
    Buffer.from('e'),
  ]);
}

/** Title, whether it has subtitles, and what its link opens. */
type Line = { title: string; subtitles: number; fileIndex: number | null; expiresInS: number };

describe('playlists where torrents can be read', () => {
  const room = torrentRoom(() => Buffer.from('x'));
  async function get(path: string, init: RequestInit = {}) {
    const headers = { Authorization: `Bearer ${ADMIN_TOKEN}`, ...init.headers };
    const response = await fetch(`${room.api.baseUrl}${path}`, { ...init, headers });
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      text: await response.text(),
    };
  }
  function linesOf(text: string): Line[] {
    expect(text).toMatch(/^#EXTM3U\n/);
    const found = text.matchAll(/^#EXTINF:-1,(.*)\n(?:#EXTVLCOPT:input-slave=(.*)\n)?(http.*)$/gm);
    return [...found].map(([, title = '', slaves, url = '']) => {
      const [, resource, token = ''] = /\/play\/([^/]+)\/([^/]+)\//.exec(url) ?? [];
      const link = room.addon.links.open(token, resource);
      if (link === null) throw new Error('the link does not open');
      const expiresInS = link.expiresAt - Date.now() / 1000;
      return { title, subtitles: slaves?.split('#').length ?? 0, fileIndex: link.fileIndex, expiresInS };
    });
  }

  test('of one torrent are its videos in order, with the subtitles of each', async () => {
    const { streamId } = StreamAnswer.parse((await room.add(SHOW, PACK)).body);
    const { status, type, text } = await get(`/api/streams/${streamId}/playlist.m3u?expiresIn=3600`);
    expect([status, type]).toEqual([200, 'audio/x-mpegurl; charset=utf-8']);
    const lines = linesOf(text);
    expect(lines).toMatchObject([
      { title: 'The.Show.S01E02.1080p.mkv', subtitles: 2, fileIndex: 1 },
      { title: 'The.Show.S01E10.1080p.mkv', subtitles: 0, fileIndex: 0 },
    ]);
    expect(lines[0]?.expiresInS).toBeGreaterThan(3590);
    expect(lines[0]?.expiresInS).toBeLessThanOrEqual(3600);
    expect(text).toMatch(/input-slave=http:\/\/\S+\/play\/subtitles\/[\w-]+\.vtt#http/);
  });

  test('of all hold every title under its name, and no HEVC for who cannot show it (M5)', async () => {
    await room.add(SHOW, PACK);
    await room.add(FILM, torrentOf('Film.2020.2160p.x265', [['Film.2020.2160p.x265.mkv', 9000]]));
    const blocked = await room.add(FILM, torrentOf('Film.2020.x264', [['Film.2020.x264.mkv', 9000]]));
    await room.api.ask('PATCH', `/api/streams/${StreamAnswer.parse(blocked.body).streamId}`, {
      isBlocked: true,
    });
    await room.api.ask('POST', '/api/streams', { media: FILM, videoId: 'aqz-KE-bpKQ' });
    const titles = async (query: string) =>
      linesOf((await get(`/api/streams/playlist.m3u${query}`)).text).map(({ title }) => title);
    expect(await titles('')).toEqual(['Film, the First (2020)', 'The Show S01E02', 'The Show S01E10']);
    expect(await titles('?hevc=false')).toEqual(['The Show S01E02', 'The Show S01E10']);
  });

  test('of a torrent nobody stored come with its links', async () => {
    const { status, type, text } = await get('/api/links', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'audio/x-mpegurl' },
      body: JSON.stringify({ torrent: PACK.toString('base64') }),
    });
    expect([status, type]).toEqual([201, 'audio/x-mpegurl; charset=utf-8']);
    expect(linesOf(text)).toMatchObject([
      { title: 'The.Show.S01E10.1080p.mkv', subtitles: 0, fileIndex: 0 },
      { title: 'The.Show.S01E02.1080p.mkv', subtitles: 2, fileIndex: 1 },
    ]);
    const plain = await room.api.ask('POST', '/api/links', { torrent: PACK.toString('base64') });
    expect(LinkAnswer.parse(plain.body).files).toHaveLength(6);
  });

  test('of a .torrent too large for a link know it by its hash and its trackers (BEP 9)', async () => {
    const trackers = [
      'https://tracker.example/0123456789abcdef0123/announce',
      'udp://two.example:80/announce',
    ];
    const large = torrentOf('The.Show.S01.1080p.x264', FILES, {
      ...{ pieces: Buffer.alloc(20 * 2000, 'x'), private: 1 },
    });
    const { body } = await room.api.ask('POST', '/api/links', {
      torrent: withTrackers(large, trackers).toString('base64'),
    });
    const { files = [] } = LinkAnswer.parse(body);
    expect(files).toHaveLength(6);
    const [, resource, token = ''] = /\/play\/([^/]+)\/([^/]+)\//.exec(files[1]?.playUrl ?? '') ?? [];
    expect(room.addon.links.open(token, resource)).toMatchObject({
      fileIndex: 1,
      detail: {
        ...{ infoHash: expect.stringMatching(/^[0-9a-f]{40}$/), name: 'The.Show.S01.1080p.x264' },
        ...{ torrent: null, trackers, isPrivate: true },
      },
    });
  });

  test('are the owner’s, and refuse what they do not know', async () => {
    const { streamId } = StreamAnswer.parse((await room.add(SHOW, PACK)).body);
    const path = `/api/streams/${streamId}/playlist.m3u`;
    expect((await fetch(`${room.api.baseUrl}${path}`)).status).toBe(401);
    expect((await fetch(`${room.api.baseUrl}/api/streams/playlist.m3u`)).status).toBe(401);
    expect((await get(`${path}?hevc=maybe`)).status).toBe(400);
    expect((await get(`/api/streams/${crypto.randomUUID()}/playlist.m3u`)).status).toBe(404);
  });
});

describe('playlists where only players read torrents', () => {
  const room = torrentRoom();

  test('say so for a torrent, and hold the rest', async () => {
    const { streamId } = StreamAnswer.parse((await room.add(SHOW, PACK)).body);
    const answer = await room.api.ask('GET', `/api/streams/${streamId}/playlist.m3u`);
    expect(answer).toMatchObject({ status: 422, body: { code: 'links.no_bytes' } });
    const headers = { Authorization: `Bearer ${ADMIN_TOKEN}` };
    const all = await fetch(`${room.api.baseUrl}/api/streams/playlist.m3u`, { headers });
    expect(await all.text()).toBe('#EXTM3U\n');
  });
});
