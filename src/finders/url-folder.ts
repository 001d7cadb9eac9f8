import { bytesOfSegment, namedBy } from './listed-name.ts';

/** What a link in the listing of a folder leads to. `parent`: the folder it lies in; `elsewhere`: all that is no child. */
export type LinkTarget =
  | { kind: 'file' | 'folder'; segment: string; name: string }
  | 'parent'
  | 'elsewhere'
  | 'refused';

/** One segment and no more, a slash at most behind it; what URLs give a meaning of their own is read by their parser. */
const PLAIN_LINK = /^(?:\.\/)?([A-Za-z0-9%._~!$&'()*+,;=@-]+)(\/?)$/;
const NOT_ASCII = /[\x80-\xff]/g;

/**
 * Judges the links of one folder's listing: `href` as it stands in the page, each byte a character, entities undone. Same origin, and one
 * segment below the folder; segments are compared by the bytes they mean, never as strings.
 */
export function createLinkJudge(folder: URL): (href: string) => LinkTarget {
  const own = segmentsOf(folder.pathname);

  function inUrl(href: string): LinkTarget {
    if (hasControls(href)) return 'refused';
    const url = URL.parse(href, folder);
    const isHere = url?.origin === folder.origin && url.search === '';
    return url !== null && isHere ? byPath(url.pathname) : 'elsewhere';
  }

  function byPath(pathname: string): LinkTarget {
    const rest = restBelow(own, pathname);
    if (rest === null) return isParent(own, pathname) ? 'parent' : 'elsewhere';
    const [, segment, slash] = /^([^/]+)(\/?)$/.exec(rest) ?? [];
    return segment === undefined ? 'elsewhere' : named(segment, slash === '/');
  }

  return (given) => {
    const href = given.replace(/^[ \t\r\n\f]+|[ \t\r\n\f]+$/g, '').replace(NOT_ASCII, byteEscape);
    const [, segment, slash] = PLAIN_LINK.exec(href) ?? [];
    if (segment === undefined || segment === '.' || segment === '..') return inUrl(href);
    return named(segment, slash === '/');
  };
}

/** A parser of URLs leaves tabs and line ends out: the link would become another one. */
function hasControls(href: string): boolean {
  return [...href].some((char) => char < ' ' || char === '\x7f');
}

/** Whether a URL is the base or lies below it: the same origin, and the base's segments first. */
export function isUnderBase(base: URL, url: URL): boolean {
  return url.origin === base.origin && restBelow(segmentsOf(base.pathname), url.pathname) !== null;
}

function named(segment: string, isFolder: boolean): LinkTarget {
  const name = namedBy(bytesOfSegment(segment));
  return name === null ? 'refused' : { kind: isFolder ? 'folder' : 'file', ...name };
}

/** What stands in a path behind the segments of a folder; null: it does not lie in it. */
function restBelow(folder: readonly string[], pathname: string): string | null {
  const parts = pathname.split('/');
  if (parts.length <= folder.length || folder.some((segment, at) => segment !== meant(parts[at] ?? '')))
    return null;
  return parts.slice(folder.length).join('/');
}

function isParent(folder: readonly string[], pathname: string): boolean {
  const segments = segmentsOf(pathname);
  return segments.length === folder.length - 1 && segments.every((segment, at) => segment === folder[at]);
}

/** Those of a folder's path, the empty one before the first slash too. */
function segmentsOf(pathname: string): string[] {
  return pathname.replace(/\/$/, '').split('/').map(meant);
}

function meant(segment: string): string {
  return bytesOfSegment(segment).toString('latin1');
}

function byteEscape(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}
