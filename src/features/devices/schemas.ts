import { z } from 'zod';

/** As people call it; no line breaks, and nothing that turns the direction of a text round (U+202A …). */
const DeviceName = z
  .string()
  .trim()
  .normalize('NFC')
  .min(1, 'needs a name')
  .max(60, 'may have at most 60 characters')
  .regex(
    /^[^\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]*$/u,
    'may not have line breaks or control characters',
  );

export const Code = z.string().regex(/^\d{6}$/, 'needs the six digits');
const Secret = z.string().max(200);
const Pin = z.string().max(64);
const Instant = z.iso.datetime();

/** Signed in and without a name: a code for a device to enter. With one: the device that asks shows the code. */
export const PairingCodeBody = z.strictObject({
  name: DeviceName.optional(),
  /** Of a code for a device to enter: the only profile it is for. */
  profileId: z.uuid().optional(),
});

export const PairingCodeAnswer = z.object({
  code: Code,
  expiresAt: Instant,
  /** Opens the page on which it is entered, or confirmed; made for a QR code. */
  pairingUrl: z.url(),
  /** What the device proves itself by; only with a code that a device made, told once. */
  secret: z.string().optional(),
});

export const ClaimBody = z.strictObject({
  name: DeviceName,
  profileId: z.uuid().optional(),
  pin: Pin.optional(),
  /** Of the answer to an earlier claim of this code. */
  secret: Secret.optional(),
});

export const PairableProfile = z.object({
  profileId: z.uuid(),
  name: z.string(),
  avatar: z.string().nullable(),
  kind: z.enum(['standard', 'kid']),
});
export type PairableProfile = z.infer<typeof PairableProfile>;

/** The code is this device's for now: a profile and its PIN are what is missing. */
export const ClaimAnswer = z.object({
  secret: z.string(),
  expiresAt: Instant,
  profiles: z.array(PairableProfile),
});

export const PairedAnswer = z.object({
  deviceId: z.uuid(),
  name: z.string(),
  profile: z.object({ profileId: z.uuid(), name: z.string() }),
  /** The device's key; told once. */
  key: z.string(),
});

export const ConfirmBody = z.strictObject({ profileId: z.uuid(), name: DeviceName.optional() });

export const PairingStatus = z.object({
  code: Code,
  state: z.enum(['waiting', 'claimed', 'paired']),
  expiresAt: Instant,
  /** What the device calls itself. */
  name: z.string().nullable(),
  deviceId: z.uuid().nullable(),
  /** To the device that made the code, once. */
  key: z.string().optional(),
});

export const DeviceAnswer = z.object({
  deviceId: z.uuid(),
  name: z.string(),
  /** Null: its profile is gone, or was taken off it; it sees nothing. */
  profile: z.object({ profileId: z.uuid(), name: z.string(), kind: z.enum(['standard', 'kid']) }).nullable(),
  /** It asked for something in the last five minutes. */
  isOnline: z.boolean(),
  pairedAt: Instant,
  lastActiveAt: Instant.nullable(),
});
export type DeviceAnswer = z.infer<typeof DeviceAnswer>;

/** To the device itself. */
export const OwnDeviceAnswer = DeviceAnswer.extend({
  /** The add-on as its profile sees it, for this device alone; null while nobody uses it. */
  manifestUrl: z.url().nullable(),
});
export const DevicesAnswer = z.object({
  devices: z.array(DeviceAnswer),
  /** To whom they may be given. */
  profiles: z.array(PairableProfile),
});

export const DevicePatch = z
  .strictObject({ name: DeviceName.optional(), profileId: z.uuid().nullable().optional() })
  .refine((patch) => Object.keys(patch).length > 0, 'needs a name or a profile');

/** A title, or one of its episodes. */
export const AskedTitle = z
  .strictObject({
    mediaId: z.string().max(128),
    season: z.int().min(0).max(100_000).optional(),
    episode: z.int().min(0).max(100_000).optional(),
  })
  .refine(({ season, episode }) => (season === undefined) === (episode === undefined), {
    error: 'needs both or neither of season and episode',
    path: ['episode'],
  });

const TIMES = ['open', 'out-of-hours', 'time-is-up'] as const;

export const DeviceCatalogQuery = z.object({
  kind: z.enum(['movie', 'series']),
  skip: z.coerce.number().int().min(0).max(100_000).default(0),
});
export const DeviceCatalog = z.object({
  /** The best known first, a hundred at most; none where nobody uses the device. */
  titles: z.array(
    z.object({
      mediaId: z.uuid(),
      /** As the add-on names it. */
      canonicalId: z.string(),
      kind: z.string(),
      title: z.string(),
      year: z.int().nullable(),
      posterUrl: z.string().nullable(),
    }),
  ),
  /** Whether something may be watched now. */
  time: z.enum(TIMES),
  /** What to tell the child, where there is something to tell. */
  message: z.string().nullable(),
});

export const LaunchAnswer = z.object({
  allowed: z.boolean(),
  /** Null where it is allowed. */
  reason: z.enum(['unassigned', 'not-allowed', 'no-episode', 'out-of-hours', 'time-is-up']).nullable(),
  /** The reason in words for the child; names no title. */
  message: z.string().nullable(),
  /** Null where it is not allowed, or there is no way to it. */
  link: z
    .object({
      url: z.url(),
      /** A page of a streaming service, or what the add-on of this device says of streams. */
      opens: z.enum(['episode', 'title', 'search', 'streams']),
      service: z.string().nullable(),
    })
    .nullable(),
});
export type LaunchAnswer = z.infer<typeof LaunchAnswer>;

const REQUEST_STATES = ['pending', 'allowed', 'denied'] as const;

/** To the child: nothing of the title. */
export const AskedAnswer = z.object({ requestId: z.uuid(), state: z.enum(REQUEST_STATES) });
export type AskedAnswer = z.infer<typeof AskedAnswer>;

export const RequestAnswer = z.object({
  requestId: z.uuid(),
  profile: z.object({ profileId: z.uuid(), name: z.string() }),
  mediaId: z.uuid(),
  kind: z.string(),
  title: z.string(),
  year: z.int().nullable(),
  posterUrl: z.string().nullable(),
  season: z.int().nullable(),
  episode: z.int().nullable(),
  state: z.enum(REQUEST_STATES),
  askedAt: Instant,
  decidedAt: Instant.nullable(),
});
export type RequestAnswer = z.infer<typeof RequestAnswer>;

export const RequestQuery = z.object({
  state: z.enum(REQUEST_STATES).optional(),
  skip: z.coerce.number().int().min(0).max(100_000).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export const RequestsAnswer = z.object({ requests: z.array(RequestAnswer), pending: z.int() });
export const Decision = z.strictObject({ answer: z.enum(['allow', 'deny']) });
