import { z } from 'zod';

const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  /** `room.event`, stable. */
  code: z.string(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

export const id = z.object({ id: z.string() });
export const json = (schema: z.ZodType) => ({ content: { 'application/json': { schema } } });
export const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: Problem } },
});
export const ok = (description: string, schema: z.ZodType) => ({ description, ...json(schema) });
export const nothing = (description: string) => ({ description });
export const ADMIN = [{ admin: [] }];
export const USER = [{ user: [] }];
/** Who is signed in, or holds the admin token. */
export const ANYBODY = [...USER, ...ADMIN];
export const refusals = {
  '401': problem('Not signed in'),
  '429': problem('Too many requests; see Retry-After'),
};
export const bad = { '400': problem('A field is wrong; `issues` names it') };
export const gone = { '404': problem('There is no such thing') };
