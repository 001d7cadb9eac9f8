/** One entry of an IPTV list. */
export type ListEntry = {
  /** What is shown, behind the comma of EXTINF. */
  title: string;
  url: string;
  /** Of EXTINF: `tvg-id`, `tvg-logo`, `group-title`, … with lower-case names. */
  attributes: Readonly<Record<string, string>>;
  /** What the server wants to be asked with (EXTVLCOPT, EXTHTTP, `url|User-Agent=…`). */
  headers: Readonly<Record<string, string>>;
  /** Seconds; −1 or absent: a live channel, or nobody knows. */
  durationSeconds: number | null;
};

const MAX_LINE_CHARS = 32_768;
const MAX_ATTRIBUTES = 50;

/** The header each option of VLC or Kodi stands for. */
const OPTIONS: Readonly<Record<string, string>> = {
  'http-user-agent': 'user-agent',
  'http-referrer': 'referer',
  'http-referer': 'referer',
  'http-origin': 'origin',
  'http-cookie': 'cookie',
};

type Begun = Omit<ListEntry, 'url'>;
const fresh = (): Begun => ({ title: '', attributes: {}, headers: {}, durationSeconds: null });

/** The entries of an extended M3U, line by line, so that a list of any length may be read. Lines that say nothing we know are passed over. */
export async function* m3uEntries(lines: AsyncIterable<string>): AsyncGenerator<ListEntry> {
  let begun = fresh();
  for await (const raw of lines) {
    const line = raw.replace(/^\uFEFF/, '').trim();
    if (line === '' || line.length > MAX_LINE_CHARS) continue;
    if (line.startsWith('#')) {
      begun = withTag(begun, line);
      continue;
    }
    yield entryOf(begun, line);
    begun = fresh();
  }
}

function withTag(begun: Begun, line: string): Begun {
  const [, tag = '', rest = ''] = /^#([A-Z-]+)\s*:\s*(.*)$/i.exec(line) ?? [];
  switch (tag.toUpperCase()) {
    case 'EXTINF':
      return { ...begun, ...infoOf(rest) };
    case 'EXTGRP':
      return { ...begun, attributes: { 'group-title': rest, ...begun.attributes } };
    case 'EXTVLCOPT':
      return { ...begun, headers: { ...begun.headers, ...optionOf(rest) } };
    case 'KODIPROP':
      return { ...begun, headers: { ...begun.headers, ...kodiHeaders(rest) } };
    default:
      return begun;
  }
}

/** `-1 tvg-id="a" group-title="News, local",Channel`: the title is behind the first comma outside quotes. */
function infoOf(rest: string): Pick<Begun, 'title' | 'attributes' | 'durationSeconds'> {
  const [, seconds = '', tail = ''] = /^(-?\d+(?:\.\d+)?)?(.*)$/.exec(rest) ?? [];
  const attributes: Record<string, string> = {};
  let end = 0;
  for (const match of [...tail.matchAll(/([\w-]{1,64})=(?:"([^"]*)"|([^\s",]*))/g)].slice(
    0,
    MAX_ATTRIBUTES,
  )) {
    const before = tail.slice(end, match.index);
    if (before.includes(',')) break;
    attributes[(match[1] ?? '').toLowerCase()] = (match[2] ?? match[3] ?? '').trim();
    end = match.index + match[0].length;
  }
  const comma = tail.indexOf(',', end);
  const title = comma < 0 ? '' : tail.slice(comma + 1).trim();
  const duration = Number(seconds);
  return {
    title: title === '' ? (attributes['tvg-name'] ?? '') : title,
    attributes,
    durationSeconds: seconds === '' || duration <= 0 ? null : duration,
  };
}

function optionOf(rest: string): Record<string, string> {
  const [, name = '', value = ''] = /^([\w-]+)\s*=\s*(.*)$/.exec(rest) ?? [];
  const header = OPTIONS[name.toLowerCase()];
  return header === undefined || value === '' ? {} : { [header]: value.replace(/^"(.*)"$/, '$1') };
}

/** `inputstream.adaptive.stream_headers=User-Agent=x&Referer=y`. */
function kodiHeaders(rest: string): Record<string, string> {
  const [, value] =
    /^inputstream\.adaptive\.(?:stream|manifest|common)_headers\s*=\s*(.*)$/i.exec(rest) ?? [];
  return value === undefined ? {} : headersIn(value);
}

function headersIn(text: string): Record<string, string> {
  const found = [...new URLSearchParams(text)].filter(([name]) => /^[\w-]{1,64}$/.test(name));
  return Object.fromEntries(
    found.slice(0, MAX_ATTRIBUTES).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

/** Kodi writes headers behind a bar: `http://…|User-Agent=x&Referer=y`. */
function entryOf(begun: Begun, line: string): ListEntry {
  const bar = /^https?:/i.test(line) ? line.indexOf('|') : -1;
  const url = bar < 0 ? line : line.slice(0, bar);
  const headers = bar < 0 ? begun.headers : { ...begun.headers, ...headersIn(line.slice(bar + 1)) };
  return { ...begun, url, headers };
}
