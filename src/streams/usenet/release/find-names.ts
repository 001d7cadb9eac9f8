import { extensionOf } from '../../../kit/content-type.ts';
import type { SeekableFile } from '../articles/posted-file.ts';
import type { NzbFile } from '../nzb/nzb.ts';
import { nameOfSubject } from '../subject-name.ts';

/** What a posted file is called, as far as can be found out; `isWorth`: it may be, or hold, something to play. */
export type NamedPost = { name: string; isRar: boolean; isWorth: boolean };

/** Endings that say what a posted file is. */
const TELLING =
  /\.(?:rar|[r-z]\d{2,3}|7z|zip|\d{3}|mkv|mp4|m4v|avi|mov|wmv|ts|m2ts|mpg|mpeg|webm|flv|ogv|iso|srt|ass|ssa|vtt|sub|idx)$/i;
/** Comes along with a release and is no part of it. */
const BESIDES = new Set([
  'par2',
  'nfo',
  'sfv',
  'srr',
  'srs',
  'nzb',
  'txt',
  'url',
  'jpg',
  'jpeg',
  'png',
  'gif',
  'm3u',
  'md5',
  'htm',
  'html',
]);
const SAMPLE = /(?:^|[/._ -])samples?(?:[/._ -]|$)/i;
/** First bytes of what has no name that tells. */
const MAGIC: readonly (readonly [ending: string, at: number, bytes: Buffer])[] = [
  ['rar', 0, Buffer.from('Rar!\x1a\x07', 'latin1')],
  ['7z', 0, Buffer.from('7z\xbc\xaf\x27\x1c', 'latin1')],
  ['zip', 0, Buffer.from('PK\x03\x04', 'latin1')],
  ['par2', 0, Buffer.from('PAR2\0PKT', 'latin1')],
  ['mkv', 0, Buffer.from([0x1a, 0x45, 0xdf, 0xa3])],
  ['mp4', 4, Buffer.from('ftyp', 'latin1')],
  ['avi', 8, Buffer.from('AVI ', 'latin1')],
];
const MAGIC_BYTES = 16;

/**
 * The names of a release's posted files. Those whose subject tells cost nothing; of the others the first article is fetched, for
 * yEnc's name and the first bytes.
 */
export async function findNames(
  files: readonly NzbFile[],
  posted: readonly SeekableFile[],
  signal: AbortSignal,
): Promise<NamedPost[]> {
  return await Promise.all(
    files.map(async ({ subject }, index) => {
      const bySubject = nameOfSubject(subject);
      const file = posted[index];
      const name = bySubject ?? '';
      if (file === undefined || TELLING.test(name) || isBesides(name)) return named(name, name);
      return await nameByArticle(file, name, signal).catch(() => {
        signal.throwIfAborted();
        return named(name, name);
      });
    }),
  );
}

async function nameByArticle(file: SeekableFile, bySubject: string, signal: AbortSignal): Promise<NamedPost> {
  const { name: byYenc } = await file.open(signal);
  if (TELLING.test(byYenc) || isBesides(byYenc)) return named(byYenc, byYenc);
  const head = await file.read(0, MAGIC_BYTES, signal);
  const ending = MAGIC.find(([, at, bytes]) => head.subarray(at, at + bytes.length).equals(bytes))?.[0];
  const name = byYenc || bySubject;
  if (ending === undefined) return { name, isRar: false, isWorth: false };
  // Volumes with names at random say no order: no ending is put to them, or each would be an archive of its own.
  if (ending === 'rar') return { name, isRar: true, isWorth: true };
  return named(`${name}.${ending}`, name);
}

function named(name: string, said: string): NamedPost {
  return { name, isRar: false, isWorth: TELLING.test(name) && !isBesides(said) && !isBesides(name) };
}

function isBesides(name: string): boolean {
  return BESIDES.has(extensionOf(name)) || SAMPLE.test(name);
}
