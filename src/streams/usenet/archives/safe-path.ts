import { damaged } from './header-bytes.ts';

/** A path has at most so many characters; RAR allows 2,048. */
const LONGEST = 4096;

/** A name inside an archive as a relative path: `/` between its parts, none of them `.` or `..`, no drive, no control characters. */
export function safePath(name: string): string {
  if (name.length > LONGEST) throw damaged('a file name in it is too long');
  const parts = name
    .replace(/\p{Cc}/gu, '')
    .split(/[\\/]/)
    .filter((part) => part !== '' && part !== '.' && part !== '..' && !/^[A-Za-z]:$/.test(part));
  return parts.join('/') || 'unnamed';
}
