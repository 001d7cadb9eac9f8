import express, { type RequestHandler } from 'express';
import { AppError, BadInput } from '../kit/errors.ts';

/**
 * Reads a JSON body of at most `limit` (`64kb`, `8mb`) into `req.body`. Refuses another content type (415; multipart goes
 * on to whoever reads it), another charset than UTF-8 (RFC 8259 §8.1), and texts that no database column can hold
 * (U+0000, half of a surrogate pair). Mount it behind the guard: bodies of strangers are not worth reading.
 */
export function jsonBody(limit: string): RequestHandler[] {
  return [requireJson, express.json({ limit, strict: true, verify: markSuspects }), refuseBadText];
}

const requireJson: RequestHandler = (req, _res, next) => {
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length']) > 0;
  if (!hasBody || req.is('json') || req.is('multipart/form-data')) return next();
  throw new AppError('request.not_json', 'Send the body as JSON, with Content-Type: application/json.', {
    status: 415,
    headers: { 'Accept-Post': 'application/json' },
  });
};

/** Requests whose body holds an escape that may spell a bad character; looking into every parsed body would cost more than parsing it. */
const suspects = new WeakSet<object>();

function markSuspects(req: object, _res: unknown, body: Buffer, charset: string): void {
  if (charset !== 'utf-8') throw new AppError('request.charset', 'Send JSON in UTF-8.', { status: 415 });
  if (['\\u0000', '\\ud', '\\uD'].some((spelling) => body.includes(spelling))) suspects.add(req);
}

const refuseBadText: RequestHandler = (req, _res, next) => {
  if (!suspects.has(req) || !holdsBadText(req.body)) return next();
  throw new BadInput(
    'request.bad_text',
    'A text of the body holds a null character or half a character, which cannot be stored.',
  );
};

/** Not recursive: a body may be nested a hundred thousand deep. */
function holdsBadText(body: unknown): boolean {
  const waiting: unknown[] = [body];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) return true;
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, field] of Object.entries(value)) waiting.push(key, field);
  }
  return false;
}
