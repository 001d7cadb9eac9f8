import { canonicalCodec, canonicalQuality, canonicalResolution } from './release-vocabulary.ts';

/** Flixarion's table; what it does not name stands between its neighbours. */
const RESOLUTION_RANK = new Map([
  ['2160p', 40],
  ['1440p', 35],
  ['1080p', 30],
  ['1080i', 30],
  ['720p', 20],
  ['576p', 10],
  ['576i', 10],
  ['540p', 10],
  ['480p', 10],
  ['480i', 10],
]);

const SOURCE_RANK = new Map([
  ['IMAX', 20],
  ['BluRay REMUX', 19],
  ['BluRay', 18],
  ['BRRip', 17],
  ['BDRip', 17],
  ['UHDRip', 17],
  ['WEB-DL', 16],
  ['WEBRip', 15],
  ['HDRip', 14],
  ['HDTV', 13],
  ['DVD REMUX', 13],
  ['DVDRip', 12],
  ['DVD', 12],
]);

/** Resolution plus source, 0–60: 1080p BluRay = 48. Higher is better; unknown parts count 0. */
export function qualityRank(stream: { resolution?: string | null; quality?: string | null }): number {
  const resolution = RESOLUTION_RANK.get(canonicalResolution(stream.resolution ?? '') ?? '') ?? 0;
  const source = SOURCE_RANK.get(canonicalQuality(stream.quality ?? '') ?? '') ?? 0;
  return resolution + source;
}

/** Of the source alone, 0–20; null: not known. One filmed off a screen is 0. */
export function sourceRank(quality: string | null): number | null {
  const source = canonicalQuality(quality ?? '');
  return source === null ? null : (SOURCE_RANK.get(source) ?? 0);
}

const HDR_FORMATS = ['SDR', 'HLG', 'HDR', 'HDR10', 'HDR10+', 'DV'];
const AUDIO = ['MP3', 'AAC', 'DD', 'DTS', 'DD+', 'DTS-HD', 'DTS-HD MA', 'TrueHD', 'DTS:X', 'Atmos'];

/** Place of the best HDR format, from 1; 0: none that is known. */
export function hdrRank(hdrFormats: readonly string[]): number {
  return bestOf(HDR_FORMATS, hdrFormats);
}

/** The same of sound. */
export function soundRank(audio: readonly string[]): number {
  return bestOf(AUDIO, audio);
}

/** Speakers of the sound that has the most. */
export function speakersIn(channels: readonly string[]): number {
  return Math.max(0, ...channels.map(speakersOf));
}

/** Place of the best of them, from 1; 0: none of the list. */
function bestOf(order: readonly string[], found: readonly string[]): number {
  return Math.max(0, ...found.map((name) => order.indexOf(name) + 1));
}

/** 6 of `5.1`. */
function speakersOf(layout: string): number {
  return layout.split('.').reduce((sum, part) => sum + (Number(part) || 0), 0);
}

type TorrentScoreInput = {
  seeders: number;
  leechers: number;
  resolution?: string | null;
  quality?: string | null;
  codec?: string | null;
  /** 8bit, 10bit, 12bit; may also stand in `codec` ("x264 10bit"). */
  bitDepth?: string | null;
  releasedAt?: Date | null;
  is3d?: boolean;
};

const PICTURE_SCORE = new Map([
  ['2160p', 3000],
  ['1440p', 3000],
  ['1080p', 2500],
  ['1080i', 2500],
  ['720p', 1500],
]);
const UNKNOWN_PICTURE_SCORE = 1000;
const SD_SCORE = 500;
/** A filmed screen is no better than SD, whatever it was scaled to. */
const FILMED = new Set(['CAM', 'TS', 'TC', 'SCR', 'WORKPRINT', 'R5']);
const SD_SOURCES = new Set(['DVD', 'DVDRip', 'DVD REMUX', 'VHSRip', 'SDTV', 'SATRip', 'TVRip', 'PDTV']);

const CODEC_SCORE = new Map([
  ['VC-1', 200],
  ['MPEG-2', 400],
  ['XviD', 600],
  ['DivX', 600],
  ['MPEG-4', 800],
  ['VP8', 1200],
  ['VP9', 1500],
  ['AVC', 1800],
  ['HEVC', 2000],
  ['AV1', 2000],
  ['VVC', 2000],
]);
const UNKNOWN_CODEC_SCORE = 1000;
const BEST_CODEC_SCORE = 2000;

const YEAR_MS = 365 * 24 * 3600 * 1000;

/**
 * How good a torrent is to offer, 0–10 with two decimals (Miauflix's 0–10000 ÷ 1000): availability ≤ 4, picture ≤ 3,
 * codec ≤ 2, activity ≤ 1, times age. Its two faults are left out: 3D counts 0, and the resolution is a word.
 */
export function torrentScore(torrent: TorrentScoreInput, now: Date): number {
  const seeders = count(torrent.seeders);
  const leechers = count(torrent.leechers);
  const activity = Math.min(1000, 10 * (seeders + leechers));
  const sum = availability(seeders, leechers) + pictureScore(torrent) + codecScore(torrent) + activity;
  return Math.round((sum * ageFactor(torrent.releasedAt ?? null, now)) / 10) / 100;
}

function availability(seeders: number, leechers: number): number {
  if (leechers === 0) return Math.min(4000, seeders * 40);
  return Math.min(4000, (seeders * 30 + (seeders / leechers) * 100) * 1.33);
}

function pictureScore({ resolution, quality, is3d }: TorrentScoreInput): number {
  if (is3d === true) return 0;
  const source = canonicalQuality(quality ?? '') ?? '';
  if (FILMED.has(source)) return SD_SCORE;
  const lines = canonicalResolution(resolution ?? '');
  if (lines !== null) return PICTURE_SCORE.get(lines) ?? SD_SCORE;
  return SD_SOURCES.has(source) ? SD_SCORE : UNKNOWN_PICTURE_SCORE;
}

function codecScore({ codec, bitDepth }: TorrentScoreInput): number {
  const known = canonicalCodec(codec ?? '');
  const isTenBit = /10[ .-]?bit/i.test(`${codec ?? ''} ${bitDepth ?? ''}`);
  if (known === 'AVC' && isTenBit) return BEST_CODEC_SCORE;
  return CODEC_SCORE.get(known ?? '') ?? UNKNOWN_CODEC_SCORE;
}

function ageFactor(releasedAt: Date | null, now: Date): number {
  if (releasedAt === null || Number.isNaN(releasedAt.getTime())) return 0.9;
  const years = (now.getTime() - releasedAt.getTime()) / YEAR_MS;
  if (years < 1) return 1;
  return years < 2 ? 0.85 : 0.7;
}

function count(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}
