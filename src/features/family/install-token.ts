import { z } from 'zod';
import type { Crypto } from '../../platform/crypto.ts';

const PURPOSE = 'install';
const Payload = z.object({ i: z.int().positive() });

/** The opaque part of an add-on's address: which install it is, sealed by our own key. The row behind it says what it may still do. */
export function installToken(crypto: Pick<Crypto, 'sealToken'>, installId: number): string {
  return crypto.sealToken(PURPOSE, { i: installId } satisfies z.input<typeof Payload>);
}

/** The install of an address; null: none of ours. */
export function openInstallToken(crypto: Pick<Crypto, 'openToken'>, token: string): number | null {
  const parsed = Payload.safeParse(crypto.openToken(PURPOSE, token));
  return parsed.success ? parsed.data.i : null;
}
