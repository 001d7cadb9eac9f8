import { z } from 'zod';
import { SERVICES } from './platforms.ts';

const IDS = SERVICES.map(({ id }) => id);
const number = z.int().min(0).max(100_000).optional();

const ServiceId = z.enum(IDS, { error: `is not a known service; known are: ${IDS.join(', ')}` });

export const ServicesBody = z.strictObject({ services: z.array(ServiceId).max(IDS.length * 2) });
export const ServicesAnswer = z.object({
  /** The family's, in the order of `known`; none: nothing was chosen, and nothing is left out for it. */
  services: z.array(z.string()),
  known: z.array(z.object({ id: z.string(), name: z.string() })),
});

export const LinkBody = z.strictObject({
  mediaId: z.string().max(128),
  season: number,
  episode: number,
  service: ServiceId,
  url: z.string().min(1).max(2048),
  /** ISO 3166-1; absent: wherever the service has it. */
  region: z
    .string()
    .regex(/^[A-Z]{2}$/, 'is not a country code such as US')
    .optional(),
});

const queried = z.coerce.number().int().min(0).max(100_000).optional();
export const LinkQuery = z.strictObject({ mediaId: z.string().max(128), season: queried, episode: queried });
export const LinkPatch = z
  .strictObject({ isVerified: z.boolean().optional(), isHidden: z.boolean().optional() })
  .refine((patch) => Object.keys(patch).length > 0, 'changes nothing');
export const LinkPath = z.object({ id: z.string().max(128) });

export const DeepLink = z.object({
  /** Of its stream, by which it is reported and removed too. */
  id: z.uuid(),
  service: z.string(),
  url: z.string(),
  region: z.string().nullable(),
  season: z.int().nullable(),
  episode: z.int().nullable(),
  isVerified: z.boolean(),
  isHidden: z.boolean(),
  /** Users and devices that told of it. */
  reportedCount: z.int(),
});
export const DeepLinksAnswer = z.object({ links: z.array(DeepLink) });
