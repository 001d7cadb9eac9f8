import { z } from 'zod';
import { Hours } from './hours.ts';
import { MODES, ProfileAnswer } from './queries/profiles.ts';
import { RuleAnswer } from './queries/rules.ts';

const name = z
  .string()
  .trim()
  .normalize('NFC')
  .min(1)
  .max(60)
  .regex(/^\P{Cc}*$/u, 'must not hold control characters');
const pin = z.string().regex(/^\d{4,8}$/, 'needs 4 to 8 digits');
/** What pages and players keep for a profile; each key is its room's to read. */
const config = z
  .record(z.string().max(40), z.unknown())
  .refine((value) => JSON.stringify(value).length <= 65_536, 'may be 64 KiB at most');

const fields = {
  avatar: z.string().trim().min(1).max(40).nullable(),
  age: z.int().min(0).max(120).nullable(),
  pin: pin.nullable(),
  mode: z.enum(MODES),
  maxAge: z.int().min(0).max(99).nullable(),
  allowsUnrated: z.boolean(),
  hours: Hours.nullable(),
  dailyMinutes: z.int().min(0).max(1440).nullable(),
  config,
};

/** A kid begins with nothing allowed. */
export const NewProfile = z
  .strictObject({
    name,
    kind: z.enum(['standard', 'kid']).default('standard'),
    ...z.strictObject(fields).partial().shape,
  })
  .superRefine((given, context) => {
    if (given.kind === 'kid' && !given.pin)
      context.addIssue({ code: 'custom', path: ['pin'], message: 'is needed for a kid' });
    checkModes(given, context);
  });

/** `kind` stays: of a kid's profile no other comes, nor the other way. */
export const ProfilePatch = z.strictObject({ name, isDefault: z.literal(true), ...fields }).partial();

/** A kid that would see everything, an age that is not said. */
export function checkModes(
  given: { kind?: string | undefined; mode?: string | undefined; maxAge?: number | null | undefined },
  context: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void },
): void {
  if (given.kind === 'kid' && given.mode === 'all')
    context.addIssue({ code: 'custom', path: ['mode'], message: 'of a kid is "allow" or "age"' });
  if (given.mode === 'age' && (given.maxAge === undefined || given.maxAge === null))
    context.addIssue({ code: 'custom', path: ['maxAge'], message: 'is needed in the mode "age"' });
}

export const ProfilesAnswer = z.object({ profiles: z.array(ProfileAnswer) });

export const Episode = z
  .string()
  .regex(/^S\d{1,4}E\d{1,5}$/i, 'needs an episode like "S1E2"')
  .transform((text) => {
    const [season = 0, episode = 0] = text.slice(1).toUpperCase().split('E').map(Number);
    return { season, episode };
  });

export const RuleBody = z.strictObject({
  /** Our uuid, or an outside id such as `tt0063350`. */
  mediaId: z.string().max(200),
  /** Null takes the rule away; absent: as it was. */
  policy: z.enum(['allow', 'deny']).nullable().optional(),
  /** All of them, in place of those before. They need not be known yet. */
  blockedEpisodes: z.array(Episode).max(5000).optional(),
});

/** One episode on or off. */
export const EpisodeToggle = z.strictObject({
  mediaId: z.string().max(200),
  episode: Episode,
  isBlocked: z.boolean(),
});
export const TagsBody = z.strictObject({ tags: z.array(z.string().max(60)).max(200) });

export const RulePageQuery = z.object({
  mediaId: z.string().max(200).optional(),
  skip: z.coerce.number().int().min(0).max(100_000).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export const RulesAnswer = z.object({ policies: z.array(RuleAnswer), total: z.int() });

export const InstallBody = z.strictObject({ profileId: z.uuid(), name });
export const InstallPatch = z.strictObject({ profileId: z.uuid(), name }).partial();
export const InstallAnswer = z.object({
  installId: z.uuid(),
  profileId: z.uuid(),
  name: z.string(),
  agent: z.string().nullable(),
  createdAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime().nullable(),
  /** What a player installs. Whoever has it watches as this profile, until it is revoked. */
  manifestUrl: z.url(),
});
export const InstallsAnswer = z.object({ installs: z.array(InstallAnswer) });

export const PinBody = z.strictObject({ pin: z.string().max(20) });
