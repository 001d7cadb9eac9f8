import { Forbidden } from '../kit/errors.ts';
import type { PlayLink } from '../platform/links.ts';
import type { PlayDeps } from './deps.ts';

/** Players fetch a film in answers of up to an hour: what a profile may see is asked again this often meanwhile. */
const EVERY_MS = 30_000;

export type Watch = { end(): void };

/**
 * Ends an answer that is still running when its profile may no longer watch it: a rule that changed, an install revoked, time that is up; and
 * everybody's, once a kid watches here.
 */
export function watchOn(
  { mayWatch }: Pick<PlayDeps, 'mayWatch'>,
  link: PlayLink,
  stopping: AbortController,
): Watch | null {
  const isEverybodys = link.subject === 'public';
  if (link.viewer === undefined && !isEverybodys) return null;
  const timer = setInterval(() => {
    mayWatch(link).catch((reason: unknown) => {
      // A database that is away is no reason to end what everybody may see.
      if (!isEverybodys || reason instanceof Forbidden) stopping.abort(reason);
    });
  }, EVERY_MS);
  timer.unref();
  return { end: () => clearInterval(timer) };
}
