/** One line and the characters that ended it, so that a text can be put together again byte for byte. */
export type Line = { text: string; end: string };

/** HLS ends lines by LF or CRLF; players also take a lone CR and NUL for an end, so what hides behind one is a line here too. */
export function* linesOf(text: string): Generator<Line> {
  let at = 0;
  for (const match of text.matchAll(/\r\n|[\n\r\0]/g)) {
    yield { text: text.slice(at, match.index), end: match[0] };
    at = match.index + match[0].length;
  }
  if (at < text.length) yield { text: text.slice(at), end: '' };
}

/** `#EXT-X-KEY:METHOD=…` → the tag's name and its attributes; null for a comment or a URI. */
export function tagOf(text: string): { name: string; rest: string } | null {
  const [, name, rest = ''] = /^#(EXT[A-Z0-9-]*)(?::(.*))?$/s.exec(text) ?? [];
  return name === undefined ? null : { name, rest };
}

/** `NAME=value` one by one. A quoted value may hold commas and `=`; ffmpeg also takes unquoted ones and blanks between. */
const ATTRIBUTE = /([A-Za-z0-9-]+)(\s*=\s*)("[^"]*"?|[^,\s]*)/g;

/** Attributes of a tag, unquoted; the first of a name wins. */
export function attributesOf(rest: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', , value = ''] of rest.matchAll(ATTRIBUTE)) {
    if (!found.has(name)) found.set(name, unquoted(value));
  }
  return found;
}

/** Replaces the value of every attribute called `wanted`, quoted as it was; everything else stays as it stands. */
export function withAttribute(rest: string, wanted: string, replace: (value: string) => string): string {
  return rest.replace(ATTRIBUTE, (whole, name: string, equals: string, value: string) => {
    if (name !== wanted) return whole;
    const next = replace(unquoted(value));
    return next === unquoted(value) ? whole : `${name}${equals}${value.startsWith('"') ? `"${next}"` : next}`;
  });
}

/** `{$name}` → its value (rfc8216bis §4.3); an unknown one stays. */
export function substituted(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\{\$([A-Za-z0-9_-]+)\}/g, (whole, name: string) => variables.get(name) ?? whole);
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.replace(/^"|"$/g, '') : value;
}
