import { describe, expect, test } from 'vitest';
import { masterOf, type ReadPiece, trackPlaylist } from '../../src/play/dash/as-hls.ts';
import { createCounter } from '../../src/play/dash/counting.ts';
import { parseMpd, secondsOf } from '../../src/play/dash/mpd.ts';
import { needsLicenceServer } from '../../src/play/dash/protection.ts';
import { presentationOf } from '../../src/play/dash/tracks.ts';

const counter = createCounter();

/** A track of a manifest as an HLS playlist whose links are the URLs themselves. */
async function track(
  inside: string,
  {
    id = '0.0',
    attributes = 'type="static" mediaPresentationDuration="PT10S"',
    nowMs = 0,
    readPiece = async () => Buffer.alloc(0),
    key = inside,
  }: { id?: string; attributes?: string; nowMs?: number; readPiece?: ReadPiece; key?: string } = {},
): Promise<string[]> {
  const { root } = parseMpd(`<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" ${attributes}>${inside}</MPD>`);
  const { text } = await trackPlaylist(
    { root, presentation: presentationOf(root, nowMs), from: 'http://o.example.org/a/m.mpd', track: id },
    { linkTo: ({ url }) => url.replace('http://o.example.org/a/', ''), readPiece, countOn: counter(key) },
  );
  return text.trim().split('\n');
}

const video = (inside: string, attributes = '') =>
  `<Period ${attributes}><AdaptationSet mimeType="video/mp4"><Representation id="v" bandwidth="9">${inside}</Representation></AdaptationSet></Period>`;
const urisOf = (lines: string[]) => lines.filter((line) => !line.startsWith('#'));

describe('the segments of a track', () => {
  test('by number and duration, the last one as long as the rest', async () => {
    expect(
      await track(
        video(
          '<SegmentTemplate media="$RepresentationID$-$Number%03d$-$Bandwidth$.m4s" initialization="$RepresentationID$.mp4" duration="400" timescale="100" startNumber="7"/>',
        ),
      ),
    ).toEqual([
      '#EXTM3U',
      '#EXT-X-VERSION:7',
      '#EXT-X-TARGETDURATION:4',
      '#EXT-X-PLAYLIST-TYPE:VOD',
      '#EXT-X-MAP:URI="v.mp4"',
      '#EXTINF:4.00000,',
      'v-007-9.m4s',
      '#EXTINF:4.00000,',
      'v-008-9.m4s',
      '#EXTINF:2.00000,',
      'v-009-9.m4s',
      '#EXT-X-ENDLIST',
    ]);
  });

  test('by timeline, with repeats, gaps, an offset and an open end', async () => {
    const timeline =
      '<SegmentTimeline><S t="100" d="2" r="1"/><S t="106" d="1"/><S d="1" r="-1"/></SegmentTimeline>';
    const lines = await track(
      video(
        `<SegmentTemplate media="t$Time$.m4s" presentationTimeOffset="100">${timeline}</SegmentTemplate>`,
      ),
    );
    expect(urisOf(lines)).toEqual(['t100.m4s', 't102.m4s', 't106.m4s', 't107.m4s', 't108.m4s', 't109.m4s']);
  });

  test('by list, with ranges and a base of its own', async () => {
    const list =
      '<BaseURL>sub/</BaseURL><SegmentList duration="5"><Initialization sourceURL="f.mp4" range="0-99"/><SegmentURL media="f.mp4" mediaRange="100-199"/><SegmentURL media="f.mp4" mediaRange="200-299"/></SegmentList>';
    expect((await track(video(list))).slice(4, 8)).toEqual([
      '#EXT-X-MAP:URI="sub/f.mp4",BYTERANGE="100@0"',
      '#EXTINF:5.00000,',
      '#EXT-X-BYTERANGE:100@100',
      'sub/f.mp4',
    ]);
  });

  test('by the index inside a file', async () => {
    const sidx = Buffer.alloc(56);
    sidx.writeUInt32BE(56, 0);
    sidx.write('sidx', 4);
    sidx.writeUInt32BE(1000, 16);
    sidx.writeUInt16BE(2, 30);
    for (const [at, [sizeBytes, duration]] of [[500, 4000] as const, [300, 6000] as const].entries()) {
      sidx.writeUInt32BE(sizeBytes, 32 + at * 12);
      sidx.writeUInt32BE(duration, 36 + at * 12);
    }
    const base =
      '<BaseURL>f.mp4</BaseURL><SegmentBase indexRange="100-155"><Initialization range="0-99"/></SegmentBase>';
    const lines = await track(video(base), { readPiece: async () => sidx });
    expect(lines.slice(4, -1)).toEqual([
      '#EXT-X-MAP:URI="f.mp4",BYTERANGE="100@0"',
      '#EXTINF:4.00000,',
      '#EXT-X-BYTERANGE:500@156',
      'f.mp4',
      '#EXTINF:6.00000,',
      '#EXT-X-BYTERANGE:300@656',
      'f.mp4',
    ]);
    await expect(track(video(base), { readPiece: async () => Buffer.alloc(20) })).rejects.toMatchObject({
      code: 'play.not_a_manifest',
    });
  });

  test('of several periods follow one another with a break between', async () => {
    const template = (name: string) =>
      `<SegmentTemplate media="${name}$Number$.m4s" initialization="${name}.mp4" duration="5"/>`;
    const lines = await track(
      video(template('a'), 'duration="PT5S"') + video(template('b'), 'duration="PT5S"'),
    );
    expect(lines.slice(4, -1)).toEqual([
      '#EXT-X-MAP:URI="a.mp4"',
      '#EXTINF:5.00000,',
      'a1.m4s',
      '#EXT-X-DISCONTINUITY',
      '#EXT-X-MAP:URI="b.mp4"',
      '#EXTINF:5.00000,',
      'b1.m4s',
    ]);
  });

  test('that are without end, backwards or a million are refused', async () => {
    for (const inside of [
      '<SegmentTemplate media="$Number$" duration="0"/>',
      '<SegmentTemplate media="$Number$"/>',
      '<SegmentTemplate media="$Number$" duration="1" timescale="1000000"/>',
      '<SegmentTemplate media="$Time$"><SegmentTimeline><S t="0" d="0" r="9"/></SegmentTimeline></SegmentTemplate>',
      '<SegmentTemplate media="$Time$"><SegmentTimeline><S t="0" d="1" r="99999999"/></SegmentTimeline></SegmentTemplate>',
    ])
      await expect(track(video(inside))).rejects.toMatchObject({ code: 'play.not_a_manifest' });
    await expect(
      track(video('<SegmentTemplate media="$Number$" duration="5"/>'), { id: '7.1' }),
    ).rejects.toMatchObject({
      code: 'play.no_such_track',
    });
  });
});

describe('a live track', () => {
  const attributes =
    'type="dynamic" availabilityStartTime="2026-01-01T00:00:00Z" timeShiftBufferDepth="PT8S"';
  const start = Date.parse('2026-01-01T00:00:00Z');

  test('by number shows the window that ends now, and counts on', async () => {
    const inside = video(
      '<SegmentTemplate media="$Number$.m4s" duration="2" startNumber="0"/>',
      'start="PT0S"',
    );
    const before = await track(inside, { attributes, nowMs: start + 101_000 });
    expect(urisOf(before)).toEqual(['46.m4s', '47.m4s', '48.m4s', '49.m4s']);
    expect(before).toContain('#EXT-X-MEDIA-SEQUENCE:46');
    expect(before).toContain('#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:01:32.000Z');
    expect(before).not.toContain('#EXT-X-ENDLIST');
    const after = await track(inside, { attributes, nowMs: start + 105_000 });
    expect(after).toContain('#EXT-X-MEDIA-SEQUENCE:48');
  });

  test('by timeline counts segments of unequal length on', async () => {
    const inside = (entries: string) =>
      video(
        `<SegmentTemplate media="$Time$.m4s"><SegmentTimeline>${entries}</SegmentTimeline></SegmentTemplate>`,
        'id="1" start="PT0S"',
      );
    const options = { attributes, nowMs: start + 60_000, key: 'unequal' };
    const sequence = (lines: string[]) => Number(/SEQUENCE:(\d+)/.exec(lines.join())?.[1]);
    const first = sequence(await track(inside('<S t="10" d="2"/><S d="1"/><S d="5"/>'), options));
    expect(sequence(await track(inside('<S t="12" d="1"/><S d="5"/><S d="2"/>'), options))).toBe(first + 1);
    expect(sequence(await track(inside('<S t="18" d="2"/>'), options))).toBe(first + 3);
  });
});

test('the choice of tracks is a master playlist with sound and subtitles in groups', () => {
  const { root } = parseMpd(
    `<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period>
      <AdaptationSet contentType="video" mimeType="video/mp4" frameRate="30000/1001"><Representation bandwidth="1000" codecs="avc1.4d401f" width="640" height="360"/><Representation bandwidth="3000" codecs="avc1.64001f" width="1280" height="720"/></AdaptationSet>
      <AdaptationSet contentType="audio" mimeType="audio/mp4" lang="en"><Representation bandwidth="64" codecs="mp4a.40.2"/><Representation bandwidth="128" codecs="mp4a.40.2"/></AdaptationSet>
      <AdaptationSet mimeType="text/vtt" lang="de"><Label>Deutsch" x</Label><Representation bandwidth="1"><BaseURL>de.vtt</BaseURL></Representation></AdaptationSet>
      <AdaptationSet mimeType="application/ttml+xml"><Representation bandwidth="1"/></AdaptationSet>
    </Period></MPD>`,
  );
  expect(masterOf(presentationOf(root, 0), ({ id }) => id).split('\n')).toEqual([
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="en",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="1.1"',
    '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="Deutsch  x",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,URI="2.0"',
    '#EXT-X-STREAM-INF:BANDWIDTH=1128,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.970,AUDIO="audio",SUBTITLES="subtitles"',
    '0.0',
    '#EXT-X-STREAM-INF:BANDWIDTH=3128,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio",SUBTITLES="subtitles"',
    '0.1',
    '',
  ]);
});

test.each([
  ['PT1H2M3.5S', 3723.5],
  ['P1DT2S', 86_402],
  ['PT0S', 0],
  ['', null],
  ['5', null],
])('the duration %s is %s seconds', (text, seconds) => {
  expect(secondsOf(text)).toBe(seconds);
});

test('only what no ClearKey opens needs a licence server', () => {
  const needs = (...schemes: string[]) =>
    needsLicenceServer(
      parseMpd(
        `<MPD>${schemes.map((scheme) => `<ContentProtection schemeIdUri="${scheme}"/>`).join('')}</MPD>`,
      ).root,
    );
  const widevine = 'urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed';
  expect(needs('urn:mpeg:dash:mp4protection:2011')).toBe(false);
  expect(needs('urn:mpeg:dash:mp4protection:2011', widevine)).toBe(true);
  expect(needs(widevine, 'urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e')).toBe(false);
});
