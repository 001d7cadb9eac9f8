/** Longer subjects are cut: RFC 5322 allows lines of 998 characters. */
const LONGEST = 1024;

/** What the subject of a post says of the file in it. */
export type Subject = {
  name: string | null;
  /** The yEnc counter, `(part/total)`. */
  part: number | null;
  total: number | null;
  /** The poster's own counter, `[file/files]`. */
  file: number | null;
  files: number | null;
};

/** Reads a subject: what is quoted and has an ending, or the longest thing that has one. */
export function readSubject(subject: string): Subject {
  const text = repaired(subject.slice(0, LONGEST)).replaceAll('&quot;', '"');
  const part = [...text.matchAll(/\((\d{1,6})\/(\d{1,6})\)/g)].at(-1);
  const file = /\[(\d{1,6})\/(\d{1,6})\]/.exec(text);
  return {
    name: quotedName(text) ?? longestName(text),
    ...{ part: numberOr(part?.[1]), total: numberOr(part?.[2]) },
    ...{ file: numberOr(file?.[1]), files: numberOr(file?.[2]) },
  };
}

/**
 * The name of a posted file as its subject says it, without folders: one with an ending, else what stands in quotes (obfuscated posts are
 * called by a hash, which is a name too). Null: it says none.
 */
export function nameOfSubject(subject: string): string | null {
  const name = readSubject(subject).name ?? cleaned(/"([^"]{1,1024})"/.exec(subject)?.[1] ?? '');
  return /^\.{0,2}$/.test(name) ? null : name;
}

function numberOr(digits: string | undefined): number | null {
  return digits === undefined ? null : Number(digits);
}

/** UTF-8 that was read as Latin-1, as old indexers do, becomes what it was. */
export function repaired(text: string): string {
  if (!/[\u0080-\u00ff]/.test(text) || /[^\p{ASCII}\u0080-\u00ff]/u.test(text)) return text;
  const read = Buffer.from(text, 'latin1').toString('utf8');
  return read.includes('\ufffd') ? text : read;
}

function quotedName(text: string): string | null {
  const quoted = [...text.matchAll(/"([^"]+)"/g)].map(([, inside = '']) => cleaned(inside));
  return quoted.findLast(hasEnding) ?? null;
}

function longestName(text: string): string | null {
  const bare = text
    .replace(/\byEnc\b.*$/i, ' ')
    .replace(/[[(]\d{1,6}\/\d{1,6}[\])]/g, '|')
    .replace(/\b\d+([.,]\d+)?\s?(bytes|[KMG]i?B)\b/gi, '|');
  const things = bare.split(/["|<>]| - |\s{2,}/).map(cleaned);
  const named = things.filter(hasEnding);
  return named.reduce<string | null>(
    (most, thing) => (thing.length > (most?.length ?? 0) ? thing : most),
    null,
  );
}

/** Without folders before it, brackets around it and what cannot be in a name. */
function cleaned(name: string): string {
  const bare = (name.split(/[\\/]/).at(-1) ?? '').replace(/\p{Cc}/gu, '').trim();
  return bare.startsWith('(') && bare.endsWith(')') ? bare.slice(1, -1).trim() : bare;
}

/** Whether a name has an ending, and not only a word of a release's title behind a dot. */
export function hasEnding(name: string): boolean {
  return /[^.\s]\.[a-z0-9]{2,5}$/i.test(name) && !/\.(\d{2}|[xh]26[45]|\d{3,4}[pi])$/i.test(name);
}
