import { basicAuthorization } from '../kit/basic-authorization.ts';
import { safeFilename } from '../kit/content-disposition.ts';
import { extensionOf } from '../kit/content-type.ts';
import type { LinkPart, Links, PlayLink } from '../platform/links.ts';
import { withoutCredentials } from '../platform/net-request.ts';
import type { Address } from './origin-fetch.ts';

/** What makes the links in a manifest: all of them under the terms of the link that led to it. */
export type PartLinks = {
  /** Relative to the request, so that a manifest is the same under every name of this server. */
  relative(part: LinkPart): string;
  /** For where a relative one would be resolved against something else (DASH BaseURL). Ends in `/` for a `base`. */
  absolute(part: LinkPart): string;
  /** Two manifests of one document with the same identity have the same links. */
  identity(depth: number): string;
};

/** `path` is the request's own, as it came. */
export function createPartLinks(
  links: Links,
  { link, resource, path, baseUrl }: { link: PlayLink; resource: string; path: string; baseUrl: string },
): PartLinks {
  // `/play/:resource/:token` and what follows: one step up for each segment after the token.
  const up = '../'.repeat(Math.max(0, path.split('/').length - 4));
  const { filename: _named, detail: _bytes, part: _own, ...terms } = link;
  const tokenOf = (part: LinkPart) =>
    links
      .make({ ...terms, part }, { baseUrl: '', resource })
      .split('/')
      .at(-1);
  const tailOf = (part: LinkPart) => `${tokenOf(part)}/${encodeURIComponent(nameOf(part))}`;
  const identity = (depth: number) => baseUrl + up + tailOf({ url: '', headers: {}, role: 'base', depth });
  return {
    identity,
    relative: (part) => up + tailOf(part),
    absolute: (part) => `${baseUrl.replace(/\/+$/, '')}/play/${resource}/${tailOf(part)}`,
  };
}

/**
 * Where a part is and what may be told there: the link's headers at the origin they are for, no credentials anywhere else. A permission to reach
 * an origin in a private network is of that one too.
 */
export function addressOf(url: string, from: Address): Address {
  const target = URL.parse(url);
  if (target === null) return { url, headers: {} };
  const isSame = target.origin === URL.parse(from.url)?.origin;
  const headers = { ...(isSame ? from.headers : withoutCredentials(from.headers)) };
  if (target.username !== '' || target.password !== '') {
    headers.authorization = basicAuthorization(decoded(target.username), decoded(target.password));
  }
  target.username = '';
  target.password = '';
  target.hash = '';
  return { url: target.href, headers, ...(isSame && from.allowsPrivate ? { allowsPrivate: true } : {}) };
}

/** Players, ffmpeg above all, recognise what a link leads to by the end of its path. */
function nameOf({ url, role }: LinkPart): string {
  if (role === 'base') return '';
  const last = decoded(URL.parse(url)?.pathname.split('/').at(-1) ?? '');
  const name = last === '' ? role : safeFilename(last);
  if (role === 'rendition') return 'track.m3u8';
  if (role === 'playlist' && !/^m3u8?$/.test(extensionOf(name))) return `${name}.m3u8`;
  return role === 'mpd' && extensionOf(name) !== 'mpd' ? `${name}.mpd` : name;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
