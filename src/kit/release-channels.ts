import { has, word } from './release-vocabulary.ts';

const LAYOUT = /([1-9])([. ])([01])(?:\.[2-6](?![\d.]))?(?!\d|\.\d| ?[kmgt]i?b)/gi;
const ENDS_IN_AUDIO = /(?:dd|ddpa?|\+|aac|ac-?3|flac|dts|ma|hd|hra?|x|pcm|opus|atmos|mp3|plus) ?$/i;
const GLUED_LAYOUT = /(?<![a-z\d])(?:ddpa?|dd|aac|ac3)([257])([01])(?![a-z\d])/gi;
const CHANNEL_COUNT = /(?<![a-z\d])([1268])[ ._-]?ch(?![a-z\d])/gi;
const LAYOUT_OF_COUNT = new Map([
  ['1', '1.0'],
  ['2', '2.0'],
  ['6', '5.1'],
  ['8', '7.1'],
]);
const STEREO = word('2.0', 'stereo');
const MONO = word('1.0', 'mono');

/** `5.1`, `DDP5.1`, `DDP51`, `DDP5 1`, `6CH`, `mono`; a file size (2.1 GB) or a version (v1.0) is no layout. */
export function channelsIn(text: string): string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(LAYOUT)) {
    if (isLayout(text.slice(0, match.index), match[2] === ' ')) found.add(`${match[1]}.${match[3]}`);
  }
  for (const [, front, low] of text.matchAll(GLUED_LAYOUT)) found.add(`${front}.${low}`);
  for (const [, count] of text.matchAll(CHANNEL_COUNT)) found.add(LAYOUT_OF_COUNT.get(count ?? '') ?? '2.0');
  if (found.size === 0 && has(STEREO, text)) found.add('2.0');
  if (found.size === 0 && has(MONO, text)) found.add('1.0');
  return [...found];
}

/** After a letter, or with a blank inside, only behind an audio codec: `E1.0` and `Part 5 1` are something else. */
function isLayout(before: string, isSpaced: boolean): boolean {
  if (/\d[.]?$/.test(before) && !/(?:ac-?3|mp3)[.]?$/i.test(before)) return false;
  return isSpaced || /\p{L}$/u.test(before) ? ENDS_IN_AUDIO.test(before) : true;
}
