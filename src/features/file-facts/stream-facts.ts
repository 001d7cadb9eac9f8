import { languageOf } from '../../kit/language.ts';
import type { MediaFacts, MediaTrack } from '../../kit/media-facts.ts';
import { canonicalResolution } from '../../kit/release-vocabulary.ts';
import type { SeenFacts } from '../stream-index/index.ts';

/** Names as release names spell them, so that one filter fits both. */
const VIDEO_CODECS: Readonly<Record<string, string>> = {
  h264: 'AVC',
  hevc: 'HEVC',
  av1: 'AV1',
  vp9: 'VP9',
  vp8: 'VP8',
  mpeg2video: 'MPEG-2',
  mpeg4: 'MPEG-4',
  vc1: 'VC-1',
};
const AUDIO_CODECS: Readonly<Record<string, string>> = {
  aac: 'AAC',
  ac3: 'DD',
  eac3: 'DD+',
  truehd: 'TrueHD',
  dts: 'DTS',
  flac: 'FLAC',
  opus: 'OPUS',
  mp3: 'MP3',
  vorbis: 'Vorbis',
};
const LAYOUTS: Readonly<Record<number, string>> = { 1: '1.0', 2: '2.0', 6: '5.1', 8: '7.1' };

/** What a stream's tracks say of it in the words of the index. */
export function seenFactsOf(media: MediaFacts, sizeBytes: number | null): SeenFacts {
  const of = (type: MediaTrack['type']) => media.tracks.filter((track) => track.type === type);
  const [video] = of('video');
  const languages = (type: 'audio' | 'subtitle') =>
    unique(of(type).map(({ language }) => (language === null ? null : languageOf(language)?.code)));
  return {
    sizeBytes,
    resolution: resolutionOf(video),
    codec: video === undefined ? null : (VIDEO_CODECS[video.codec] ?? null),
    hdr: hdrOf(video),
    audio: unique(of('audio').map(({ codec }) => AUDIO_CODECS[codec])),
    channels: unique(of('audio').map(({ channels }) => LAYOUTS[channels ?? 0])),
    languages: languages('audio'),
    subtitleLanguages: languages('subtitle'),
  };
}

/** Eight bits are never HDR; more of them without a word about their curve may be. */
function hdrOf(video: MediaTrack | undefined): readonly string[] | null {
  if (video === undefined) return null;
  return video.hdr.length > 0 || video.bitDepth === 8 ? video.hdr : null;
}

function resolutionOf(video: MediaTrack | undefined): string | null {
  if (video?.width == null || video.height === null) return null;
  const resolution = canonicalResolution(`${video.width}x${video.height}`);
  return video.isInterlaced && /^(1080|576|480)p$/.test(resolution ?? '')
    ? `${resolution?.slice(0, -1)}i`
    : resolution;
}

function unique(values: readonly (string | null | undefined)[]): string[] {
  return [...new Set(values.flatMap((value) => value ?? []))];
}
