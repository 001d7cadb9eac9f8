import type { Request, Router } from 'express';
import type { AccountDoors } from './account-doors.ts';
import type { AddonContext, Watching } from './addon/context.ts';
import type { Viewer } from './catalogs/viewer.ts';
import { type ActivitySpaces, recordPlay } from './features/activity/index.ts';
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
  watcherOf,
} from './features/family/index.ts';
import { StreamPreferences } from './features/preferences/index.ts';
import type { Offer } from './features/stream-index/index.ts';
import type { Ground } from './ground.ts';
import { NotFound } from './kit/errors.ts';
import type { WatchedLink } from './play/deps.ts';
import { refused } from './play/refused.ts';

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

/** What whoever watches by an install is shown, as of now; throws the add-on's NotFound for an address that opens nothing (any more). */
export async function contextFor(
  { db, crypto }: FamilyGround,
  req: Request,
  { install, place }: { install: string; place: AddonContext },
): Promise<AddonContext> {
  const installId = openInstallToken(crypto, install);
  const installed = installId === null ? null : await installedBy(db, installId);
  if (installed === null) throw new NotFound('addon.not_found', 'This add-on has no such resource.');
  if (installed.isStale) await noteInstallSeen(db, installed.installId, agentOf(req));
  const { profileId, installPublicId, name, revision, seenManifest, config, services } = installed;
  const watching: Watching = {
    ...{ viewer: viewerOf(installed), name, revision, seenManifest, time: timeVerdict(installed) },
    subject: `install:${installPublicId}`,
    link: { installId: installed.installId, profileId },
    noteManifest: (digest) => noteManifestSeen(db, installed.installId, digest),
  };
  // What an older version kept and this one does not read counts as nothing said.
  const preferences = StreamPreferences.safeParse(config.streams ?? {}).data ?? null;
  const chosen = services.length === 0 ? null : services;
  return { ...place, visibility: 'all', watching, preferences, services: chosen };
}

function agentOf(req: Request): string | null {
  return (
    req
      .get('user-agent')
      ?.replace(/\p{Cc}/gu, ' ')
      .slice(0, 200) || null
  );
}

/** A play of an install, as its profile's history has it. */
export async function notePlayOf(
  { db }: Pick<Ground, 'db'>,
  spaces: ActivitySpaces,
  { viewer, mediaId, episodeId = null, streamId }: WatchedLink,
): Promise<void> {
  if (viewer === undefined || mediaId === undefined) return;
  const watcher = await watcherOf(db, viewer.profileId);
  if (watcher === null) return;
  const { userId, profileId } = watcher;
  await recordPlay({ db, spaces }, { userId, profileId, mediaId, episodeId, streamId: streamId ?? null });
}

/**
 * Whether a link that was made for a profile may be used now: asked of the database each time, so that a rule acts on the next range. Throws the
 * one refusal of play links.
 */
export async function mayWatch({ db, kids }: Pick<Ground, 'db' | 'kids'>, link: WatchedLink): Promise<void> {
  const { viewer: of, mediaId, episodeId = null } = link;
  if (of === undefined) {
    if (link.subject === 'public' && (await kids.now())) throw refused();
    return;
  }
  const installed = await installedBy(db, of.installId);
  if (installed === null || installed.profileId !== of.profileId || mediaId === undefined) throw refused();
  if (timeVerdict(installed) !== 'open') throw refused();
  const viewer = viewerOf(installed);
  const standing = await standingFor(db, viewer, { mediaId, episodeId });
  if (standing?.mayPlay !== true || (await isMixed(db, viewer, link))) throw refused();
}

/** A minute of a profile that has so many a day; looking at a link, its pictures and its subtitles take none. */
export function noteWatching({ db, log }: Pick<Ground, 'db' | 'log'>, { viewer }: WatchedLink): void {
  if (viewer === undefined) return;
  noteMinute(db, viewer.profileId).catch((err: unknown) =>
    log.warn({ err }, 'a minute that was watched could not be counted'),
  );
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
