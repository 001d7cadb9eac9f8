import type { Request, Router } from 'express';
import type { AccountDoors } from './account-doors.ts';
import type { AddonContext, Watching } from './addon/context.ts';
import type { Viewer } from './catalogs/viewer.ts';
import {
  blockedEpisodes,
  installedBy,
  installRoutes,
  mixedFiles,
  noteInstallSeen,
  noteManifestSeen,
  noteMinute,
  openInstallToken,
  profileRoutes,
  ruleRoutes,
  standingFor,
  timeVerdict,
  viewerOf,
} from './features/family/index.ts';
import type { Offer } from './features/stream-index/index.ts';
import type { Ground } from './ground.ts';
import { NotFound } from './kit/errors.ts';
import type { WatchedLink } from './play/deps.ts';
import { refused } from './play/play.ts';

type FamilyGround = Pick<Ground, 'db' | 'crypto'>;

/** Profiles, their rules and their installs: `/api/profiles`, `/api/installs`. */
export function familyRoutes(
  ground: Pick<Ground, 'db' | 'crypto' | 'kids' | 'enricher'>,
  { guard, passwords, actorOf }: Pick<AccountDoors, 'guard' | 'passwords' | 'actorOf'>,
  baseUrl: (req: Request) => string,
): Router[] {
  const { db, crypto, kids, enricher } = ground;
  const deps = {
    ...{ db, crypto, passwords, actorOf, baseUrl },
    requireUser: guard.requireUser,
    onKidsChanged: () => kids.changed(),
    // Not waited for: the rule holds for episodes that come later.
    loadEpisodes: (mediaId: number) => void enricher.opened(mediaId, 0),
  };
  return [profileRoutes(deps), ruleRoutes(deps), installRoutes(deps)];
}

/** What the add-on asks of the family: what a profile may see, of one title and of many files. */
export function familyRules({ db }: Pick<Ground, 'db'>) {
  return {
    standingFor: (viewer: Viewer, asked: { mediaId: number; episodeId: number | null }) =>
      standingFor(db, viewer, asked),
    blockedEpisodes: (viewer: Viewer, mediaId: number) => blockedEpisodes(db, viewer, mediaId),
    async unmixed(viewer: Viewer, offers: readonly Offer[]): Promise<readonly Offer[]> {
      if (offers.length === 0) return offers;
      const mixed = await mixedFiles(
        db,
        viewer,
        offers.map(({ streamId }) => streamId),
      );
      return offers.filter(({ streamId, fileIndex }) => !isAmong(mixed, streamId, fileIndex));
    },
  };
}

/** Who watches by an install, as of now; throws the add-on's NotFound for an address that opens nothing (any more). */
export async function watchingBy(
  { db, crypto }: FamilyGround,
  req: Request,
  install: string,
): Promise<Watching> {
  const installId = openInstallToken(crypto, install);
  const installed = installId === null ? null : await installedBy(db, installId);
  if (installed === null) throw new NotFound('addon.not_found', 'This add-on has no such resource.');
  if (installed.isStale)
    await noteInstallSeen(
      db,
      installed.installId,
      req
        .get('user-agent')
        ?.replace(/\p{Cc}/gu, ' ')
        .slice(0, 200) || null,
    );
  const { profileId, installPublicId, name, revision, seenManifest } = installed;
  return {
    ...{ viewer: viewerOf(installed), name, revision, seenManifest, time: timeVerdict(installed) },
    subject: `install:${installPublicId}`,
    link: { installId: installed.installId, profileId },
    noteManifest: (digest) => noteManifestSeen(db, installed.installId, digest),
  };
}

/** What a profile's own settings say, over those of the server. */
export function contextFor(place: AddonContext, watching: Watching): AddonContext {
  return { ...place, visibility: 'all', watching };
}

/**
 * Whether a link that was made for a profile may be used now: asked of the database each time, so that a rule acts on the next range. Throws the
 * one refusal of play links, and counts the minute where a profile has so many a day.
 */
export async function mayWatch({ db }: Pick<Ground, 'db'>, link: WatchedLink): Promise<void> {
  const { viewer: of, mediaId, episodeId = null } = link;
  if (of === undefined) return;
  const installed = await installedBy(db, of.installId);
  if (installed === null || installed.profileId !== of.profileId || mediaId === undefined) throw refused();
  if (timeVerdict(installed) !== 'open') throw refused();
  const viewer = viewerOf(installed);
  const standing = await standingFor(db, viewer, { mediaId, episodeId });
  if (standing?.standing !== 'allowed' || (await isMixed(db, viewer, link))) throw refused();
  if (installed.dailyMinutes !== null) await noteMinute(db, installed.profileId);
}

async function isMixed(
  db: Ground['db'],
  viewer: Viewer,
  { streamId, fileIndex }: WatchedLink,
): Promise<boolean> {
  return streamId !== undefined && isAmong(await mixedFiles(db, viewer, [streamId]), streamId, fileIndex);
}

function isAmong(
  mixed: readonly { streamId: number; fileIndex: number | null }[],
  streamId: number,
  fileIndex: number | null,
): boolean {
  return mixed.some(
    (file) =>
      file.streamId === streamId &&
      (file.fileIndex === null || fileIndex === null || file.fileIndex === fileIndex),
  );
}
