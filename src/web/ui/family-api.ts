import * as z from 'zod/mini';
import { ask, send } from './api.ts';

const Hours = z.array(z.object({ days: z.array(z.number()), from: z.string(), to: z.string() }));
/** Times of day at which something may be watched; ISO days: 1 is Monday. */
export type Hours = z.infer<typeof Hours>;

const Profile = z.object({
  ...{ profileId: z.string(), kind: z.enum(['standard', 'kid']), name: z.string(), hasPin: z.boolean() },
  ...{ age: z.nullable(z.number()), mode: z.enum(['all', 'allow', 'age']), maxAge: z.nullable(z.number()) },
  ...{ allowsUnrated: z.boolean(), hours: z.nullable(Hours), dailyMinutes: z.nullable(z.number()) },
  ...{ minutesWatched: z.number(), config: z.record(z.string(), z.unknown()), isDefault: z.boolean() },
  ...{ allowed: z.number(), denied: z.number(), version: z.string() },
});
export type Profile = z.infer<typeof Profile>;
const Profiles = z.object({ profiles: z.array(Profile) });

const Rule = z.object({
  ...{ mediaId: z.string(), canonicalId: z.string(), kind: z.string(), title: z.string() },
  ...{ year: z.nullable(z.number()), posterUrl: z.nullable(z.string()) },
  ...{ policy: z.nullable(z.enum(['allow', 'deny'])), blockedEpisodes: z.array(z.string()) },
});
export type Rule = z.infer<typeof Rule>;
export type Policy = Rule['policy'];
const Rules = z.object({ policies: z.array(Rule), total: z.number() });

const Install = z.object({
  ...{ installId: z.string(), profileId: z.string(), name: z.string(), agent: z.nullable(z.string()) },
  ...{ lastSeenAt: z.nullable(z.string()), manifestUrl: z.string() },
});
export type Install = z.infer<typeof Install>;
const Installs = z.object({ installs: z.array(Install) });

type Signal = AbortSignal;
export type ProfileChange = Partial<
  Pick<Profile, 'name' | 'age' | 'mode' | 'maxAge' | 'allowsUnrated' | 'hours' | 'dailyMinutes' | 'config'>
> & { pin?: string | null };
/** As many as one answer may have. */
export const MOST_RULES_SHOWN = 500;

const profilePath = (id: string) => `/api/profiles/${encodeURIComponent(id)}`;
const installPath = (id: string) => `/api/installs/${encodeURIComponent(id)}`;

export async function fetchProfiles(signal: Signal): Promise<Profile[]> {
  return (await ask(Profiles, '/api/profiles', { signal })).profiles;
}

export function addProfile(
  profile: ProfileChange & { name: string; kind: Profile['kind'] },
  signal: Signal,
): Promise<Profile> {
  return ask(Profile, '/api/profiles', { signal, method: 'POST', body: profile });
}

/** Changes a profile as it was loaded, and answers what it is then; refused where somebody else has changed it since. */
export function changeProfile(
  { profileId, version }: Pick<Profile, 'profileId' | 'version'>,
  change: ProfileChange,
  signal: Signal,
): Promise<Profile> {
  return ask(Profile, profilePath(profileId), { signal, method: 'PATCH', body: change, ifMatch: version });
}

export async function removeProfile(id: string, signal: Signal): Promise<void> {
  await send(profilePath(id), { signal, method: 'DELETE' });
}

/** Rules of titles, the newest first. */
export async function fetchRules(profileId: string, signal: Signal): Promise<Rule[]> {
  const path = `${profilePath(profileId)}/policies?limit=${MOST_RULES_SHOWN}`;
  return (await ask(Rules, path, { signal })).policies;
}

/** Null takes the rule of a title away. */
export async function putPolicy(
  profileId: string,
  mediaId: string,
  policy: Policy,
  signal: Signal,
): Promise<void> {
  const body = { mediaId, policy };
  await send(`${profilePath(profileId)}/policies`, { signal, method: 'POST', body });
}

export async function blockEpisode(
  profileId: string,
  rule: { mediaId: string; episode: string; isBlocked: boolean },
  signal: Signal,
): Promise<void> {
  await send(`${profilePath(profileId)}/policies/episode`, { signal, method: 'POST', body: rule });
}

export async function fetchInstalls(signal: Signal): Promise<Install[]> {
  return (await ask(Installs, '/api/installs', { signal })).installs;
}

export function addInstall(profileId: string, name: string, signal: Signal): Promise<Install> {
  return ask(Install, '/api/installs', { signal, method: 'POST', body: { profileId, name } });
}

export async function changeInstall(
  id: string,
  change: { name: string; profileId: string },
  signal: Signal,
): Promise<void> {
  await send(installPath(id), { signal, method: 'PATCH', body: change });
}

/** What has it installed sees nothing from the next request on. */
export async function revokeInstall(id: string, signal: Signal): Promise<void> {
  await send(installPath(id), { signal, method: 'DELETE' });
}
