import { describe, expect, it } from 'vitest';
import { contentTypeOf, extensionOf, isSubtitleName, isVideoName } from '../../src/kit/content-type.ts';

describe('contentTypeOf', () => {
  it.each([
    ['Film.mkv', 'video/x-matroska'],
    ['Film.MP4', 'video/mp4'],
    ['film.webm', 'video/webm'],
    ['00003.m2ts', 'video/mp2t'],
    ['segment.ts', 'video/mp2t'],
    ['live.m3u8', 'application/vnd.apple.mpegurl'],
    ['manifest.mpd', 'application/dash+xml'],
    ['Film.en.srt', 'application/x-subrip'],
    ['Film.vtt', 'text/vtt'],
    ['Film.ass', 'text/x-ssa'],
    ['song.flac', 'audio/flac'],
    ['pack.part01.rar', 'application/vnd.rar'],
    ['a.nzb', 'application/x-nzb'],
    ['folder.mkv/readme', 'application/octet-stream'],
    ['.mkv', 'application/octet-stream'],
    ['noextension', 'application/octet-stream'],
    ['x.constructor', 'application/octet-stream'],
    ['', 'application/octet-stream'],
  ])('%s → %s', (name, type) => expect(contentTypeOf(name)).toBe(type));
});

describe('kinds of files', () => {
  it('tells videos and subtitles by name', () => {
    expect(['a.mkv', 'a.avi', 'a.TS', 'a.rmvb'].every(isVideoName)).toBe(true);
    expect(['a.srt', 'a.mp3', 'a.nfo', 'mkv', 'a.toString'].some(isVideoName)).toBe(false);
    expect(['a.srt', 'a.ASS', 'a.vtt', 'a.sub'].every(isSubtitleName)).toBe(true);
    expect(['a.mkv', 'srt', 'a.srt.txt'].some(isSubtitleName)).toBe(false);
  });

  it('reads the extension of the last segment only', () => {
    expect(extensionOf('a.b/c')).toBe('');
    expect(extensionOf('a.b/c.MKV')).toBe('mkv');
    expect(extensionOf('a.longextension')).toBe('');
  });
});
