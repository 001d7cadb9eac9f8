import { hash, timingSafeEqual } from 'node:crypto';
import { AppError, Conflict, Forbidden, NotFound } from '../../kit/errors.ts';
import type { PairingCode } from './queries/pairing.ts';

/** Whether this is the secret of whoever the code belongs to; constant time. */
export function isSecretOf({ secretHash }: PairingCode, secret: string | null): boolean {
  return (
    secret !== null && secretHash !== null && timingSafeEqual(hash('sha256', secret, 'buffer'), secretHash)
  );
}

export function refuseEnded({ isExpired, isUsed }: PairingCode): void {
  if (isExpired) throw expired();
  if (isUsed) throw new Conflict('pairing.used', 'This code was used. Make another one.');
}

export function expired(): AppError {
  return new AppError('pairing.expired', 'This code is older than ten minutes. Make another one.', {
    status: 410,
  });
}

export function unknownCode(): NotFound {
  return new NotFound('pairing.not_found', 'There is no such code. Look at the six digits again.');
}

export function foreignDevice(): Forbidden {
  return new Forbidden('pairing.foreign_device', 'This code belongs to another device.');
}
