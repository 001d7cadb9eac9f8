import { z } from 'zod';
import { reportRoutes } from '../../src/features/content-reports/index.ts';
import { serviceRoutes } from '../../src/features/deep-links/index.ts';
import { putSyncState, syncStates } from '../../src/features/imports/index.ts';
import { TitleInput, upsertTitle } from '../../src/features/media/index.ts';
import { tagJobs, tagRoutes } from '../../src/features/tags/index.ts';
import { command, type Pool, rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { externalKind } from '../../src/streams/external/index.ts';
import { openAccountRoom, type Signed } from './account-room.ts';

/** Three episodes; one has a monster, and one says so only in its overview. */
const SERIES: z.input<typeof TitleInput> = {
  kind: 'series',
  title: 'The House on the Hill',
  seasons: [
    {
      number: 1,
      episodes: [
        { number: 1, title: 'Moving in', overview: 'A family unpacks its boxes.' },
        { number: 2, title: 'The Monster', overview: 'Something scratches at the door.' },
        { number: 3, title: 'The cellar', overview: 'Two monsters live among the jars.' },
      ],
    },
  ],
};

/** What users and moderators say of titles, beside the accounts they have. */
export async function openCommunityRoom() {
  const log = createLog('silent');
  const kinds = new Map([['external', externalKind()]]);
  const room = await openAccountRoom({
    forUsers: (place) => {
      const deps = { ...place, kinds, settled: async () => {} };
      return [tagRoutes(deps), reportRoutes(deps), serviceRoutes(deps)];
    },
  });
  const { db } = room;
  const Id = z.object({ publicId: z.uuid() });

  async function title(input: z.input<typeof TitleInput>): Promise<{ mediaId: number; id: string }> {
    const { mediaId } = await upsertTitle(db, TitleInput.parse(input));
    const { publicId } = await db.one(
      rows('test.title', Id)`SELECT public_id AS "publicId" FROM media WHERE id = ${mediaId}`,
    );
    return { mediaId, id: publicId };
  }

  return {
    ...room,
    kinds,
    title,
    series: (more: Partial<z.input<typeof TitleInput>> = {}) => title({ ...SERIES, ...more }),
    /** Somebody of this role, signed in. */
    async as(username: string, role: 'user' | 'moderator' | 'admin' | 'guest' = 'user') {
      const signed = await room.add(username);
      await db.query(command('test.role')`UPDATE app_user SET role = ${role} WHERE username = ${username}`);
      return asker(room, signed);
    },
    follow: () => follow(db, log),
    /** All but the accounts. */
    async empty() {
      await db.query(command('test.empty')`
        TRUNCATE media, stream, media_tag_due, sync_state, content_report, family_service, deep_link_report, audit_log RESTART IDENTITY CASCADE
      `);
    },
  };
}
export type CommunityRoom = Awaited<ReturnType<typeof openCommunityRoom>>;

type Room = Awaited<ReturnType<typeof openAccountRoom>>;
const asker = (room: Room, signed: Signed) => ({
  userId: signed.user.userId,
  ask: (method: string, path: string, body?: unknown) =>
    room.ask(method, path, body, room.bearer(signed.accessToken)),
});

/** One run of the job, as the queue does it. */
async function follow(db: Pool, log: ReturnType<typeof createLog>): Promise<void> {
  const settings = { get: () => ({ catalogLanguage: 'de', catalogRegion: '' }) };
  const { signal } = new AbortController();
  for (const job of tagJobs)
    await job.run({}, { db, log, settings, syncStates, putSyncState, signal, attempt: 1 });
}
