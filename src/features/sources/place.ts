import type { ListingConfig, ListingPlace } from '../../finders/lister.ts';
import { BadInput } from '../../kit/errors.ts';
import type { Crypto } from '../../platform/crypto.ts';
import { openPassword } from '../../streams/source-access.ts';

/** What lists the folders of a source. */
export const SOURCE_FINDERS = ['http-index', 'ftp-listing', 'local-folder', 'webdav'] as const;
export type SourceFinder = (typeof SOURCE_FINDERS)[number];

/** The kind of the streams its files become. */
const KINDS = {
  'http-index': 'http',
  webdav: 'http',
  'ftp-listing': 'ftp',
  'local-folder': 'local',
} as const;
export function kindOf(finder: SourceFinder): (typeof KINDS)[SourceFinder] {
  return KINDS[finder];
}

const SCHEMES: Readonly<Record<SourceFinder, { pattern: RegExp; needs: string }>> = {
  'http-index': { pattern: /^https?:$/, needs: 'http:// or https://' },
  webdav: { pattern: /^https?:$/, needs: 'http:// or https://' },
  'ftp-listing': { pattern: /^ftp(e?s)?:$/, needs: 'ftp://, ftpes:// or ftps://' },
  'local-folder': { pattern: /^local:$/, needs: 'local:<name of a folder>/' },
};
const MAX_BASE_CHARS = 1000;

/** The base as it is stored: normalised, ending in `/`. Throws BadInput naming what is wrong with it. */
export function baseUrlOf(
  finder: SourceFinder,
  text: string,
  localFolders: ReadonlyMap<string, string>,
): string {
  const url = URL.parse(text.endsWith('/') ? text : `${text}/`);
  const { pattern, needs } = SCHEMES[finder];
  if (url === null || !pattern.test(url.protocol)) throw badBase(`must begin with ${needs}`);
  if (url.protocol === 'local:') return localBase(url.href, localFolders);
  if (url.username !== '' || url.password !== '')
    throw badBase('may hold no user and password: give them as username and password');
  if (url.search !== '' || url.hash !== '') throw badBase('may hold no query and no fragment');
  if (url.href.length > MAX_BASE_CHARS) throw badBase(`may have ${MAX_BASE_CHARS} characters`);
  return url.href;
}

/** `local:films/` or a folder in it, `local:films/new/`. */
function localBase(href: string, localFolders: ReadonlyMap<string, string>): string {
  const [, name = '', rest = ''] = /^local:([a-z0-9][a-z0-9-]{0,30})\/(.*)$/.exec(href) ?? [];
  if (!localFolders.has(name)) throw badBase('names no folder of LOCAL_FOLDERS');
  const parts = rest.split('/').slice(0, -1);
  if (parts.some((part) => part === '' || /^(\.|%2e){1,2}$/i.test(part) || /[?#\\]/.test(part)))
    throw badBase('leads out of its folder');
  return href;
}

function badBase(message: string): BadInput {
  return new BadInput('sources.bad_base_url', `The address of the source ${message}.`, [
    { path: 'baseUrl', message },
  ]);
}

/** What a source is listed by; throws `sources.sealed`. */
export function placeOf(
  crypto: Pick<Crypto, 'open'>,
  {
    baseUrl,
    username,
    passwordSealed,
    config,
  }: { baseUrl: string; username: string | null; passwordSealed: Buffer | null; config: ListingConfig },
): ListingPlace {
  return { baseUrl, username, config, password: openPassword(crypto, passwordSealed) };
}
