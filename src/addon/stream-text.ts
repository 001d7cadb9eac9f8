import { type FieldValues, sayBitrate } from '../features/preferences/index.ts';
import type { Offer, PostState } from '../features/stream-index/index.ts';
import { formatBytes } from '../kit/bytes.ts';
import { contentTypeOf } from '../kit/content-type.ts';
import { languageOf } from '../kit/language.ts';
import type { PostHealth, Progress, SwarmHealth } from '../streams/kind.ts';
import type { Way } from './stream-order.ts';

const KIND_MARKS: Readonly<Record<string, string>> = {
  torrent: '🧲',
  http: '🌐',
  usenet: '📰',
  ftp: '🗄️',
  local: '📁',
  youtube: '▶️',
  telegram: '📱',
  external: '🔗',
};

/** What a TV shows of a line before it breaks it; names and attributions may be far longer. */
const MAX_LINE_CHARS = 120;
/** A film may come with forty subtitles: the first few tell enough. */
const MAX_LANGUAGES = 4;

/** Players go by the ending when a name has none. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  'video/mp4': '.mp4',
  'video/webm': '.webm',
  'video/x-matroska': '.mkv',
  'application/vnd.apple.mpegurl': '.m3u8',
};

/** The left column, two lines: who and how, then how sharp. `Tributary 🌐` / `1080p HDR10`. */
export function streamName(addonName: string, offer: Offer, target: Way): string {
  return [`${addonName} ${KIND_MARKS[offer.kind] ?? ''}`.trim(), sharpnessOf(offer, target)]
    .filter((line) => line !== '')
    .join('\n');
}

function sharpnessOf(offer: Offer, target: Way): string {
  const flatness = offer.visualTags.includes('3D') ? ['3D'] : [];
  const sharpness = [offer.resolution, ...flatness, ...offer.hdrFormats.slice(0, 2)].filter(
    (part) => part !== null,
  );
  // YouTube decides by itself how sharp it gets; the sharpest upload would promise too much.
  return target.via === 'youtube' ? 'YouTube' : sharpness.join(' ') || (offer.quality ?? '');
}

/** The right column, a line a subject; lines without anything to say are left out. What goes on with it just now comes last. */
export function streamDescription(offer: Offer, target: Way, progress: Progress | null = null): string {
  const lines = [
    oneLine(fileOrName(offer)),
    together(
      joined('🎞️', [offer.quality, offer.codec, ...packing(offer), offer.edition]),
      joined('🔊', [...offer.audio, ...offer.channels]),
    ),
    together(
      joined('💿', [offer.partNumber === null ? null : `Part ${offer.partNumber}`]),
      joined('📦', [offer.sizeBytes === null ? null : formatBytes(offer.sizeBytes)]),
      joined('👤', [offer.seeders === null ? null : String(offer.seeders)]),
      offer.post === null ? null : postFigures(offer.post),
      joined('🔁', [offer.alternatives === 0 ? null : `${offer.alternatives} more`]),
    ),
    together(
      joined('🎙️', languageNames(offer.languages)),
      joined('💬', languageNames(offer.subtitleLanguages)),
    ),
    licenceLine(offer),
    noteOf(target),
    progress === null ? null : progressLine(progress),
  ];
  return lines.filter((line) => line !== null && line !== '').join('\n');
}

/** What templates name, of one stream: `streamName` and `streamDescription` in parts. */
export function textFields(
  addonName: string,
  offer: Offer,
  target: Way,
  progress: Progress | null = null,
): FieldValues {
  const { kind, resolution, quality, codec, edition, seeders, sizeBytes, alternatives } = offer;
  const { bitsPerSecond = null, source = null, isVerified } = offer;
  return {
    ...{ addon: addonName, mark: KIND_MARKS[kind] ?? null, kind, sharpness: sharpnessOf(offer, target) },
    ...{ file: oneLine(fileOrName(offer)), release: oneLine(offer.name) },
    ...{ resolution, quality, codec, hdr: offer.hdrFormats, picture: packing(offer), edition },
    ...{ audio: offer.audio, channels: offer.channels, languageCodes: offer.languages },
    languages: languageNames(offer.languages),
    subtitles: languageNames(offer.subtitleLanguages),
    size: sizeBytes === null ? null : formatBytes(sizeBytes),
    bitrate: bitsPerSecond === null ? null : sayBitrate(bitsPerSecond),
    seeders: seeders === null ? null : String(seeders),
    post: offer.post === null ? null : postFigures(offer.post),
    alternatives: alternatives === 0 ? null : String(alternatives),
    ...{ group: offer.releaseGroup, source, verified: isVerified ? '✓' : null },
    ...{ licence: licenceLine(offer), note: noteOf(target) },
    progress: progress === null ? null : progressLine(progress),
  };
}

/** Of the picture what stands neither above (3D) nor in the edition (IMAX). */
function packing({ visualTags }: Offer): string[] {
  return visualTags.filter((tag) => tag !== '3D' && tag !== 'IMAX');
}

/** The bare name of what is played, with an ending that fits its type: what players and subtitle finders go by. */
export function filenameOf(offer: Offer, target: Way): string {
  const name = fileOrName(offer);
  if (
    (target.via !== 'play' && target.via !== 'direct') ||
    contentTypeOf(name) !== 'application/octet-stream'
  )
    return name;
  return `${name}${EXTENSIONS[target.contentType] ?? ''}`;
}

/** Is this the file a player names? It was told `filenameOf`, which may have an ending more than the offer. */
export function isFileOf(offer: Offer, filename: string | undefined): boolean {
  const name = fileOrName(offer);
  return filename === name || Object.values(EXTENSIONS).some((ending) => filename === `${name}${ending}`);
}

/**
 * Streams with the same group are taken for the next episode without asking: equal strings, so by what the viewer chose
 * (sharpness, source, codec, group, language), never by info hash, which differs from episode to episode.
 */
export function bingeGroup(offer: Offer): string {
  const parts = [
    offer.kind,
    offer.resolution,
    offer.quality,
    offer.codec,
    offer.hdrFormats.join('+'),
    offer.releaseGroup,
    offer.languages.join('+'),
  ];
  return ['tributary', ...parts.map((part) => part ?? '')].join('|');
}

/** The file's own name without its folders; a stream of one piece goes by its name, in which a slash is a slash. */
function fileOrName({ fileName, name }: Offer): string {
  return fileName?.split('/').findLast((part) => part !== '') ?? name;
}

/**
 * Open licences ask for the author's name to go with the film; other streams are their owner's affair, and a TV has no
 * room for it.
 */
function licenceLine({ isOpen, licenceCode, licenceName, attribution }: Offer): string | null {
  if (!isOpen || licenceCode === null) return null;
  const [, letters, version] = /^CC-?(0|BY(?:-[A-Z]+)*)-(\d\.\d)$/.exec(licenceCode) ?? [];
  const short = letters === undefined ? licenceName : `CC${letters === '0' ? '' : ' '}${letters} ${version}`;
  return oneLine(`📜 ${[short, attribution].filter((part) => part !== null).join(' — ')}`);
}

/** Said when choosing it does something else than play. */
function noteOf(target: Way): string | null {
  if (target.via === 'external') return '↗️ Opens outside the player';
  if (target.via === 'direct') return '🏠 Straight from its own server';
  return target.via === 'listed' ? `ℹ️ ${target.reason}` : null;
}

/** Of a Usenet post what decides whether it plays: how much of it is there, how old it is, and whether a password is wanted. */
function postFigures({ completeness, postedAt, health, needsPassword }: PostState): string | null {
  const share = health === 'gone' ? 'gone' : completeness === null ? null : percentOf(completeness);
  const mark = health === 'damaged' || health === 'gone' ? '⚠️' : '🧩';
  const figures = together(
    joined(mark, [share]),
    joined('📅', [postedAt === null ? null : ageOf(postedAt)]),
    needsPassword ? '🔒 password' : null,
  );
  return figures === '' ? null : figures;
}

/** Whole only where nothing lacks: 99.97 % is not 100. */
function percentOf(share: number): string {
  return share >= 1 ? '100%' : `${Math.floor(share * 1000) / 10}%`;
}

function ageOf(postedAt: number): string {
  const days = Math.max(0, Math.floor((Date.now() - postedAt) / 86_400_000));
  return days < 365 ? `${days} d` : `${Math.floor(days / 36.5) / 10} y`;
}

function progressLine(progress: Progress): string | null {
  if (progress.state === 'failed')
    return joined('⚠️', [`Failed ${agoOf(progress.at)}`, oneLine(progress.reason)]);
  const isStarting = progress.state === 'starting';
  const [mark, word] = isStarting ? ['⏳', 'Starting'] : ['▶️', 'Running'];
  const { swarm, post = null } = progress;
  return joined(mark, [
    word,
    ...(swarm === null ? [] : swarmFigures(swarm, isStarting)),
    ...(post === null ? [] : postProgress(post)),
  ]);
}

/** Of one that runs nobody needs its pieces; one that has no peers yet says so, as that is what it waits for. */
function swarmFigures({ peers, bytesPerSecond, piecesHeld, pieceCount }: SwarmHealth, isStarting: boolean) {
  const pieces = isStarting && pieceCount > 0 ? `${piecesHeld} of ${pieceCount} pieces` : null;
  const isAlone = peers === 0 && !isStarting;
  return [
    isAlone ? null : counted(peers, 'peer'),
    bytesPerSecond === 0 ? null : `${formatBytes(bytesPerSecond)}/s`,
    pieces,
  ];
}

/** What its providers give, and what none of them had. */
function postProgress({ bytesPerSecond, missing }: PostHealth) {
  return [
    bytesPerSecond === 0 ? null : `${formatBytes(bytesPerSecond)}/s`,
    missing === 0 ? null : `${missing} article${missing === 1 ? '' : 's'} missing`,
  ];
}

function counted(amount: number, what: string): string {
  return amount === 0 ? `no ${what} yet` : `${amount} ${what}${amount === 1 ? '' : 's'}`;
}

/** Not the time of day: the server's clock is in another zone than the viewer's. */
function agoOf(at: Date): string {
  const minutes = Math.floor((Date.now() - at.getTime()) / 60_000);
  return minutes < 1 ? 'just now' : `${minutes} min ago`;
}

function languageNames(codes: readonly string[]): string[] {
  const names = [...new Set(codes.map((code) => languageOf(code)?.name ?? code))];
  if (names.length <= MAX_LANGUAGES) return names;
  return [...names.slice(0, MAX_LANGUAGES - 1), `+${names.length - MAX_LANGUAGES + 1}`];
}

function joined(mark: string, parts: readonly (string | null)[]): string | null {
  const said = parts.filter((part) => part !== null && part !== '');
  return said.length === 0 ? null : `${mark} ${said.join(' · ')}`;
}

function together(...parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null).join('  ');
}

/** No line breaks of its own, no marks that turn the writing around (C0, C1, bidi), and no longer than a line. */
function oneLine(text: string): string {
  const plain = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '');
  const letters = [...plain.trim()];
  return letters.length <= MAX_LINE_CHARS
    ? letters.join('')
    : `${letters.slice(0, MAX_LINE_CHARS - 1).join('')}…`;
}
