import { BadInput } from '../../kit/errors.ts';
import type { Crypto } from '../../platform/crypto.ts';
import type { Db } from '../../platform/db.ts';
import { chosenServices, launchLink } from '../deep-links/index.ts';
import {
  blockedEpisodes,
  installToken,
  standingFor,
  timeVerdict,
  viewerOf,
  type Watcher,
} from '../family/index.ts';
import { episodesOf, parseApiMediaId, resolveMediaId } from '../media/index.ts';
import type { AskingDevice } from './queries/devices.ts';
import { type LaunchTitle, launchTitle } from './queries/launch.ts';
import type { LaunchAnswer } from './schemas.ts';

export type Launch = { mediaId: string; season?: number | undefined; episode?: number | undefined };
type Reason = NonNullable<LaunchAnswer['reason']>;
type Title = LaunchTitle & { mediaId: number };

/** To the child; nothing of what it asked for. */
export const MESSAGES: Record<Reason, string> = {
  unassigned: 'Nobody uses this device yet. A parent chooses a profile for it.',
  'not-allowed': 'This is not for this profile. Ask a parent, who can allow it on the page of this server.',
  'no-episode': 'Choose an episode.',
  'out-of-hours': 'This is not a time to watch. Ask a parent, or come back later.',
  'time-is-up': 'Today’s time to watch is used up. Come back tomorrow, or ask a parent.',
};

/**
 * Whether a device may open a title or an episode now, and by which way. What is not allowed, not known, or hidden is
 * told of in the same words. BadInput for an id that can be none, or that names an episode beside the two numbers.
 */
export async function checkLaunch(
  { db, crypto }: { db: Db; crypto: Pick<Crypto, 'sealToken'> },
  device: AskingDevice,
  watcher: Watcher | null,
  { asked, baseUrl }: { asked: Launch; baseUrl: string },
): Promise<LaunchAnswer> {
  if (watcher === null) return refused('unassigned');
  const title = await titleOf(db, asked.mediaId);
  const reason = title === null ? 'not-allowed' : await refusalOf(db, watcher, title, asked);
  if (title === null || reason !== null) return refused(reason ?? 'not-allowed');
  const { season, episode } = asked;
  const services = await chosenServices(db, device.userId);
  const link = await launchLink(db, { mediaId: title.mediaId, season, episode, services });
  const allowed = { allowed: true, reason: null, message: null };
  if (link !== null) return { ...allowed, link: { url: link.url, opens: link.opens, service: link.service } };
  if (device.installId === null) return { ...allowed, link: null };
  const part = title.kind === 'series' && season !== undefined ? `:${season}:${episode}` : '';
  const id = encodeURIComponent(`${title.canonicalId}${part}`);
  const url = `${baseUrl}/${installToken(crypto, device.installId)}/stream/${title.kind}/${id}.json`;
  return { ...allowed, link: { url, opens: 'streams', service: null } };
}

function refused(reason: Reason): LaunchAnswer {
  return { allowed: false, reason, message: MESSAGES[reason], link: null };
}

async function titleOf(db: Db, text: string): Promise<Title | null> {
  const id = parseApiMediaId(text);
  if (id.episode !== undefined)
    throw new BadInput('media.bad_id', 'Give the id of the series, and season and episode beside it.');
  const found = await resolveMediaId(db, id);
  if (found === null) return null;
  return { ...(await launchTitle(db, found.mediaId)), mediaId: found.mediaId };
}

/** The rule holds for episodes nobody knows yet: those are blocked by their numbers. */
async function refusalOf(
  db: Db,
  watcher: Watcher,
  { mediaId }: Title,
  { season, episode }: Launch,
): Promise<Reason | null> {
  const viewer = viewerOf(watcher);
  const numbered = season !== undefined && episode !== undefined ? [{ mediaId, season, episode }] : [];
  const [known] = await episodesOf(db, numbered);
  const standing = await standingFor(db, viewer, { mediaId, episodeId: known?.episodeId ?? null });
  if (standing?.standing !== 'allowed') return 'not-allowed';
  if (numbered.length === 0 && !standing.mayPlay) return 'no-episode';
  const blocked = await blockedEpisodes(db, viewer, mediaId);
  if (blocked.some((one) => one.season === season && one.episode === episode)) return 'not-allowed';
  const time = timeVerdict(watcher);
  return time === 'open' ? null : time;
}
