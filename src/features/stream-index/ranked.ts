import type { Db } from '../../platform/db.ts';
import { withPartsTogether } from './film-parts.ts';
import { type Candidates, candidatesFor, type Place } from './queries/candidates.ts';
import { type RankingFacts, readFacts } from './ranking-facts.ts';
import type { PostState } from './schemas.ts';
import { inOrder } from './sort-keys.ts';

/** One link of a place to a stream that can be offered. */
export type Ranked = RankingFacts & {
  linkId: number;
  streamId: number;
  fileIndex: number | null;
  fileName: string | null;
  /** Of the stream, where no file of it has a name. */
  name: string | null;
  /** Of a film in parts (`CD2`) the number of this one. */
  partNumber: number | null;
  isVerified: boolean;
  score: number;
  sizeBytes: number | null;
  /** Of a torrent whose trackers were asked, or of which somebody told. */
  seeders: number | null;
  hasWebSeeds: boolean;
  /** Of a Usenet post that was checked. */
  health: PostState['health'];
  /** Of a file server: whether anybody reaches it, the owner's priority (lower first), and tens of its health score; of others as of the best. */
  isReachable: boolean;
  sourcePriority: number;
  sourceTens: number;
};

/** All that can be offered for a place, best first, before the caps; the parts of a film stand together where the best of them does. */
export async function rankedFor(db: Db, place: Place, only: 'licensed' | 'all'): Promise<Ranked[]> {
  const candidates = await candidatesFor(db, place, only);
  return candidates === null ? [] : withPartsTogether(inOrder(withoutWholes(rankedOf(candidates))));
}

/** Each link with what its stream is. Written out: spreading 500 of them took longer than sorting. */
function rankedOf(of: Candidates): Ranked[] {
  const facts = of.facts.split('\n');
  const streams = placesOf(of.streamId);
  for (const expired of of.expiredId ?? []) streams.delete(expired);
  const torrents = placesOf(of.torrentId);
  const posts = placesOf(of.postId);
  const files = placesOf(of.fileLinkId);
  const sourced = placesOf(of.sourcedId);
  const parts = placesOf(of.partId);
  const [verified, webSeeded] = [new Set(of.verifiedLinkId), new Set(of.webSeededId)];
  const ranked: Ranked[] = [];
  for (const [n, linkId] of of.linkId.entries()) {
    const streamId = valueAt(of.linkedStreamId, n);
    const at = streams.get(streamId);
    if (at === undefined) continue;
    const own = readFacts(valueAt(facts, at));
    const file = files.get(linkId);
    const source = sourceAt(of, sourced.get(streamId));
    const fileIndex = rareAt(of.fileIndex, file);
    const fileName = rareAt(of.fileName, file);
    ranked.push({
      kind: own.kind,
      resolution: own.resolution,
      quality: own.quality,
      codec: own.codec,
      audio: own.audio,
      channels: own.channels,
      hdrFormats: own.hdrFormats,
      visualTags: own.visualTags,
      rank: own.rank,
      hdrRank: own.hdrRank,
      soundRank: own.soundRank,
      speakers: own.speakers,
      linkId,
      streamId,
      fileIndex,
      fileName,
      name: fileName === null ? valueAt(of.name, at) : null,
      // Of several files of one stream each may be another part.
      partNumber: fileIndex === null ? rareAt(of.partNumber, parts.get(streamId)) : null,
      isVerified: verified.has(linkId),
      score: valueAt(of.score, at),
      // Of one file of a stream the size of all would be another's.
      sizeBytes: rareAt(of.fileSize, file) ?? (fileIndex === null ? valueAt(of.sizeBytes, at) : null),
      seeders: rareAt(of.seeders, torrents.get(streamId)),
      hasWebSeeds: webSeeded.has(streamId),
      health: rareAt(of.health, posts.get(streamId)),
      isReachable: source.isReachable,
      sourcePriority: source.priority,
      sourceTens: source.tens,
    });
  }
  return ranked;
}

/** What lies on no file server is as on the best. */
function sourceAt(of: Candidates, at: number | undefined) {
  return {
    isReachable: rareAt(of.isReachable, at) ?? true,
    priority: rareAt(of.sourcePriority, at) ?? 0,
    tens: rareAt(of.sourceTens, at) ?? 10,
  };
}

/** Where each id stands in its list. */
function placesOf(ids: readonly number[] | null): Map<number, number> {
  const places = new Map<number, number>();
  for (const [at, id] of (ids ?? []).entries()) places.set(id, at);
  return places;
}

function valueAt<T>(column: readonly T[], at: number): T {
  const value = column[at];
  if (value === undefined) throw new RangeError('a list of candidates is shorter than the others');
  return value;
}

/** Of what not all have. */
function rareAt<T>(column: readonly T[] | null, at: number | undefined): T | null {
  return at === undefined || column === null ? null : valueAt(column, at);
}

/** A link to one file of a stream says more than a link to the stream as a whole. */
function withoutWholes(candidates: readonly Ranked[]): readonly Ranked[] {
  const withFile = new Set<number>();
  for (const { fileIndex, streamId } of candidates) if (fileIndex !== null) withFile.add(streamId);
  if (withFile.size === 0) return candidates;
  return candidates.filter((candidate) => candidate.fileIndex !== null || !withFile.has(candidate.streamId));
}
