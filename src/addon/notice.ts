import type { MediaKind } from '../catalogs/catalog.ts';
import type { AddonContext } from './context.ts';
import type { Meta, MetaPreview } from './objects.ts';
import { stremioType } from './stremio-type.ts';

/** Not an id of a title. */
export const NOTICE_ID = 'trib:notice';

const WORDS =
  'This add-on has changed since it was installed here. Remove it, and install it again from the page of this server: its address stays the same.';

/** Stands first where a player still shows by an old manifest, null elsewhere: players ask for a new one seldom, and say nothing. */
export function noticeFor(
  kind: MediaKind,
  { baseUrl, holdsOldManifest }: Pick<AddonContext, 'baseUrl' | 'holdsOldManifest'>,
): MetaPreview | null {
  if (holdsOldManifest !== true) return null;
  return {
    id: NOTICE_ID,
    type: stremioType(kind),
    name: 'Please install this add-on again',
    poster: `${baseUrl}/logo.png`,
    posterShape: 'square',
    description: WORDS,
  };
}

/** What a player shows when it is opened. */
export function noticeMeta(type: string, { baseUrl }: Pick<AddonContext, 'baseUrl'>): Meta {
  return {
    id: NOTICE_ID,
    type,
    name: 'Please install this add-on again',
    poster: `${baseUrl}/logo.png`,
    description: WORDS,
  };
}
