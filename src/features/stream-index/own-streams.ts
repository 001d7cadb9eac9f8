import { z } from 'zod';
import { Conflict } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { titleInput } from '../media/index.ts';
import { type AddStreamDeps, lookAtStream } from './add-stream.ts';
import { countStreamsOf, knownStream, leavePrivate, makeOwn, OWN_ORIGIN } from './queries/own-streams.ts';
import { putLinks } from './queries/parts.ts';
import { lockStreams } from './queries/streams.ts';
import { saveStreams } from './save-streams.ts';
import { linksOf } from './stream-parts.ts';

const MOST_STREAMS = 50;
/** What is on this server's own disks is the administrator's to offer. */
const KINDS = ['http', 'torrent', 'usenet', 'ftp', 'youtube', 'telegram', 'external'] as const;

/** A stream for a title of one's own: a link, and of a series which episode. */
export const OwnStreamInput = z.strictObject({
  url: z.string().trim().min(1).max(8192),
  /** Where the link does not tell: `external` for the page of another service. */
  kind: z.enum(KINDS).optional(),
  name: titleInput.text(200).optional(),
  season: z.int().min(0).max(9999).optional(),
  episode: z.int().min(0).max(99_999).optional(),
  fileIndex: z.int().min(0).max(65_535).optional(),
});
export type OwnStreamInput = z.infer<typeof OwnStreamInput>;

/**
 * Links a stream to a title of a user's own, hidden everywhere else. One that is here already stays as it is and is linked as well, unless it is
 * reached by somebody else's login (409 `streams.of_somebody`). 409 `streams.too_many` past 50 of a title. `lockTitle` is called before anything is
 * written: it throws where the title is no longer theirs alone, and keeps it so until the end.
 */
export async function addOwnStream(
  deps: AddStreamDeps,
  {
    userId,
    mediaId,
    publicId,
    lockTitle,
  }: { userId: number; mediaId: number; publicId: string; lockTitle(tx: Db): Promise<unknown> },
  given: OwnStreamInput,
  signal: AbortSignal,
): Promise<{ streamId: number; isNew: boolean }> {
  const { stream, links } = await lookAtStream(deps, { ...given, mediaId: publicId }, signal);
  const prepared = { ...stream, links: (links ?? []).map((link) => ({ ...link, linkedBy: userId })) };
  return deps.db.transaction(async (tx) => {
    await lockStreams(tx);
    await lockTitle(tx);
    if ((await countStreamsOf(tx, mediaId)) >= MOST_STREAMS)
      throw new Conflict('streams.too_many', `This title has ${MOST_STREAMS} streams. Take one off first.`);
    const streamId = await stream.kind.find(tx, stream.detail);
    const known = streamId === null ? null : await knownStream(tx, streamId, userId);
    if (streamId !== null && known !== null && !known.isOwn) {
      if (known.holdsAccess) throw ofSomebody();
      await putLinks(tx, linksOf({ members: [prepared], streamId }));
      return { streamId, isNew: false };
    }
    const [saved] = await saveStreams({ ...deps, db: tx }, [prepared], { isSeen: true, origin: OWN_ORIGIN });
    if (saved === undefined) throw new Error('one stream has one answer');
    await makeOwn(tx, saved.streamId, userId);
    // Others may have linked it while no login was needed; now it goes out with this user's.
    await leavePrivate(tx, [saved.streamId], userId);
    return { streamId: saved.streamId, isNew: saved.outcome === 'new' };
  });
}

function ofSomebody(): Conflict {
  return new Conflict(
    'streams.of_somebody',
    'This link belongs to somebody’s login on this server. Ask the administrator to link it to your title.',
  );
}
