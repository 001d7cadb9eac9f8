const VIDEO_TYPES: Record<string, string> = {
  mkv: 'video/x-matroska',
  mk3d: 'video/x-matroska',
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  webm: 'video/webm',
  mov: 'video/quicktime',
  qt: 'video/quicktime',
  avi: 'video/x-msvideo',
  divx: 'video/x-msvideo',
  wmv: 'video/x-ms-wmv',
  asf: 'video/x-ms-asf',
  flv: 'video/x-flv',
  f4v: 'video/mp4',
  mpg: 'video/mpeg',
  mpeg: 'video/mpeg',
  mpe: 'video/mpeg',
  mpv: 'video/mpeg',
  m2v: 'video/mpeg',
  vob: 'video/mpeg',
  ts: 'video/mp2t',
  m2ts: 'video/mp2t',
  mts: 'video/mp2t',
  ogv: 'video/ogg',
  ogm: 'video/ogg',
  '3gp': 'video/3gpp',
  '3g2': 'video/3gpp2',
  rm: 'application/vnd.rn-realmedia',
  rmvb: 'application/vnd.rn-realmedia-vbr',
  mxf: 'application/mxf',
};

const SUBTITLE_TYPES: Record<string, string> = {
  srt: 'application/x-subrip',
  vtt: 'text/vtt',
  ass: 'text/x-ssa',
  ssa: 'text/x-ssa',
  sub: 'text/x-microdvd',
  idx: 'application/x-vobsub',
  sup: 'application/x-pgs',
  smi: 'application/smil',
  ttml: 'application/ttml+xml',
  dfxp: 'application/ttml+xml',
};

const OTHER_TYPES: Record<string, string> = {
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  m4b: 'audio/mp4',
  mka: 'audio/x-matroska',
  aac: 'audio/aac',
  ac3: 'audio/ac3',
  eac3: 'audio/eac3',
  dts: 'audio/vnd.dts',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  oga: 'audio/ogg',
  opus: 'audio/ogg',
  wav: 'audio/wav',
  wma: 'audio/x-ms-wma',
  m3u8: 'application/vnd.apple.mpegurl',
  m3u: 'audio/x-mpegurl',
  mpd: 'application/dash+xml',
  pls: 'audio/x-scpls',
  xspf: 'application/xspf+xml',
  m4s: 'video/iso.segment',
  zip: 'application/zip',
  rar: 'application/vnd.rar',
  '7z': 'application/x-7z-compressed',
  tar: 'application/x-tar',
  gz: 'application/gzip',
  tgz: 'application/gzip',
  bz2: 'application/x-bzip2',
  xz: 'application/x-xz',
  iso: 'application/x-iso9660-image',
  par2: 'application/x-par2',
  nzb: 'application/x-nzb',
  torrent: 'application/x-bittorrent',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  nfo: 'text/plain; charset=utf-8',
  json: 'application/json',
  xml: 'application/xml',
};

const TYPES = new Map(Object.entries({ ...VIDEO_TYPES, ...SUBTITLE_TYPES, ...OTHER_TYPES }));

/** The media type a file of this name is served with; by name only, because players choose their demuxer by it. */
export function contentTypeOf(filename: string): string {
  return TYPES.get(extensionOf(filename)) ?? 'application/octet-stream';
}

export function isVideoName(filename: string): boolean {
  return Object.hasOwn(VIDEO_TYPES, extensionOf(filename));
}

export function isSubtitleName(filename: string): boolean {
  return Object.hasOwn(SUBTITLE_TYPES, extensionOf(filename));
}

/** Lower case, without the point; '' when there is none or it is longer than any we know. */
export function extensionOf(filename: string): string {
  return /[^/\\]\.([a-z\d]{1,7})$/i.exec(filename)?.[1]?.toLowerCase() ?? '';
}
