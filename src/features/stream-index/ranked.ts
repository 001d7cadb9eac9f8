import { qualityRank } from '../../kit/quality-rank.ts';
import type { Db } from '../../platform/db.ts';
import { type Candidate, type CandidateColumns, candidatesFor, type Place } from './queries/offers.ts';
import { inOrder } from './sort-keys.ts';

export type Ranked = Candidate & {
  /** Of its resolution and source. */
  rank: number;
};

/** All that can be offered for a place, best first, before the caps. */
export async function rankedFor(db: Db, place: Place, only: 'licensed' | 'all'): Promise<Ranked[]> {
  const columns = await candidatesFor(db, place, only);
  return columns === null ? [] : inOrder(withoutWholes(rankedOf(columns)));
}

/** One by one what came in columns. Written out: spreading 500 of them took longer than sorting. */
function rankedOf(of: CandidateColumns): Ranked[] {
  return of.linkId.map((linkId, at) => {
    const [resolution, quality] = [valueAt(of.resolution, at), valueAt(of.quality, at)];
    return {
      linkId,
      streamId: valueAt(of.streamId, at),
      kind: valueAt(of.kind, at),
      fileIndex: valueAt(of.fileIndex, at),
      fileName: valueAt(of.fileName, at),
      name: valueAt(of.name, at),
      audio: valueAt(of.audio, at),
      channels: valueAt(of.channels, at),
      hdrFormats: valueAt(of.hdrFormats, at),
      visualTags: valueAt(of.visualTags, at),
      resolution,
      quality,
      codec: valueAt(of.codec, at),
      isVerified: valueAt(of.isVerified, at),
      score: valueAt(of.score, at),
      sizeBytes: valueAt(of.sizeBytes, at),
      seeders: valueAt(of.seeders, at),
      hasWebSeeds: valueAt(of.hasWebSeeds, at),
      health: valueAt(of.health, at),
      isReachable: valueAt(of.isReachable, at),
      sourcePriority: valueAt(of.sourcePriority, at),
      sourceTens: valueAt(of.sourceTens, at),
      rank: qualityRank({ resolution, quality }),
    };
  });
}

function valueAt<T>(column: readonly T[], at: number): T {
  const value = column[at];
  if (value === undefined) throw new RangeError('a column of candidates is shorter than the others');
  return value;
}

/** A link to one file of a stream says more than a link to the stream as a whole. */
function withoutWholes(candidates: readonly Ranked[]): readonly Ranked[] {
  const withFile = new Set<number>();
  for (const { fileIndex, streamId } of candidates) if (fileIndex !== null) withFile.add(streamId);
  if (withFile.size === 0) return candidates;
  return candidates.filter((candidate) => candidate.fileIndex !== null || !withFile.has(candidate.streamId));
}
