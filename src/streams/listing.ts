import type { Described, OfferRef, Target } from './kind.ts';
import { offerKey } from './kind.ts';

/** What a kind without files of its own says of a stream. */
export const NOTHING_INSIDE: Described = {
  name: null,
  sizeBytes: null,
  contentType: null,
  files: [],
  trackers: [],
};

/** The map of `targets` from the rows a kind found: refs without a row are not offered. */
export function targetsOf<Row extends { streamId: number }>(
  refs: readonly OfferRef[],
  rows: readonly Row[],
  toTarget: (row: Row, ref: OfferRef) => Target,
): Map<string, Target> {
  const byId = new Map(rows.map((row) => [row.streamId, row]));
  const targets = new Map<string, Target>();
  for (const ref of refs) {
    const row = byId.get(ref.streamId);
    if (row !== undefined) targets.set(offerKey(ref), toTarget(row, ref));
  }
  return targets;
}

export function streamIdsOf(refs: readonly OfferRef[]): number[] {
  return [...new Set(refs.map(({ streamId }) => streamId))];
}
