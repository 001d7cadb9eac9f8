import { z } from 'zod';

// What the programs of the news network are told, and what they tell.

const Place = z.object({ host: z.string(), port: z.int() });
/** Of each so-manyth body, counted over all connections of a link; shorter ones are left alone. */
const Fault = z.object({ every: z.int(), afterBytes: z.int().default(64 * 1024) });
export const NntpFaults = z.object({
  /** The rest of it comes so much later. */
  stall: Fault.extend({ seconds: z.number() }).nullable().default(null),
  /** One byte is another one. */
  flip: Fault.nullable().default(null),
  /** The connection is gone. */
  cut: Fault.extend({ how: z.enum(['reset', 'end']) })
    .nullable()
    .default(null),
});
export type NntpFaults = z.infer<typeof NntpFaults>;

export const NntpLink = z.object({
  listen: Place,
  to: Place,
  /** One way; a round trip is twice that. */
  delayMs: z.number().default(0),
  /** Of each connection, from the server. */
  bytesPerSecond: z.number().nullable().default(null),
  faults: NntpFaults.prefault({}),
  /** TLS: nothing is known of what goes through. */
  isOpaque: z.boolean().default(false),
});
export type NntpLink = z.infer<typeof NntpLink>;

/** `open`: as a network is; `freeze`: nothing flows; `refuse`: no new connection; `kill`: that, and all there were are reset. */
const NntpState = z.enum(['open', 'freeze', 'refuse', 'kill']);
export type NntpState = z.infer<typeof NntpState>;

export const NntpCommand = z.object({
  link: z.int(),
  state: NntpState.optional(),
  faults: NntpFaults.optional(),
  /** Forgets what was seen so far. */
  isCleared: z.boolean().optional(),
});
export type NntpCommand = z.infer<typeof NntpCommand>;

/** What a link answers each command with. */
export const NntpSeen = z.object({
  /** BODYs it was asked for, each with the epoch milliseconds, in order. */
  bodies: z.array(z.tuple([z.string(), z.number()])),
  connections: z.int(),
  /** Sent by the server. */
  bytes: z.number(),
});
export type NntpSeen = z.infer<typeof NntpSeen>;

export const RawJob = z.object({
  ...{ host: z.string(), port: z.int(), connections: z.int(), depth: z.int() },
  ids: z.array(z.string()),
  login: z.object({ user: z.string(), password: z.string() }).optional(),
  ca: z.string().optional(),
});
export type RawJob = z.infer<typeof RawJob>;
/** Bytes as they come over the wire: bodies with line ends, escapes and the dots before dots. */
export const RawResult = z.object({ seconds: z.number(), wireBytes: z.number(), cpuSeconds: z.number() });
export type RawResult = z.infer<typeof RawResult>;
