import { extensionOf } from '../../kit/content-type.ts';

/** Endings of what comes along with a release and is no part of it. */
const ENDINGS = new Set([
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

/** Whether a file of that name, or path, is a sample, a note or for repairs: nothing a viewer looks for. */
export function isBesides(name: string): boolean {
  return ENDINGS.has(extensionOf(name)) || SAMPLE.test(name);
}
