import type { Response } from 'express';
import type { z } from 'zod';
import { BadInput } from '../kit/errors.ts';

/** Parses outside input; throws BadInput `request.invalid` naming each bad field (never its value). `what` begins the sentence: "The body". */
export function parseInput<T extends z.ZodType>(schema: T, value: unknown, what: string): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => ({
    path: issue.path.join('.'),
    message: issue.message,
  }));
  const first = issues[0];
  const detail = first === undefined ? '' : ` ${first.path === '' ? '' : `${first.path}: `}${first.message}.`;
  throw new BadInput('request.invalid', `${what} is not valid.${detail}`, issues);
}

/** Aborted when the client leaves before its answer. */
export function hangUpOf(res: Response): AbortSignal {
  const gone = new AbortController();
  res.once('close', () => {
    if (!res.writableFinished) gone.abort(new Error('the client is gone'));
  });
  return gone.signal;
}
