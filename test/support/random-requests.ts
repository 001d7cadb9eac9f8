/** The same numbers in [0, 1) for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const HEADS = [
  'catalog/movie',
  'meta/movie',
  'stream/series',
  'subtitles/movie',
  'api/media',
  'api/streams',
  'api/titles',
  'api/live',
  'assets',
  'assets/starter',
  'play',
  'configure',
  '',
];
const PIECES = [
  'tt1254207',
  'tmdb%3A',
  'movie',
  '1',
  '%3A',
  ':',
  '.',
  '..',
  '%2e',
  '/',
  '%2F',
  '%5C',
  '?',
  '&',
  '=',
  '%00',
  '%FF',
  '%',
  '%E2%80%AE',
  '+',
  '%20',
  ';',
  "'",
  '%22',
  '-',
  '.json',
  'skip=',
  'search=',
  '999999999999',
  '%F0%9F%98%80',
  '@',
  '*',
  '~',
  '|',
  '^',
  '[',
  ']',
];

/** A path that begins like one of ours and goes wrong. */
export function randomPath(random: () => number): string {
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? '';
  const tail = Array.from({ length: 1 + Math.floor(random() * 12) }, () => pick(PIECES)).join('');
  return `/${pick(HEADS)}/${tail}${random() < 0.6 ? '.json' : ''}`;
}

const KEYS = [
  'kind',
  'title',
  'year',
  'genres',
  'ids',
  'seasons',
  'translations',
  'images',
  'url',
  'headers',
  'mediaId',
  'season',
  'episode',
  'files',
  'licence',
  'languages',
  'subtitles',
  'trackers',
  'sizeBytes',
  'fileIndex',
  'expiresIn',
  'cidr',
  'token',
  'isBlocked',
  'state',
  'publicCatalog',
  'streamsPerTitle',
  'addonName',
  'name',
  'x',
];
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e21,
  '',
  'movie',
  'series',
  'http',
  'torrent',
  'tt1254207',
  'http://127.0.0.1:9/a.mkv',
  'magnet:?xt=urn:btih:',
  '\u0000',
  '\ud800',
  '\u202e',
  '💥',
  'a'.repeat(5000),
  '2024-02-31',
  '127.0.0.1/99',
  'en',
  '__proto__',
];

/** JSON that knows our words and not their meaning; sometimes cut short. */
export function randomBody(random: () => number): string {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const value = (depth: number): unknown => {
    const kind = random();
    if (depth > 3 || kind < 0.6) return pick(VALUES);
    const length = Math.floor(random() * 4);
    if (kind < 0.8) return Array.from({ length }, () => value(depth + 1));
    return Object.fromEntries(Array.from({ length }, () => [pick(KEYS), value(depth + 1)]));
  };
  const text = JSON.stringify(
    Object.fromEntries(Array.from({ length: 1 + Math.floor(random() * 6) }, () => [pick(KEYS), value(0)])),
  );
  return random() < 0.1 ? text.slice(0, Math.floor(random() * text.length)) : text;
}
