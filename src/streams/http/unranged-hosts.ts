import { LRUCache } from 'lru-cache';
import { MAX_SKIP_BYTES } from '../resume.ts';
import type { Facts } from './facts.ts';

const MAX_HOSTS = 500;
const HOST_TTL_MS = 600_000;

export type UnrangedHosts = {
  /** What came for a range of this file: the part (206), or all of it (200). */
  heard(facts: Facts, isPart: boolean): void;
  /** Its parts cannot be had, and it is too long to be skipped through. */
  isForwardOnly(facts: Facts): boolean;
};

/**
 * Hosts (scheme, name, port) that answered a range with the whole file: for ten minutes, or until one answers with a part.
 *
 * What it is for: `Accept-Ranges: bytes` and a 206 to `bytes=0-` promise players that they may jump, and they do, to the
 * end of the file (moov, Cues) and to where the viewer left off. An origin without ranges keeps that promise with a
 * spinner and a 502. Told `none` and 200 they play from the beginning and show that they cannot seek. What is refused
 * is refused at once: each try would have the origin send a film from its first byte.
 *
 * What a file's own answer said counts more than what another file of its host did, as one host may keep files and make
 * others as they go out. Only where ranges were promised and not given, nothing it says is believed.
 */
export function createUnrangedHosts(): UnrangedHosts {
  const marked = new LRUCache<string, { lied: boolean }>({ max: MAX_HOSTS, ttl: HOST_TTL_MS });
  return {
    heard({ url, ranges }, isPart) {
      // Each range of a film comes by here, and most hosts have ranges.
      if (isPart && marked.size === 0) return;
      const { origin } = url;
      if (isPart) marked.delete(origin);
      else
        marked.set(origin, {
          lied: ranges === 'said' || ranges === 'given' || marked.get(origin)?.lied === true,
        });
    },
    isForwardOnly({ url, ranges, sizeBytes }) {
      if (sizeBytes === null || sizeBytes <= MAX_SKIP_BYTES) return false;
      if (ranges === 'denied' || ranges === 'refused') return true;
      const mark = marked.size === 0 ? undefined : marked.get(url.origin);
      return mark !== undefined && (mark.lied || ranges === null);
    },
  };
}
