/**
 * The words release names use, each mapped to the one name we store. Order matters twice: the first match wins
 * for a single value, and a longer word takes its letters away from a shorter one (`DTS-HD MA` before `DTS`).
 */
type Term = readonly [name: string, pattern: RegExp];

/** Between the parts of a word: `WEB-DL`, `WEB.DL`, `WEB DL`, `WEBDL`. */
const S = '[ ._-]?';

/**
 * Letters, as ranges of UTF-16 units: `\p{L}` needs the flag `u`, under which V8 matches these hundred patterns at
 * half the speed. Punctuation, symbols and brackets of other scripts stay out.
 */
const LETTERS =
  'a-zA-Z\\u00aa\\u00b5\\u00ba\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u1fff\\u2c00-\\u2dff\\u3041-\\ud7ff\\uf900-\\ufdff\\ufe70-\\ufefe\\uff21-\\uff3a\\uff41-\\uff5a\\uff66-\\uffdc';
const STARTS = `(?<![${LETTERS}\\d])`;

export function word(name: string, source: string, flags = 'gi'): Term {
  return [name, new RegExp(`${STARTS}(?:${source})(?![${LETTERS}\\d])`, flags)];
}

/** As `word`, but digits may follow at once: `DDP5.1`, `FLAC1.0`, `TrueHD7.1`. */
function audioWord(name: string, source: string): Term {
  return [name, new RegExp(`${STARTS}(?:${source})(?![${LETTERS}])`, 'gi')];
}

const QUALITIES: readonly Term[] = [
  word('SCR', `(?:dvd|bd|br|hd|web)?${S}scr(?:eener)?|pre${S}(?:hd|dvd)(?:${S}rip)?|pdvd(?:rip)?`),
  word('CAM', `(?:hd|hq)?${S}cam${S}(?:rip|hd|hq)?|hq${S}s${S}print|s${S}print`),
  word('TS', `(?:hd|hq|hc|p?dvd)${S}ts(?:rip)?|tele${S}sync|tsrip`),
  word('TC', `(?:hd|hq)${S}tc(?:rip)?|tele${S}cine|tcrip`),
  word('TS', 'TS', 'g'),
  word('TC', 'TC', 'g'),
  word('WORKPRINT', 'workprint'),
  word('UHDRip', `(?:uhd|4k)${S}rip`),
  word('BRRip', `br${S}rip|blu${S}ray${S}rip`),
  word('BDRip', `(?:hd${S})?bd${S}rip|bdr|bd${S}rm|br?d${S}mux`),
  word('BluRay', `blu${S}ray|bd(?:25|50|66|100|iso|mv)?|uhd${S}bd|hd${S}dvd`),
  word('WEBRip', `web${S}rip|web${S}dl${S}rip|web${S}cap|vod${S}rip|dl${S}rip`),
  word('WEB-DL', `web${S}dl|(?:web${S})?dl${S}mux|web${S}mux|web${S}u?hd|web`),
  word('HDRip', `(?:uhd|hd|hq)${S}rip|micro${S}hd|m${S}hd`),
  word('PDTV', `pdtv(?:rip)?`),
  word('SDTV', `sd${S}tv(?:rip)?`),
  word('HDTV', `u?hd${S}tv(?:rip)?|dvb(?:${S}rip)?|dtv(?:rip)?|iptv(?:rip)?`),
  word('SATRip', `sat${S}rips?|ds${S}rip|dsr|dth${S}rip`),
  word('TVRip', `tv${S}rips?`),
  word('PPVRip', `ppv(?:${S}(?:rip|hd))?`),
  word('DVDRip', `dvd${S}(?:rip|mux)`),
  word('R5', 'R5', 'g'),
  word('DVD', `(?:r\\d)?dvd(?:${S}(?:r\\d?|5|9|10|iso|full|video))?`),
  word('VHSRip', `vhs(?:${S}rip)?`),
  word('LDRip', `ld${S}rip|laser${S}disc(?:${S}rip)?`),
];

const CODECS: readonly Term[] = [
  word('AV1', 'av1'),
  word('VVC', `vvc|[xh]${S}266`),
  word('HEVC', `hevc(?:${S}10)?|[xh]${S}265|hevc${S}main${S}10`),
  word('AVC', `avc(?:hd)?|[xh]${S}264(?:-?hi10p?)?`),
  word('VC-1', `vc${S}1`),
  word('XviD', 'xvid(?:hd)?'),
  word('DivX', 'divx\\d?|dvix'),
  word('MPEG-2', `mpeg${S}2|m2v|h${S}262`),
  word('MPEG-4', `mpeg${S}4|mp4v`),
  word('VP9', 'vp9'),
  word('VP8', 'vp8'),
  word('ProRes', `pro${S}res`),
];

const AUDIO: readonly Term[] = [
  audioWord('Atmos', `(?:dolby${S})?atmos`),
  audioWord('DD+', `ddpa?|dd2?\\+|dd${S}plus|dolby${S}digital${S}(?:plus|\\+)|e${S}ac${S}3d?`),
  audioWord('DD', `dd|dolby${S}digital|dolbyd|ac${S}3d?`),
  audioWord('DTS:X', `dts[ .:_-]?x(?!${S}26)`),
  audioWord('DTS-HD MA', `dts${S}(?:hd)?${S}ma(?:ster)?(?:${S}audio)?`),
  audioWord('DTS-HD', `dts${S}(?:hd${S}(?:hra?)?|hra?)`),
  audioWord('DTS-ES', `dts${S}es`),
  audioWord('DTS', 'dts'),
  audioWord('TrueHD', `true${S}hd`),
  audioWord('PCM', 'l?pcm'),
  audioWord('OPUS', 'opus'),
  audioWord('FLAC', 'flac'),
  audioWord('AAC', '(?:he|q)?-?aac'),
  audioWord('ALAC', 'alac'),
  audioWord('MP3', 'mp3'),
  audioWord('Vorbis', 'vorbis|ogg'),
  audioWord('MP2', 'mp2'),
];

const HDR: readonly Term[] = [
  word('DV', `dv|dovi|dolby${S}vision`),
  // No boundary after the plus: `HDR10+DV`.
  ['HDR10+', new RegExp(`${STARTS}hdr${S}10${S}(?:\\+|(?:plus|p)(?![${LETTERS}\\d]))`, 'gi')],
  word('HDR10', `hdr${S}10(?!${S}bit)`),
  word('HDR', 'hdr'),
  word('HLG', 'hlg(?:10)?'),
  word('SDR', 'sdr'),
];

const EDITIONS: readonly Term[] = [
  word('Extended', `extended(?:${S}(?:cut|edition|version))?`),
  word("Director's Cut", `director'?s?'?${S}(?:cut|edition|version)`),
  word("Director's Cut", 'DC', 'g'),
  word('Final Cut', `final${S}cut`),
  word('Theatrical', `theatrical(?:${S}(?:cut|edition|version|release))?`),
  word('Unrated', `unrated(?:${S}(?:cut|edition))?`),
  word('Uncut', 'uncut'),
  word('Uncensored', 'uncensored'),
  word('IMAX', `imax(?:${S}(?:edition|enhanced))?`),
  word('Open Matte', `open${S}matte`),
  word('Criterion', `criterion(?:${S}(?:collection|edition))?`),
  word('Remastered', `(?:4k${S}|digitally${S})?remaster(?:ed)?|restored|4k${S}restoration`),
  word('Special Edition', `special${S}edition`),
  word("Collector's Edition", `collector'?s(?:${S}edition)?`),
  word('Ultimate', `ultimate${S}(?:edition|cut|collectors?${S}edition)`),
  word(
    'Anniversary Edition',
    `\\d{2,3}(?:th|st|nd|rd)?${S}anniversary(?:${S}edition)?|anniversary${S}edition`,
  ),
  word('Diamond Edition', `diamond${S}edition`),
  word('Limited Edition', `limited${S}edition`),
  word('Redux', 'redux'),
  word('Alternate Cut', `alternat(?:e|ive)${S}(?:cut|ending)`),
  word('Despecialized', `despeciali[sz]ed(?:${S}edition)?`),
  word('Fan Edit', `fan${S}edit`),
];

/** Letters that every word of a list holds some of: a text without them need not be held against the list. */
const ANY_AUDIO = /dd|dolby|ac[ ._-]?3|dts|true|pcm|opus|flac|aac|alac|mp[23]|vorbis|ogg|atmos/i;
const ANY_HDR = /hdr|dv|dovi|dolby|hlg|sdr/i;
const ANY_EDITION =
  /cut|edition|extend|direc|dc|theatric|unrated|uncens|imax|matte|criterion|remaster|restor|collector|annivers|redux|alternat|despeciali|edit/i;

const LINES = /(?<!\d)(2160|1440|1080|720|576|540|480|360|240)0?([pi])/i;
const FRAME = /(?<!\d)(\d{3,4})(?:[x×]| [x×] )(\d{3,4})(?!\d)/i;
const BARE_LINES = /(?<![^ ._([-])(2160|1080|720)(?![^ ._)\]-])/;
const UHD = word('2160p', `4k|(?:4k)?uhd|ultra${S}hd`);
const FULL_HD = word('1080p', `fhd|full${S}hd`);

/** One of 2160p 1440p 1080p 1080i 720p 576p 576i 540p 480p 480i 360p 240p; null when the text names none. */
export function canonicalResolution(text: string): string | null {
  const [, lines, scan] = LINES.exec(text) ?? [];
  if (lines !== undefined) {
    const isInterlaced = scan?.toLowerCase() === 'i' && ['1080', '576', '480'].includes(lines);
    return `${lines}${isInterlaced ? 'i' : 'p'}`;
  }
  const frame = FRAME.exec(text);
  if (frame) return resolutionOfFrame(Number(frame[1]), Number(frame[2]));
  if (has(UHD, text)) return '2160p';
  if (has(FULL_HD, text)) return '1080p';
  const bare = BARE_LINES.exec(text)?.[1];
  return bare === undefined ? null : `${bare}p`;
}

const STANDARD_HEIGHTS = [2160, 1440, 1080, 720, 576, 540, 480, 360, 240];
/** Least width of each where the height is cropped: 1920×800 is 1080p all the same. */
const LEAST_WIDTHS: readonly (readonly [width: number, resolution: string])[] = [
  [3200, '2160p'],
  [2400, '1440p'],
  [1700, '1080p'],
  [1200, '720p'],
  [940, '540p'],
  [560, '480p'],
  [450, '360p'],
  [320, '240p'],
];

function resolutionOfFrame(width: number, height: number): string | null {
  if (STANDARD_HEIGHTS.includes(height)) return `${height}p`;
  return LEAST_WIDTHS.find(([least]) => width >= least)?.[1] ?? null;
}

/** The source: `BluRay REMUX`, `BluRay`, `WEB-DL`, … ; null when the text names none. */
export function canonicalQuality(text: string): string | null {
  if (/^imax$/i.test(text)) return 'IMAX';
  const source = firstOf(ANY_CAPTURE.test(text) ? QUALITIES : FAIR_QUALITIES, text.replace(REMUX, ' '));
  if (text.search(REMUX) < 0) return source;
  if (source?.startsWith('DVD')) return 'DVD REMUX';
  // A remux that names no source is one of a disc.
  return source === null || DISC_SOURCES.has(source) ? 'BluRay REMUX' : source;
}

/** Most names hold no letters of the seven kinds of captures in a cinema, which stand first. */
const ANY_CAPTURE = /scr|pre|pdvd|cam|print|ts|tc|tele/i;
const FAIR_QUALITIES = QUALITIES.slice(QUALITIES.findIndex(([name]) => name === 'UHDRip'));
const REMUX = /remux/gi;
const DISC_SOURCES = new Set(['BluRay', 'BDRip', 'BRRip', 'UHDRip']);

/** `AV1`, `HEVC`, `AVC`, …; null when the text names none. */
export function canonicalCodec(text: string): string | null {
  return firstOf(CODECS, text);
}

/** `Atmos`, `DD+`, `DTS-HD MA`, …; `DDPA` is DD+ with Atmos. */
export function audioIn(text: string): string[] {
  if (!ANY_AUDIO.test(text)) return [];
  const found = allOf(AUDIO, text);
  return /ddpa/i.test(text) && !found.includes('Atmos') ? ['Atmos', ...found] : found;
}

/** `HDR` alone is left out beside the exact kind: `HDR HDR10+` is HDR10+. */
export function hdrIn(text: string): string[] {
  if (!ANY_HDR.test(text)) return [];
  const found = allOf(HDR, text);
  return found.some((name) => name.startsWith('HDR1')) ? found.filter((name) => name !== 'HDR') : found;
}

/** Several editions are joined: `Extended, Remastered`. */
export function editionIn(text: string): string | null {
  if (!ANY_EDITION.test(text)) return null;
  const found = new Set(EDITIONS.filter((term) => has(term, text)).map(([name]) => name));
  return found.size === 0 ? null : [...found].join(', ');
}

const TEN_BIT = word('10bit', `10${S}bits?|hi10p?|hevc${S}10|yuv420p10|main${S}10`);
const OTHER_BIT = /(?<!\d)(8|12)[ ._-]?bits?(?!\p{L})/iu;

export function bitDepthIn(text: string): string | null {
  if (has(TEN_BIT, text)) return '10bit';
  const bits = OTHER_BIT.exec(text)?.[1];
  return bits === undefined ? null : `${bits}bit`;
}

const STEREOSCOPIC: readonly Term[] = [
  word('H-SBS', `h(?:alf)?${S}sbs|half${S}side${S}by${S}side`),
  word('SBS', `(?:full${S}|f${S})?sbs|side${S}by${S}side`),
  word('H-OU', `h(?:alf)?${S}(?:ou|tab)|half${S}over${S}under`),
  word('OU', `(?:full${S}|f${S})?(?:ou|tab)|over${S}under`),
  word('3D', '(?:bd)?3d'),
];
const ANY_3D = word('3D', `(?:bd)?3d|h${S}sbs|h${S}ou|side${S}by${S}side`);

/** How a 3D picture is packed; null = flat. */
export function stereoIn(text: string): string | null {
  return has(ANY_3D, text) ? firstOf(STEREOSCOPIC, text) : null;
}

/** Words the title parser does not know, as ones it does; it would take them for title, channels for episodes. */
const SIMPLER: readonly (readonly [RegExp, string])[] = [
  ...AUDIO.filter(([name]) => /^(?:DTS|Vorbis|ALAC|MP2)/.test(name)).map(
    ([, pattern]) => [pattern, 'AAC'] as const,
  ),
  [/(?<=(?:aac|ac3|ddp?|dd\+|flac|opus|pcm|mp3|hd|atmos)[ ._-]?)[1-9][. ][01](?![\d.])/giu, ''],
  [word('VC-1', `vc${S}1|pro${S}res(?:${S}4444|${S}422)?|mpeg${S}[24]|[xh]${S}266|vvc`)[1], 'x264'],
  [word('HDR', `hlg(?:10)?|hdr${S}10${S}p(?:lus)?`)[1], 'HDR'],
  [word('DVD', `dvd${S}[59]|laser${S}disc|ld${S}rip|dvd${S}remux`)[1], 'DVDRip'],
  [word('BluRay', `hd${S}dvd|bd(?:25|50|66|100|iso|mv)`)[1], 'BluRay'],
  [word('HDTV', `ds${S}rip|dsr|dth${S}rip|dtv`)[1], 'HDTV'],
  [word('10bit', 'hi10p')[1], '10bit'],
];

const ANY_SIMPLER =
  /dts|vorbis|ogg|alac|mp2|\d[. ][01]|vc|res|mpeg|[xh][ ._-]?2|vvc|hlg|hdr|dvd|laser|ld|bd|dsr|ds|dth|dtv|hi10/i;

export function simplifyTechnicalWords(text: string): string {
  const sized = text.replace(FRAME, (frame) => canonicalResolution(frame) ?? frame);
  if (!ANY_SIMPLER.test(sized)) return sized;
  return SIMPLER.reduce((rest, [pattern, simpler]) => rest.replace(pattern, simpler), sized);
}

/** The text with every audio, codec and HDR word blanked, so that `DTS-ES` is not read as Spanish. */
export function withoutTechnicalWords(text: string): string {
  const terms = [...(ANY_AUDIO.test(text) ? AUDIO : []), ...CODECS, ...(ANY_HDR.test(text) ? HDR : [])];
  return terms.reduce((rest, [, pattern]) => rest.replace(pattern, ' '), text);
}

function firstOf(terms: readonly Term[], text: string): string | null {
  return terms.find((term) => has(term, text))?.[0] ?? null;
}

/** Each match is blanked before the next word is looked for. */
function allOf(terms: readonly Term[], text: string): string[] {
  const found: string[] = [];
  let rest = text;
  for (const [name, pattern] of terms) {
    const blanked = rest.replace(pattern, (match) => ' '.repeat(match.length));
    if (blanked !== rest) found.push(name);
    rest = blanked;
  }
  return found;
}

/** `search`, not `test`: the patterns are global and `test` would remember where it stopped. */
export function has([, pattern]: Term, text: string): boolean {
  return text.search(pattern) >= 0;
}
