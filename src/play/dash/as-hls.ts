import type { Element } from '@xmldom/xmldom';
import { AppError } from '../../kit/errors.ts';
import { everyElement, notAManifest } from './mpd.ts';
import { type MediaSegment, type Piece, type SegmentPlan, segmentsOf } from './segments.ts';
import { parseSidx } from './sidx.ts';
import { levelsIn, type Presentation, type Track, type TrackKind, tracksOf } from './tracks.ts';

/** Bytes of a piece, for the index inside a file. */
export type ReadPiece = (piece: Piece) => Promise<Buffer>;
/** Numbers of the first segment and the first break of a live playlist, which must count on from one reload to the next. */
export type Counting = { sequence: number; breaks: number };
export type CountOn = (starts: readonly number[], periods: readonly string[]) => Counting;

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
  const lines = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS'];
  const hasAudioGroup = videos.length > 0 && audios.length > 0;
  if (hasAudioGroup)
    lines.push(...best(audios).map((track, at) => mediaLine('AUDIO', 'audio', track, at, linkTo)));
  lines.push(...texts.map((track, at) => mediaLine('SUBTITLES', 'text', track, at, linkTo)));
  for (const track of variants) {
    const codecs = [track.codecs, hasAudioGroup ? audios[0]?.codecs : null].filter((codec) => codec);
    const attributes = [
      `BANDWIDTH=${track.bandwidth + (hasAudioGroup ? (audios[0]?.bandwidth ?? 0) : 0)}`,
      ...(codecs.length === 0 ? [] : [`CODECS=${quoted(codecs.join(','))}`]),
      ...(track.resolution === null ? [] : [`RESOLUTION=${track.resolution}`]),
      ...(track.frameRate === null ? [] : [`FRAME-RATE=${track.frameRate}`]),
      ...(hasAudioGroup ? ['AUDIO="audio"'] : []),
      ...(texts.length === 0 ? [] : ['SUBTITLES="text"']),
    ];
    lines.push(`#EXT-X-STREAM-INF:${attributes.join(',')}`, linkTo(track));
  }
  return `${lines.join('\n')}\n`;
}

/** One track as a media playlist. Throws AppError `play.not_a_manifest`, `play.no_such_track`. */
export async function trackPlaylist(
  {
    root,
    presentation,
    from,
    track,
  }: { root: Element; presentation: Presentation; from: string; track: string },
  { linkTo, readPiece, countOn }: { linkTo(url: string): string; readPiece: ReadPiece; countOn: CountOn },
): Promise<Rendered> {
  const [first] = presentation.periods;
  if (first === undefined) throw notAManifest();
  const lines: string[] = [];
  const all: MediaSegment[] = [];
  const starts: number[] = [];
  const ids: string[] = [];
  for (const period of presentation.periods) {
    const levels = levelsIn(root, first, period, track);
    if (levels === null) continue;
    const plan = await cut(segmentsOf(levels, from, period.times), readPiece);
    if (plan.segments.length === 0) continue;
    if (ids.length > 0) lines.push('#EXT-X-DISCONTINUITY');
    if (plan.init !== null)
      lines.push(`#EXT-X-MAP:URI=${quoted(linkTo(plan.init.url))}${mapRange(plan.init)}`);
    if (presentation.availableSinceMs !== null) {
      const startS = period.startS + (plan.segments[0]?.startS ?? 0);
      lines.push(
        `#EXT-X-PROGRAM-DATE-TIME:${new Date(presentation.availableSinceMs + startS * 1000).toISOString()}`,
      );
    }
    for (const segment of plan.segments) {
      lines.push(`#EXTINF:${segment.durationS.toFixed(5)},`);
      if (segment.span !== null) lines.push(`#EXT-X-BYTERANGE:${lengthAt(segment.span)}`);
      lines.push(linkTo(segment.url));
      starts.push(Math.round((period.startS + segment.startS) * 1000));
    }
    all.push(...plan.segments);
    ids.push(...plan.segments.map(() => period.id));
  }
  if (all.length === 0)
    throw new AppError('play.no_such_track', 'This track is not in the stream (any more).', { status: 404 });
  const targetS = Math.ceil(all.reduce((longest, { durationS }) => Math.max(longest, durationS), 1));
  const head = ['#EXTM3U', '#EXT-X-VERSION:7', `#EXT-X-TARGETDURATION:${targetS}`];
  const { isLive } = presentation;
  if (isLive) {
    const { sequence, breaks } = countOn(starts, ids);
    head.push(`#EXT-X-MEDIA-SEQUENCE:${sequence}`, `#EXT-X-DISCONTINUITY-SEQUENCE:${breaks}`);
  } else head.push('#EXT-X-PLAYLIST-TYPE:VOD');
  const text = [...head, ...lines, ...(isLive ? [] : ['#EXT-X-ENDLIST']), ''].join('\n');
  return { text, segments: all, isLive, durationS: all.reduce((sum, { durationS }) => sum + durationS, 0) };
}

/** Encrypted samples have no common form in both: the keys of one are not understood by players of the other. */
export function assertClear(root: Element): void {
  if (![...everyElement(root)].some(({ localName }) => localName === 'ContentProtection')) return;
  throw new AppError(
    'play.encrypted_dash',
    'This stream is encrypted and can only be played as DASH, not as HLS.',
    {
      status: 415,
    },
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
  type: string,
  group: string,
  track: Track,
  at: number,
  linkTo: (track: Track) => string,
): string {
  const name = track.label ?? track.language ?? `${type.toLowerCase()} ${at + 1}`;
  const attributes = [
    `TYPE=${type}`,
    `GROUP-ID="${group}"`,
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
