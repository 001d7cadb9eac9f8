import type { StreamFacts } from '../../src/features/preferences/stream-facts.ts';

/** A stream of which little is known, with what a test is about. */
export function streamFacts(facts: Partial<StreamFacts> = {}): StreamFacts {
  return {
    ...{ kind: 'torrent', name: 'Film', fileName: null, resolution: null, quality: null, codec: null },
    ...{ hdrFormats: [], visualTags: [], audio: [], channels: [], languages: [], subtitleLanguages: [] },
    ...{ sizeBytes: null, seeders: null, score: 0, isVerified: false, isReachable: true },
    ...facts,
  };
}
