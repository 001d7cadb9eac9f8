import type { Target } from '../streams/kind.ts';
import type { Way } from './stream-order.ts';

/** Through here, from its own server, or first the one and then the other. */
export function waysTo(target: Target): Way[] {
  if (target.via !== 'play' || target.direct === undefined) return [target];
  const { contentType, goodUntil, direct } = target;
  const end = goodUntil === undefined ? {} : { goodUntil };
  const straight: Way = { via: 'direct', url: direct.url, contentType, ...end };
  return direct.isOnly ? [straight] : [target, straight];
}

/**
 * Ways that a rule can still close when it is used. A torrent in the player's own hands, or an address of another server, is out of
 * ours once it is told.
 */
export function isHeld({ via }: Way): boolean {
  return via !== 'torrent' && via !== 'direct' && via !== 'listed';
}
