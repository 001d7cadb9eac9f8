/** The words preferences choose by, the best first: what release names are read into (`kit/release-vocabulary.ts`). */
export const VOCABULARY = {
  resolution: ['2160p', '1440p', '1080p', '720p', '576p', '540p', '480p', '360p', '240p'],
  quality: [
    ...['BluRay REMUX', 'BluRay', 'UHDRip', 'BDRip', 'BRRip', 'WEB-DL', 'WEBRip', 'HDRip', 'HDTV', 'PDTV'],
    ...['DVD REMUX', 'DVD', 'DVDRip', 'SDTV', 'SATRip', 'TVRip', 'PPVRip', 'LDRip', 'VHSRip'],
    ...['R5', 'SCR', 'TC', 'TS', 'CAM', 'WORKPRINT'],
  ],
  codec: [
    ...['AV1', 'VVC', 'HEVC', 'AVC', 'VP9', 'VP8', 'VC-1', 'MPEG-4', 'XviD', 'DivX', 'MPEG-2', 'ProRes'],
  ],
  /** `DV only`: Dolby Vision with nothing beside it that other screens understand. */
  hdr: ['DV', 'DV only', 'HDR10+', 'HDR10', 'HDR', 'HLG', 'SDR'],
  picture: ['IMAX', '10bit', 'Upscaled', '3D'],
  audio: [
    ...[
      'Atmos',
      'DTS:X',
      'TrueHD',
      'DTS-HD MA',
      'DTS-HD',
      'DTS-ES',
      'PCM',
      'FLAC',
      'ALAC',
      'DD+',
      'DTS',
      'DD',
    ],
    ...['OPUS', 'AAC', 'Vorbis', 'MP3', 'MP2'],
  ],
  channels: ['7.1', '6.1', '5.1', '2.1', '2.0', '1.0'],
  kind: ['local', 'http', 'ftp', 'usenet', 'torrent', 'telegram', 'youtube', 'external'],
} as const;

/** What streams can be ordered by, besides the lists above. */
export const SORT_KEY_NAMES = [
  ...([
    'language',
    'subtitles',
    'resolution',
    'quality',
    'codec',
    'hdr',
    'picture',
    'audio',
    'channels',
  ] as const),
  ...([
    'kind',
    'source',
    'keywords',
    'patterns',
    'size',
    'bitrate',
    'seeders',
    'age',
    'score',
    'verified',
  ] as const),
] as const;
export type SortKeyName = (typeof SORT_KEY_NAMES)[number];
