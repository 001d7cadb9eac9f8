import type { Element } from '@xmldom/xmldom';
import { AppError } from '../../kit/errors.ts';
import { notAManifest } from './mpd.ts';
import { clearKeyLicence } from './protection.ts';
import { type Levels, type MediaSegment, type Piece, type SegmentPlan, segmentsOf } from './segments.ts';
import { parseSidx } from './sidx.ts';
import { levelsIn, type Period, type Presentation, type Track, type TrackKind, tracksOf } from './tracks.ts';

/** Bytes of a piece, for the index inside a file. */
export type ReadPiece = (piece: Piece) => Promise<Buffer>;
/** Numbers of the first segment and the first break of a live playlist, which must count on from one reload to the next. */
export type Counting = { sequence: number; breaks: number };
export type CountOn = (starts: readonly number[], periods: readonly string[]) => Counting;

export type TrackAsked = { root: Element; presentation: Presentation; from: string; track: string };
/** How the samples of a period are decrypted: `licence` as the manifest writes it. */
export type Lock = { licence: string; init: Piece };
export type TrackTools = {
  /** The link of a piece; with a `lock` it leads to just that piece, decrypted. */
  linkTo(piece: Piece, lock: Lock | null): string;
  readPiece: ReadPiece;
  countOn: CountOn;
};

export type Rendered = {
  text: string;
  segments: readonly MediaSegment[];
  isLive: boolean;
  durationS: number;
};

/** The choice of tracks as a master playlist. Throws AppError `play.not_a_manifest`. */
export function masterOf(presentation: Presentation, linkTo: (track: Track) => string): string {
  const tracks = tracksOf(presentation);
  const of = (kind: TrackKind) => tracks.filter((track) => track.kind === kind);
  const [videos, audios, texts] = [of('video'), of('audio'), of('text')];
  const variants = videos.length > 0 ? videos : audios;
  if (variants.length === 0) throw notAManifest();
  // Without pictures the sound is what is chosen among, not what goes with it.
  const sound = videos.length > 0 ? best(audios) : [];
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...sound.map((track, at) => mediaLine('AUDIO', track, at, linkTo)),
    ...texts.map((track, at) => mediaLine('SUBTITLES', track, at, linkTo)),
    ...variants.flatMap((track) => [variantLine(track, sound[0], texts.length > 0), linkTo(track)]),
    '',
  ].join('\n');
}

function variantLine(track: Track, sound: Track | undefined, hasText: boolean): string {
  const codecs = [track.codecs, sound?.codecs].filter((codec) => codec).join(',');
  const attributes = [
    `BANDWIDTH=${track.bandwidth + (sound?.bandwidth ?? 0)}`,
    codecs === '' ? '' : `CODECS=${quoted(codecs)}`,
    track.resolution === null ? '' : `RESOLUTION=${track.resolution}`,
    track.frameRate === null ? '' : `FRAME-RATE=${track.frameRate}`,
    sound === undefined ? '' : 'AUDIO="audio"',
    hasText ? 'SUBTITLES="subtitles"' : '',
  ];
  return `#EXT-X-STREAM-INF:${attributes.filter((attribute) => attribute !== '').join(',')}`;
}

/** One track as a media playlist. Throws AppError `play.not_a_manifest`, `play.no_such_track`. */
export async function trackPlaylist(asked: TrackAsked, tools: TrackTools): Promise<Rendered> {
  const runs = await runsOf(asked, tools.readPiece);
  const segments = runs.flatMap(({ plan }) => plan.segments);
  if (segments.length === 0)
    throw new AppError('play.no_such_track', 'This track is not in the stream (any more).', { status: 404 });
  const { isLive, availableSinceMs } = asked.presentation;
  const targetS = Math.ceil(segments.reduce((longest, { durationS }) => Math.max(longest, durationS), 1));
  const lines = runs.map((run) => linesOf(run, availableSinceMs, tools.linkTo).join('\n'));
  const text = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${targetS}`,
    ...(isLive ? countingLines(runs, tools.countOn) : ['#EXT-X-PLAYLIST-TYPE:VOD']),
    lines.join('\n#EXT-X-DISCONTINUITY\n'),
    ...(isLive ? [] : ['#EXT-X-ENDLIST']),
    '',
  ].join('\n');
  return { text, segments, isLive, durationS: segments.reduce((sum, { durationS }) => sum + durationS, 0) };
}

/** What one period gives to a track. */
type Run = { period: Period; plan: SegmentPlan; lock: Lock | null };

async function runsOf({ root, presentation, from, track }: TrackAsked, readPiece: ReadPiece): Promise<Run[]> {
  const [first] = presentation.periods;
  const runs: Run[] = [];
  for (const period of presentation.periods) {
    const levels = first === undefined ? null : levelsIn(root, first, period, track);
    if (levels === null) continue;
    const plan = await cut(segmentsOf(levels, from, period.times), readPiece);
    if (plan.segments.length > 0) runs.push({ period, plan, lock: lockOf(levels, plan) });
  }
  return runs;
}

/** A file that brings its own head is no segment that could be decrypted by itself. */
function lockOf(levels: Levels, { init }: SegmentPlan): Lock | null {
  const licence = clearKeyLicence(levels);
  if (licence !== null && init === null) throw encryptedWhole();
  return licence === null || init === null ? null : { licence, init };
}

function linesOf(
  { period, plan, lock }: Run,
  sinceMs: number | null,
  linkTo: TrackTools['linkTo'],
): string[] {
  const { init, segments } = plan;
  const startS = period.startS + (segments[0]?.startS ?? 0);
  return [
    init === null ? '' : `#EXT-X-MAP:URI=${quoted(linkTo(init, lock))}${lock === null ? mapRange(init) : ''}`,
    sinceMs === null ? '' : `#EXT-X-PROGRAM-DATE-TIME:${new Date(sinceMs + startS * 1000).toISOString()}`,
    ...segments.flatMap(({ url, span, durationS }) => [
      `#EXTINF:${durationS.toFixed(5)},`,
      span === null || lock !== null ? '' : `#EXT-X-BYTERANGE:${lengthAt(span)}`,
      linkTo({ url, span }, lock),
    ]),
  ].filter((line) => line !== '');
}

function countingLines(runs: readonly Run[], countOn: CountOn): string[] {
  const { sequence, breaks } = countOn(
    runs.flatMap(({ period, plan }) =>
      plan.segments.map(({ startS }) => Math.round((period.startS + startS) * 1000)),
    ),
    runs.flatMap(({ period, plan }) => plan.segments.map(() => period.id)),
  );
  return [`#EXT-X-MEDIA-SEQUENCE:${sequence}`, `#EXT-X-DISCONTINUITY-SEQUENCE:${breaks}`];
}

/** Throws AppError `play.encrypted_dash` when the key of any track cannot be had. */
export function assertKeys(root: Element, presentation: Presentation): void {
  const [first] = presentation.periods;
  for (const { id } of first === undefined ? [] : tracksOf(presentation)) {
    const levels = first === undefined ? null : levelsIn(root, first, first, id);
    if (levels !== null) clearKeyLicence(levels);
  }
}

function encryptedWhole(): AppError {
  return new AppError(
    'play.encrypted_dash',
    'This stream is encrypted as one file and can only be played as DASH, not as HLS.',
    { status: 415 },
  );
}

async function cut(plan: SegmentPlan, readPiece: ReadPiece): Promise<SegmentPlan> {
  const { index } = plan;
  if (index === null || index.span === null) return plan;
  let startS = 0;
  const segments = parseSidx(await readPiece(index), index.span.start).map(
    ({ offset, sizeBytes, durationS }) => {
      const segment = { url: index.url, span: { start: offset, end: offset + sizeBytes }, startS, durationS };
      startS += durationS;
      return segment;
    },
  );
  return { ...plan, segments };
}

/** Of each language the track with the most bits: HLS wants renditions of a group to be the same, and players choose by language. */
function best(audios: readonly Track[]): Track[] {
  const chosen = new Map<string, Track>();
  for (const track of audios) {
    const key = `${track.language} ${track.label} ${track.id.split('.')[0]}`;
    const known = chosen.get(key);
    if (known === undefined || known.bandwidth < track.bandwidth) chosen.set(key, track);
  }
  return [...chosen.values()];
}

function mediaLine(
  type: 'AUDIO' | 'SUBTITLES',
  track: Track,
  at: number,
  linkTo: (track: Track) => string,
): string {
  const name = track.label ?? track.language ?? `${type.toLowerCase()} ${at + 1}`;
  const attributes = [
    `TYPE=${type}`,
    `GROUP-ID="${type.toLowerCase()}"`,
    `NAME=${quoted(`${name}${at > 0 && track.label === null ? ` ${at + 1}` : ''}`)}`,
    ...(track.language === null ? [] : [`LANGUAGE=${quoted(track.language)}`]),
    `DEFAULT=${type === 'AUDIO' && at === 0 ? 'YES' : 'NO'}`,
    'AUTOSELECT=YES',
    `URI=${quoted(linkTo(track))}`,
  ];
  return `#EXT-X-MEDIA:${attributes.join(',')}`;
}

/** Nothing of a stranger's manifest ends a line or a value of ours. */
function quoted(text: string): string {
  return `"${text.replace(/["\r\n\0]/g, ' ')}"`;
}

function mapRange({ span }: Piece): string {
  return span === null ? '' : `,BYTERANGE="${lengthAt(span)}"`;
}

function lengthAt({ start, end }: { start: number; end: number }): string {
  return `${end - start}@${start}`;
}
