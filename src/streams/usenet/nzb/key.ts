import { createHash } from 'node:crypto';
import type { Nzb } from './nzb.ts';

/**
 * What a release goes by, 22 characters of base64url: a hash of its message ids in the NZB's order. The same articles from two
 * indexers are one release; in another order they are another one, as what was learned of a release is kept by place.
 */
export function releaseKey(nzb: Pick<Nzb, 'files'>): string {
  const sum = createHash('sha256');
  for (const { segments } of nzb.files) {
    // One update a file: 70,000 of them would take longer than the hash.
    sum.update(`${segments.map(({ number, id }) => `${number} ${id}`).join('\n')}\n\n`);
  }
  return sum.digest('base64url').slice(0, 22);
}
