import { UpstreamFailed } from '../../../kit/errors.ts';

/** Nobody gives anything: the viewer is told, not kept waiting (criterion 34). */
export function deadSwarm(reason: string): UpstreamFailed {
  return new UpstreamFailed(reason, { retryable: true, status: 504 });
}
