import { restBelow, segmentsOf } from '../kit/url-below.ts';
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

function named(segment: string, isFolder: boolean): LinkTarget {
  const name = namedBy(bytesOfSegment(segment));
  return name === null ? 'refused' : { kind: isFolder ? 'folder' : 'file', ...name };
}

function isParent(folder: readonly string[], pathname: string): boolean {
  const segments = segmentsOf(pathname);
  return segments.length === folder.length - 1 && segments.every((segment, at) => segment === folder[at]);
}

function byteEscape(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}
