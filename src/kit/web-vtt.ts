import { decodeText } from './text-encoding.ts';

export type SubtitleFormat = 'srt' | 'ass' | 'vtt';
export type WebVttHints = {
  format?: SubtitleFormat | undefined;
  /** A label of the Encoding Standard; only heeded for text that is not Unicode. */
  encoding?: string | null | undefined;
  /** BCP 47, a hint to the encoding. */
  language?: string | null | undefined;
};

const MAX_BYTES = 10 * 1024 * 1024;
/** A film of three hours has 3,000. */
const MAX_CUES = 50_000;
const MAX_CUE_CHARS = 4000;
const MAX_LINE_CHARS = 16_384;

type Cue = { startMs: number; endMs: number; settings: string; text: string };

/**
 * Subtitles as UTF-8 WebVTT: SRT, ASS/SSA and WebVTT in any encoding of `decodeText`. Only words and their times come
 * through: tags, styles, scripts of drawing and notes do not. Takes 10 MiB (the rest is cut), one pass, never throws; what has no
 * cue gives a file without one.
 */
export function toWebVtt(bytes: Uint8Array, hints: WebVttHints = {}): string {
  return `WEBVTT\n\n${cuesOf(bytes, hints).map(written).join('')}`;
}

/** The words of all cues that are read from `bytes` as for `toWebVtt`, line by line. */
export function wordsOfSubtitles(bytes: Uint8Array, hints: WebVttHints = {}): string {
  return cuesOf(bytes, hints)
    .map(({ text }) => text)
    .join('\n');
}

function cuesOf(bytes: Uint8Array, hints: WebVttHints): Cue[] {
  const text = decodeText(bytes.subarray(0, MAX_BYTES), hints)
    .replace(/^\ufeff/, '')
    .replaceAll('\0', '');
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.slice(0, MAX_LINE_CHARS));
  const format = hints.format ?? formatOf(lines);
  return format === 'ass' ? assCues(lines) : arrowCues(lines);
}

function formatOf(lines: readonly string[]): SubtitleFormat {
  const first = lines.find((line) => line.trim() !== '') ?? '';
  if (first.startsWith('WEBVTT')) return 'vtt';
  const isAss = lines
    .slice(0, 500)
    .some((line) => /^(\[script info\]|\[events\]|dialogue:)/i.test(line.trim()));
  return isAss ? 'ass' : 'srt';
}

const ARROW =
  /^\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,:](\d{1,3})\s{0,9}-{1,2}>\s{0,9}(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,:](\d{1,3})(.*)$/;

/** SRT and WebVTT: a line of times, then the words until an empty line. Numbers, notes and styles stand before such lines. */
function arrowCues(lines: readonly string[]): Cue[] {
  const cues: Cue[] = [];
  for (let at = 0; at < lines.length && cues.length < MAX_CUES; at += 1) {
    const times = ARROW.exec(lines[at] ?? '');
    if (times === null) continue;
    const words = wordsFrom(lines, at + 1);
    at += words.length;
    add(cues, {
      startMs: milliseconds(times.slice(1, 5)),
      endMs: milliseconds(times.slice(5, 9)),
      settings: settingsIn(times[9] ?? ''),
      text: withoutTags(words.join('\n')),
    });
  }
  return cues;
}

/** Some files leave the empty lines out: then the next cue's times end this one, and the number before them is no word. */
function wordsFrom(lines: readonly string[], from: number): string[] {
  let end = from;
  while (end < lines.length && lines[end]?.trim() !== '' && !ARROW.test(lines[end] ?? '')) end += 1;
  const isNumbered = ARROW.test(lines[end] ?? '') && /^\d+$/.test(lines[end - 1]?.trim() ?? '');
  return lines.slice(from, isNumbered ? Math.max(from, end - 1) : end);
}

const ASS_FIELDS = 'Layer,Start,End,Style,Name,MarginL,MarginR,MarginV,Effect,Text';

/** `[Events]`: a line `Format:` names the fields of each `Dialogue:`; the words are the last field, commas and all. */
function assCues(lines: readonly string[]): Cue[] {
  const cues: Cue[] = [];
  let fields = fieldsIn(ASS_FIELDS);
  let isEvents = false;
  for (const line of lines) {
    if (cues.length >= MAX_CUES) break;
    if (/^\s*\[/.test(line)) isEvents = /^\s*\[events\]/i.test(line);
    const [, key = '', value = ''] = /^\s*([A-Za-z]{1,20}):\s*(.*)$/.exec(line) ?? [];
    if (isEvents && /^format$/i.test(key)) fields = fieldsIn(value);
    if (/^dialogue$/i.test(key)) addDialogue(cues, fields, value.split(','));
  }
  return cues.sort((a, b) => a.startMs - b.startMs);
}

function fieldsIn(format: string): string[] {
  return format.split(',').map((field) => field.trim().toLowerCase());
}

function addDialogue(cues: Cue[], fields: readonly string[], parts: readonly string[]): void {
  const startMs = assTime(parts[fields.indexOf('start')] ?? '');
  const endMs = assTime(parts[fields.indexOf('end')] ?? '');
  if (startMs === null || endMs === null) return;
  add(cues, { startMs, endMs, settings: '', text: assWords(parts.slice(fields.length - 1).join(',')) });
}

function assTime(text: string): number | null {
  const [, hours, minutes, seconds, part] =
    /^\s*(\d{1,3}):(\d{1,2}):(\d{1,2})[.:,](\d{1,3})\s*$/.exec(text) ?? [];
  return hours === undefined ? null : milliseconds([hours, minutes, seconds, part]);
}

function assWords(text: string): string {
  // \p1 switches to drawing: what follows are coordinates.
  if (/\{[^}]*\\p[1-9]/.test(text)) return '';
  const plain = text
    .replace(/\{[^{}]*\}/g, '')
    .replace(/\\N/g, '\n')
    .replace(/\\n/g, ' ')
    .replace(/\\h/g, '\u00a0');
  return withoutTags(plain);
}

/** `.5` are 500 ms and `.50` too. */
function milliseconds([hours = '0', minutes = '0', seconds = '0', part = '0']: (
  | string
  | undefined
)[]): number {
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000 + Number(part.padEnd(3, '0'));
}

/** Where a cue stands, as WebVTT says it; SRT's own coordinates are left out. */
function settingsIn(text: string): string {
  const known = text.match(/(?:line|position|align|size|vertical):[\w%.,-]{1,30}/g) ?? [];
  return known.slice(0, 6).join(' ');
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', nbsp: '\u00a0', quot: '"', apos: "'", lrm: '\u200e', rlm: '\u200f' },
};

/** Tags go, what they enclose stays; `<` that begins no tag stays too. */
function withoutTags(text: string): string {
  return text
    .slice(0, MAX_CUE_CHARS)
    .replace(/<\/?[a-zA-Z][^<>]{0,500}>|<\d{1,3}:[\d:.]{1,20}>/g, '')
    .replace(/\{\\[^{}]{0,500}\}/g, '')
    .replace(/&([a-z]{2,5});/g, (whole, name: string) => ENTITIES[name] ?? whole);
}

function add(cues: Cue[], cue: Cue): void {
  const text = cue.text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
  if (text !== '' && cue.endMs > cue.startMs) cues.push({ ...cue, text });
}

function written({ startMs, endMs, settings, text }: Cue): string {
  const words = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `${clock(startMs)} --> ${clock(endMs)}${settings === '' ? '' : ` ${settings}`}\n${words}\n\n`;
}

function clock(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, '0')}`;
}
