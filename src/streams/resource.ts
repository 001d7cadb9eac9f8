import { hash } from 'node:crypto';

/** The stable key of the bytes a kind reaches: 22 base64url characters (132 bits) of SHA-256 over kind and canonical identity. */
export function resourceKey(kind: string, identity: string): string {
  return hash('sha256', `${kind}\n${identity}`, 'base64url').slice(0, 22);
}
