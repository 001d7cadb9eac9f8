import { hash } from 'node:crypto';
import { z } from 'zod';
import type { FinderPlace } from '../../finders/finder.ts';
import { withoutKeys } from '../../finders/release-of-item.ts';
import { AppError } from '../../kit/errors.ts';
import type { Crypto } from '../../platform/crypto.ts';

const PURPOSE = 'finder.place';
const Sealed = z.object({ url: z.string(), apiKey: z.string().nullable() });
type Secret = z.infer<typeof Sealed>;

/** The columns of a finder that say where it is. */
export function placeColumns(crypto: Pick<Crypto, 'seal'>, kind: string, secret: Secret) {
  return {
    host: new URL(secret.url).host.slice(0, 300),
    placeHash: hash('sha256', `${kind} ${withoutKeys(secret.url)}`, 'buffer'),
    placeSealed: crypto.seal(PURPOSE, JSON.stringify(secret)),
    hasKey: secret.apiKey !== null,
  };
}

/** Throws AppError `finders.sealed` where the key that sealed it is not known any more. */
export function openSecret(crypto: Pick<Crypto, 'open'>, sealed: Buffer): Secret {
  const plain = crypto.open(PURPOSE, sealed);
  if (plain === null)
    throw new AppError(
      'finders.sealed',
      'The address of this finder cannot be opened: the secret key has changed. Give it again, or put the old key into SECRET_KEYS_OLD.',
      { status: 503 },
    );
  return Sealed.parse(JSON.parse(plain.toString('utf8')));
}

export function placeOf(
  crypto: Pick<Crypto, 'open'>,
  { placeSealed, categories }: { placeSealed: Buffer; categories: readonly number[] },
): FinderPlace {
  return { ...openSecret(crypto, placeSealed), categories };
}

export { PURPOSE as PLACE_PURPOSE };
