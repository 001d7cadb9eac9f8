import { z } from 'zod';
import type { Learned } from './engine.ts';

const Whole = z.int().min(0);
const PostedFile = z.object({
  name: z.string().nullable(),
  sizeBytes: Whole.exactOptional(),
  partBytes: Whole.nullable().exactOptional(),
  anchors: z.array(z.tuple([Whole, Whole])).exactOptional(),
});
const Inner = z.object({
  path: z.string().min(1),
  sizeBytes: Whole,
  extents: z.array(z.tuple([Whole, Whole, Whole, z.union([z.literal(0), z.literal(1)])])),
  isEncrypted: z.boolean(),
});

/** As it is kept in Postgres. Another version's, and what is none, is as good as nothing: it is learned anew. */
export const KeptLearned = z
  .object({ version: z.literal(1), posted: z.array(PostedFile.nullable()), files: z.array(Inner).nullable() })
  .nullable()
  .catch(null) satisfies z.ZodType<Learned | null>;
