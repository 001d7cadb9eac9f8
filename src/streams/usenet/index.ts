import { hash } from 'node:crypto';
import { z } from 'zod';
import { parseInput } from '../../platform/http-input.ts';
import type { KindDeps, StreamKind } from '../kind.ts';
import { NOTHING_INSIDE, streamIdsOf, targetsOf } from '../listing.ts';
import { resourceKey } from '../resource.ts';
import { offeredUsenet, replaceNzbUrl, saveUsenetRow, staleNzbUrls, streamOfNzb } from './queries.ts';

const SEALED_URL = 'usenet.nzb-url';

const Guid = z.string().trim().min(1).max(200);
const NzbUrl = z
  .url({ protocol: /^https?$/ })
  .max(8192)
  .transform((url) => new URL(url).href);

const UsenetInput = z
  .object({ guid: Guid.optional(), nzbUrl: NzbUrl.optional(), isPassworded: z.boolean().default(false) })
  .refine(({ guid, nzbUrl }) => guid !== undefined || nzbUrl !== undefined, 'needs a guid or an nzbUrl');
const UsenetDetail = z.object({ guid: z.string(), nzbUrl: z.string().nullable(), isPassworded: z.boolean() });

/** Usenet posts: known and listed; reading articles is not built yet, so there is nothing to open. */
export function usenetKind({ crypto }: KindDeps): StreamKind {
  return {
    kind: 'usenet',
    parse(input) {
      const { guid, nzbUrl, isPassworded } = parseInput(UsenetInput, input, 'The post');
      return { guid: guid ?? guidOfUrl(nzbUrl ?? ''), nzbUrl: nzbUrl ?? null, isPassworded };
    },
    describe: async () => NOTHING_INSIDE,
    resource: (detail) => resourceKey('usenet', UsenetDetail.parse(detail).guid),
    find: (db, detail) => streamOfNzb(db, UsenetDetail.parse(detail).guid),
    async save(db, streamId, detail) {
      const { guid, nzbUrl, isPassworded } = UsenetDetail.parse(detail);
      // Indexers put the member's API key into the URL.
      const urlSealed = nzbUrl === null ? null : crypto.seal(SEALED_URL, nzbUrl);
      await saveUsenetRow(db, { streamId, guid, urlSealed, isPassworded });
    },
    sealed: [{ purpose: SEALED_URL, atOnce: 100, stale: staleNzbUrls, replace: replaceNzbUrl }],
    async targets(db, refs) {
      const rows = await offeredUsenet(db, streamIdsOf(refs));
      return targetsOf(refs, rows, () => ({
        via: 'listed',
        reason: 'Playback from Usenet is not available yet.',
      }));
    },
  };
}

/** An indexer's URL carries the member's key (Newznab `apikey`; older ones `i` = member, `r` = key); the post is the same without. */
function guidOfUrl(text: string): string {
  const url = new URL(text);
  if (url.searchParams.has('r')) url.searchParams.delete('i');
  for (const name of ['apikey', 'r']) url.searchParams.delete(name);
  url.username = '';
  url.password = '';
  url.hash = '';
  return `url:${hash('sha256', url.href, 'hex')}`;
}
