import { volumeNameOf } from '../archives/volume-name.ts';

/** Whether a file name was made up to say nothing: random letters and digits, a hash, a UUID. */
export function isObfuscated(name: string): boolean {
  const stem = stemOf(name);
  if (/^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(stem)) return true;
  if (/^[0-9a-f.]{16,}$/i.test(stem) && /\d/.test(stem)) return true;
  if (/^abc\.xyz/i.test(stem)) return true;
  return isNoise(stem);
}

/** A name without what counts volumes and without its ending. */
function stemOf(name: string): string {
  const base = volumeNameOf(name)?.base ?? name;
  return base
    .replace(/\.part$/i, '')
    .replace(/\.vol\d+\+\d+\.par2$/i, '')
    .replace(/\.[a-z0-9]{2,4}$/i, '');
}

/** One long word in which kinds of letters alternate as they do in none. */
function isNoise(stem: string): boolean {
  if (stem.length < 12 || /[^A-Za-z0-9]/.test(stem)) return false;
  const kinds = [...stem].map((char) => (/\d/.test(char) ? 0 : /[a-z]/.test(char) ? 1 : 2));
  // A capital before a small letter begins a word.
  const changes = kinds.filter(
    (kind, at) => at > 0 && kind !== kinds[at - 1] && !(kind === 1 && kinds[at - 1] === 2),
  );
  // "TheBigShow2020" changes at three of 13, random letters and digits at every second.
  const isMixed = changes.length / (stem.length - 1) > 0.3;
  // Where all is of one kind vowels are missing: 30 of 100 letters are some in any language written so.
  const vowels = stem.replace(/[^aeiouy]/gi, '').length;
  return isMixed || (stem.length >= 20 && vowels / stem.length < 0.15);
}
