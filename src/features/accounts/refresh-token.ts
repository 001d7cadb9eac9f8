import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Crypto } from '../../platform/crypto.ts';
import { hashOf } from './secret-token.ts';

const PURPOSE = 'refresh';
const BYTES = 32;
const Sealed = z.object({ session: z.uuid(), chance: z.string() });

/**
 * Refresh tokens: sealed by our own key, so that one whose hash is not kept any more is still known to be ours, and of which session. Nobody
 * can make one, and so nobody ends a session by guessing.
 */
export type RefreshTokens = {
  make(sessionPublicId: string): { token: string; hash: Buffer };
  /** The session that it was made for; null: it is none of ours. */
  sessionOf(token: string): string | null;
};

export function createRefreshTokens(crypto: Pick<Crypto, 'openToken' | 'sealToken'>): RefreshTokens {
  return {
    make(session) {
      const token = crypto.sealToken(PURPOSE, { session, chance: randomBytes(BYTES).toString('base64url') });
      return { token, hash: hashOf(token) };
    },
    sessionOf(token) {
      const sealed = Sealed.safeParse(crypto.openToken(PURPOSE, token));
      return sealed.success ? sealed.data.session : null;
    },
  };
}
