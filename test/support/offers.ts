import type { Offer } from '../../src/features/stream-index/index.ts';

/** An offer of which nothing is known but what is said. */
export function offerWith(more: Partial<Offer> = {}): Offer {
  return {
    streamId: 1,
    publicId: '00000000-0000-4000-8000-000000000001',
    kind: 'http',
    fileIndex: null,
    name: 'Film.mp4',
    fileName: null,
    sizeBytes: null,
    resolution: null,
    quality: null,
    codec: null,
    audio: [],
    channels: [],
    hdrFormats: [],
    releaseGroup: null,
    edition: null,
    languages: [],
    subtitleLanguages: [],
    subtitles: [],
    embedded: [],
    videoHash: null,
    licenceCode: null,
    licenceName: null,
    licenceUrl: null,
    isOpen: false,
    attribution: null,
    seeders: null,
    leechers: null,
    post: null,
    isVerified: false,
    score: 0,
    rank: 0,
    ...more,
  };
}
