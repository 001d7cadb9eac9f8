import { AppError } from '../kit/errors.ts';
import type { Health } from './kind.ts';

/** What a look says of a stream: what the look is refused with is the reason, unless `signal` ended it. */
export async function healthOf(look: () => Promise<unknown>, signal?: AbortSignal): Promise<Health> {
  const checkedAt = new Date();
  try {
    await look();
    return { isReachable: true, checkedAt, reason: null };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof AppError)) throw error;
    return { isReachable: false, checkedAt, reason: error.message };
  }
}
