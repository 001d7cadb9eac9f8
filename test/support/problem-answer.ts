import { z } from 'zod';

/** What an error answer is, word for word (RFC 9457 and our `code`). */
export const ProblemAnswer = z.strictObject({
  type: z.string().regex(/^urn:tributary:error:/),
  title: z.string().min(3),
  status: z.int(),
  detail: z.string().min(10),
  code: z.string().regex(/^[a-z]+(?:[._][a-z]+)*$/),
  issues: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
});

/** Throws at anything else. */
export function problemIn(body: unknown): z.infer<typeof ProblemAnswer> {
  return ProblemAnswer.parse(body);
}
