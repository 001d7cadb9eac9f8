import { z } from 'zod';
import { AppError } from '../kit/errors.ts';
import type { Crypto } from '../platform/crypto.ts';
import type { Net } from '../platform/net.ts';

/** What `source.password_sealed` is sealed for. */
export const SOURCE_PASSWORD = 'source.password';

/** The columns of the source a stored stream lies in, as a kind reads them with its own row; null: it lies in none. */
export const SourceAccess = z
  .object({
    /** Ends in `/`. */
    baseUrl: z.string(),
    username: z.string().nullable(),
    passwordSealed: z
      .string()
      .transform((text) => Buffer.from(text, 'base64'))
      .nullable(),
    allowsPrivate: z.boolean(),
  })
  .nullable();
export type SourceAccess = z.infer<typeof SourceAccess>;

/** The way to a server, by the permission its owner gave it. */
export function netTo(net: Net, { url, allowsPrivate }: { url: string; allowsPrivate: boolean }): Net {
  return allowsPrivate ? net.permitting(new URL(url)) : net;
}

/** Throws AppError `sources.sealed` where the key that sealed it is not known any more. */
export function openPassword(crypto: Pick<Crypto, 'open'>, sealed: Uint8Array | null): string | null {
  if (sealed === null) return null;
  const plain = crypto.open(SOURCE_PASSWORD, sealed);
  if (plain === null)
    throw new AppError(
      'sources.sealed',
      'The password of this source cannot be opened: the secret key has changed. Give it again, or put the old key into SECRET_KEYS_OLD.',
      { status: 503 },
    );
  return plain.toString('utf8');
}

/** What was given with one stream, sealed as JSON; throws AppError `stream.sealed` where the key that sealed it is not known any more. */
export function openAccess<T>(
  crypto: Pick<Crypto, 'open'>,
  purpose: string,
  sealed: Uint8Array,
  schema: z.ZodType<T>,
): T {
  const plain = crypto.open(purpose, sealed);
  if (plain === null)
    throw new AppError(
      'stream.sealed',
      'The stored access of this stream cannot be read. Save the stream again.',
      { status: 500 },
    );
  return schema.parse(JSON.parse(plain.toString('utf8')));
}
