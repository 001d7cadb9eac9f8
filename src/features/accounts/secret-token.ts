import { hash, randomBytes } from 'node:crypto';

/** 256 bits of chance: a plain hash of it is enough, there is nothing to guess. */
const BYTES = 32;

/** A secret to hand out once, and what is stored of it. */
export function makeSecretToken(prefix = ''): { token: string; hash: Buffer } {
  const token = prefix + randomBytes(BYTES).toString('base64url');
  return { token, hash: hashOf(token) };
}

/** SHA-256, by which a token is looked up. */
export function hashOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
