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
export const DevicesAnswer = z.object({
  devices: z.array(DeviceAnswer),
  /** To whom they may be given. */
  profiles: z.array(PairableProfile),
});

export const DevicePatch = z
  .strictObject({ name: DeviceName.optional(), profileId: z.uuid().nullable().optional() })
  .refine((patch) => Object.keys(patch).length > 0, 'needs a name or a profile');

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
