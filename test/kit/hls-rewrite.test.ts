import { describe, expect, test } from 'vitest';
import { type HlsRole, rewritePlaylist } from '../../src/play/hls/rewrite.ts';

type Linked = { url: string; role: HlsRole };

/** Rewrites with links that only number what they lead to, and tells what that was. */
function rewrite(text: string, from = 'https://films.example.org/a/b/index.m3u8?key=1', inherited = {}) {
  const linked: Linked[] = [];
  const result = rewritePlaylist(text, {
    url: new URL(from),
    inherited: new Map(Object.entries(inherited)),
    linkTo(url, role) {
      linked.push({ url, role });
      return `L${linked.length}`;
    },
  });
  return { ...result, linked, urls: linked.map(({ url }) => url) };
}

const LL_HLS = [
  '#EXTM3U',
  '#EXT-X-TARGETDURATION:4',
  '#EXT-X-VERSION:10',
  '#EXT-X-PART-INF:PART-TARGET=1.004',
  '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.012,CAN-SKIP-UNTIL=24',
  '#EXT-X-MEDIA-SEQUENCE:266',
  '#EXT-X-DEFINE:NAME="cdn",VALUE="https://cdn.example.net/x"',
  '#EXT-X-MAP:URI="init.mp4",BYTERANGE="720@0"',
  '#EXT-X-KEY:METHOD=AES-128,URI="../keys/k1.bin",IV=0x00000000000000000000000000000001',
  '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://one",KEYFORMAT="com.apple.streamingkeydelivery"',
  '# a comment with URI="not/a/link.ts"',
  '#EXT-X-PROGRAM-DATE-TIME:2019-02-14T02:13:36.106Z',
  '#EXT-X-DATERANGE:ID="ad",START-DATE="2019-02-14T02:13:36Z",X-URI="https://ads.example.net/"',
  '#EXTINF:4.00008,',
  'fileSequence266.mp4',
  '#EXTINF:4.00008,a title, with commas',
  '#EXT-X-BYTERANGE:5000@100',
  '{$cdn}/fileSequence267.mp4?a=1&b=2',
  '#EXT-X-PART:DURATION=1,URI="filePart268.1.mp4",INDEPENDENT=YES,BYTERANGE="20@0"',
  '#EXT-X-PART:DURATION=1,URI="//edge.example.net/filePart268.2.mp4"',
  '#EXT-X-UNKNOWN-TAG:URI="left/alone"',
  '#EXTINF:4,',
  '?segment=268',
  '',
  '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="filePart269.1.mp4"',
  '#EXT-X-RENDITION-REPORT:URI="../1M/waitForMSN.php",LAST-MSN=268,LAST-PART=2',
  '#EXT-X-RENDITION-REPORT:URI="/4M/waitForMSN.php",LAST-MSN=268',
  '#EXT-X-SKIP:SKIPPED-SEGMENTS=3',
];

describe('a low-latency playlist of 28 lines', () => {
  const result = rewrite(LL_HLS.join('\n'));
  const lines = result.text.split('\n');

  test('comes out with 28 lines, ten of them changed in their URI only, the others byte for byte', () => {
    expect(LL_HLS).toHaveLength(28);
    expect(lines).toHaveLength(28);
    const changed = lines.flatMap((line, at) => (line === LL_HLS[at] ? [] : [at]));
    expect(changed).toEqual([7, 8, 14, 17, 18, 19, 22, 24, 25, 26]);
    expect(changed.map((at) => lines[at])).toEqual([
      '#EXT-X-MAP:URI="L1",BYTERANGE="720@0"',
      '#EXT-X-KEY:METHOD=AES-128,URI="L2",IV=0x00000000000000000000000000000001',
      'L3',
      'L4',
      '#EXT-X-PART:DURATION=1,URI="L5",INDEPENDENT=YES,BYTERANGE="20@0"',
      '#EXT-X-PART:DURATION=1,URI="L6"',
      'L7',
      '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="L8"',
      '#EXT-X-RENDITION-REPORT:URI="L9",LAST-MSN=268,LAST-PART=2',
      '#EXT-X-RENDITION-REPORT:URI="L10",LAST-MSN=268',
    ]);
  });

  test('is resolved against its own URL, defined names first', () => {
    expect(result.linked).toEqual([
      { url: 'https://films.example.org/a/b/init.mp4', role: 'segment' },
      { url: 'https://films.example.org/a/keys/k1.bin', role: 'key' },
      { url: 'https://films.example.org/a/b/fileSequence266.mp4', role: 'segment' },
      { url: 'https://cdn.example.net/x/fileSequence267.mp4?a=1&b=2', role: 'segment' },
      { url: 'https://films.example.org/a/b/filePart268.1.mp4', role: 'segment' },
      { url: 'https://edge.example.net/filePart268.2.mp4', role: 'segment' },
      { url: 'https://films.example.org/a/b/index.m3u8?segment=268', role: 'segment' },
      { url: 'https://films.example.org/a/b/filePart269.1.mp4', role: 'segment' },
      { url: 'https://films.example.org/a/1M/waitForMSN.php', role: 'sibling' },
      { url: 'https://films.example.org/4M/waitForMSN.php', role: 'sibling' },
    ]);
  });

  test('tells its segments, which of them are pieces of a file, and its keys', () => {
    expect(result.facts).toMatchObject({
      isMaster: false,
      isComplete: false,
      targetDurationS: 4,
      drm: { licensed: true, open: true },
    });
    expect(result.facts.durationS).toBeCloseTo(12.00016);
    expect(result.facts.segments.map(({ isByteRange }) => isByteRange)).toEqual([false, true, false]);
  });
});

test('a master playlist leads to playlists by variants, renditions and trick play; keys and data by their own roles', () => {
  const { text, linked, facts } = rewrite(
    [
      '#EXTM3U',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-SESSION-KEY:METHOD=AES-128,URI="k"',
      '#EXT-X-SESSION-DATA:DATA-ID="org.example",URI="data.json"',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English, URI=no",URI="audio/en.m3u8"',
      '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="CC",INSTREAM-ID="CC1"',
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=100,URI="iframes.m3u8"',
      '#EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO="a",CODECS="avc1.4d401e,mp4a.40.2"',
      '#a comment between',
      'video/1.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=2000',
      'https://other.example.net/2.m3u8',
    ].join('\n'),
  );
  expect(facts.isMaster).toBe(true);
  expect(linked.map(({ role }) => role)).toEqual([
    'key',
    'file',
    'playlist',
    'playlist',
    'playlist',
    'playlist',
  ]);
  expect(text).toContain('NAME="English, URI=no",URI="L3"');
});

test.each([
  ['CRLF, a byte order mark and no end of the last line', '\ufeff#EXTM3U\r\n#EXTINF:4,\r\n', 'a.ts', ''],
  ['LF and an empty line at the end', '#EXTM3U\n#EXTINF:4,\n', 'a.ts', '\n\n'],
  ['blanks and letters of other scripts around', '#EXTM3U\n# Ж  \n   \n#EXTINF:4,Ä\n', 'a.ts', '\n# ende '],
])('%s stays as it is', (_what, before, uri, after) => {
  expect(rewrite(before + uri + after).text).toBe(`${before}L1${after}`);
});

test('nothing hides from the links: lone CR, NUL, unquoted and unfinished values, unknown schemes, unknown names', () => {
  const { text, urls } = rewrite(
    [
      '#EXTM3U',
      '#EXT-X-TARGETDURATION:4',
      '#comment\rfile:///etc/passwd',
      '#comment\0http://10.0.0.1/',
      '#EXT-X-KEY:METHOD=AES-128,URI=http://192.168.0.1/k',
      '#EXT-X-KEY:METHOD=AES-128, URI = "http://192.168.0.2/k',
      'gopher://127.0.0.1:6379/x',
      'file:///etc/{$unknown}',
      'http://[broken',
    ].join('\n'),
  );
  expect(urls).toEqual([
    'file:///etc/passwd',
    'http://10.0.0.1/',
    'http://192.168.0.1/k',
    'http://192.168.0.2/k',
    'gopher://127.0.0.1:6379/x',
    'file:///etc/%7B$unknown%7D',
    'http://[broken',
  ]);
  expect(text).not.toMatch(/passwd|192\.168|10\.0\.0|gopher|broken/);
});

test('data: and skd: are the player’s own business', () => {
  const lines = ['#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://x"', '#EXT-X-MAP:URI="data:video/mp4;base64,AAAA"'];
  const text = ['#EXTM3U', '#EXT-X-TARGETDURATION:4', ...lines, 'data:video/mp2t;base64,R0AAEA=='].join('\n');
  expect(rewrite(text).text).toBe(text);
});

test('names are defined by value, by the parent and by the query of the playlist', () => {
  const { urls } = rewrite(
    [
      '#EXTM3U',
      '#EXT-X-TARGETDURATION:4',
      '#EXT-X-DEFINE:NAME="path",VALUE="low"',
      '#EXT-X-DEFINE:IMPORT="token"',
      '#EXT-X-DEFINE:QUERYPARAM="key"',
      '{$path}/1.ts?t={$token}&k={$key}',
    ].join('\n'),
    undefined,
    { token: 'T', other: 'O' },
  );
  expect(urls).toEqual(['https://films.example.org/a/b/low/1.ts?t=T&k=1']);
});

test('a plain M3U list leads to entries of any type', () => {
  const { linked } = rewrite(
    '#EXTM3U\n#EXTINF:-1 tvg-logo="http://x/logo.png",One\nhttp://a.example.org/1\nb.mp4\n',
  );
  expect(linked).toEqual([
    { url: 'http://a.example.org/1', role: 'entry' },
    { url: 'https://films.example.org/a/b/b.mp4', role: 'entry' },
  ]);
});

test('a playlist of 5,000 segments is rewritten in the time of a few frames', () => {
  const text = `#EXTM3U\n#EXT-X-TARGETDURATION:4\n${'#EXTINF:4,\nsegment.ts\n'.repeat(5000)}#EXT-X-ENDLIST\n`;
  rewrite(text);
  const before = performance.now();
  expect(rewrite(text).facts.segments).toHaveLength(5000);
  expect(performance.now() - before).toBeLessThan(500);
});

test('steering and what is played in between is led through; other attributes of a date range stay', () => {
  const { text, linked } = rewrite(
    [
      '#EXTM3U',
      '#EXT-X-CONTENT-STEERING:SERVER-URI="/steer?v=1",PATHWAY-ID="A"',
      '#EXT-X-DATERANGE:ID="1",CLASS="com.apple.hls.interstitial",X-ASSET-URI="https://ads.example.net/a.m3u8",X-RESUME-OFFSET=0',
      '#EXT-X-DATERANGE:X-ASSET-LIST="https://ads.example.net/list?x=1,2",ID="2",X-URI="https://left.example.net/"',
    ].join('\n'),
  );
  expect(text.split('\n').slice(1)).toEqual([
    '#EXT-X-CONTENT-STEERING:SERVER-URI="L1",PATHWAY-ID="A"',
    '#EXT-X-DATERANGE:ID="1",CLASS="com.apple.hls.interstitial",X-ASSET-URI="L2",X-RESUME-OFFSET=0',
    '#EXT-X-DATERANGE:X-ASSET-LIST="L3",ID="2",X-URI="https://left.example.net/"',
  ]);
  expect(linked).toEqual([
    { url: 'https://films.example.org/steer?v=1', role: 'steering' },
    { url: 'https://ads.example.net/a.m3u8', role: 'asset' },
    { url: 'https://ads.example.net/list?x=1,2', role: 'assets' },
  ]);
});
