import { expect, test } from 'vitest';
import { kindByUrl, sourceOf } from '../../src/features/stream-index/stream-source.ts';
import { trackerUrl } from '../../src/kit/tracker-url.ts';

test.each([
  ['magnet:?xt=urn:btih:dd8255ecdc7ca55fb0bbf81323d87062db1f6d1c', 'torrent'],
  ['DD8255ECDC7CA55FB0BBF81323D87062DB1F6D1C', 'torrent'],
  ['3WBFL3G4PSSV7MF37AJSHWDQMLNR63I4', 'torrent'],
  ['https://files.example/a/b.torrent?key=1', 'torrent'],
  ['https://m.youtube.com/watch?v=aqz-KE-bpKQ', 'youtube'],
  ['https://www.youtube-nocookie.com/embed/aqz-KE-bpKQ', 'youtube'],
  ['https://youtu.be/aqz-KE-bpKQ', 'youtube'],
  ['https://t.me/channel/5', 'telegram'],
  ['https://telegram.me/channel/5', 'telegram'],
  ['https://indexer.example/x.NZB', 'usenet'],
  ['https://indexer.example/x.nzb.gz', 'usenet'],
  ['https://indexer.example/getnzb/abc.nzb&i=1&r=key', 'usenet'],
  ['https://indexer.example/api?t=get&id=5&apikey=k', 'usenet'],
  ['https://indexer.example/api?t=search&q=film', 'http'],
  ['https://files.example/film.mkv?t=get&id=5', 'http'],
  ['http://nas.example/film.mkv', 'http'],
  ['https://cdn.example/live/index.m3u8', 'http'],
  ['ftp://nas.example/film.mkv', 'ftp'],
  ['ftps://nas.example/film.mkv', 'ftp'],
  ['https://notyoutube.com/watch?v=aqz-KE-bpKQ', 'http'],
  ['https://youtube.com.evil.example/watch', 'http'],
  ['file:///etc/passwd', null],
  ['javascript:alert(1)', null],
  ['film.mkv', null],
  ['', null],
])('%s is of kind %s', (url, kind) => {
  expect(kindByUrl(url)).toBe(kind);
});

test('a kind that is named wins, and the URL goes under the name its kind knows it by', () => {
  expect(sourceOf({ url: 'https://youtu.be/x' }, 'external')).toEqual({
    kind: 'external',
    fields: { url: 'https://youtu.be/x' },
  });
  expect(sourceOf({ url: 'https://i.example/get?id=5' }, 'usenet').fields).toMatchObject({
    nzbUrl: 'https://i.example/get?id=5',
  });
  expect(sourceOf({ url: ` ${'a'.repeat(40)} ` }, undefined)).toMatchObject({
    kind: 'torrent',
    fields: { infoHash: 'a'.repeat(40) },
  });
  expect(sourceOf({ chat: 'x', messageId: 1 }, undefined).kind).toBe('telegram');
});

test.each([
  ['UDP://Tracker.Example:1337', 'udp://tracker.example:1337/announce'],
  ['udp://tracker.example:1337/announce', 'udp://tracker.example:1337/announce'],
  [' http://Tracker.Example:80/announce ', 'http://tracker.example/announce'],
  ['https://tracker.example:443/announce.php', 'https://tracker.example/announce.php'],
  ['https://tracker.example:8443/announce#x', 'https://tracker.example:8443/announce'],
  ['wss://tracker.example/', 'wss://tracker.example/'],
  ['udp://[2001:DB8::1]:80/announce', 'udp://[2001:db8::1]:80/announce'],
  ['udp://tracker.example/announce', null],
  ['http://user:pass@tracker.example/announce', null],
  ['https://tracker.example/announce?passkey=abc', null],
  ['https://tracker.example/announce?authkey=abc', null],
  ['https://tracker.example/0123456789abcdef0123456789abcdef/announce', null],
  ['ftp://tracker.example/announce', null],
  [`http://tracker.example/${'a'.repeat(2100)}`, null],
  ['', null],
])('the tracker %s is kept as %s', (url, kept) => {
  expect(trackerUrl(url)).toBe(kept);
});
