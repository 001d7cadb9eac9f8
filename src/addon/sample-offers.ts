import type { Offer } from '../features/stream-index/index.ts';

/** What a film is often offered as: preferences are tried on it where no title is at hand. */
type Sample = Partial<Offer> & Pick<Offer, 'kind' | 'name'>;

const GB = 1_000_000_000;
const MINUTES = 110;

function sample(offer: Sample, index: number): Offer {
  const sizeBytes = offer.sizeBytes ?? null;
  return {
    ...{ streamId: index + 1, publicId: `sample-${index + 1}`, fileIndex: null, fileName: null },
    ...{ resolution: null, quality: null, codec: null, audio: [], channels: [], hdrFormats: [] },
    ...{ visualTags: [], releaseGroup: null, edition: null, languages: [], subtitleLanguages: [] },
    ...{ subtitles: [], embedded: [], videoHash: null, licenceCode: null, licenceName: null },
    ...{ licenceUrl: null, isOpen: false, attribution: null, seeders: null, leechers: null, post: null },
    ...{
      isVerified: false,
      score: 0,
      rank: 0,
      alternatives: 0,
      isReachable: true,
      source: null,
      partNumber: null,
    },
    bitsPerSecond: sizeBytes === null ? null : Math.round((sizeBytes * 8) / (MINUTES * 60)),
    ...offer,
    sizeBytes,
  };
}

const UHD = { resolution: '2160p', codec: 'HEVC', visualTags: ['10bit'] };
const FHD = { resolution: '1080p', codec: 'AVC' };
const POSTED = Date.UTC(2024, 4, 2);

/** The best first, as the stream index would have them. */
export const SAMPLE_OFFERS: readonly Offer[] = (
  [
    {
      ...{
        kind: 'local',
        name: 'Sample.Film.2021.2160p.UHD.BluRay.REMUX.DV.HDR10.HEVC.TrueHD.7.1.Atmos-HOME',
      },
      ...{ ...UHD, quality: 'BluRay REMUX', hdrFormats: ['DV', 'HDR10'], audio: ['Atmos', 'TrueHD'] },
      ...{ channels: ['7.1'], languages: ['en', 'de'], subtitleLanguages: ['en', 'de', 'fr'] },
      ...{ sizeBytes: 62 * GB, releaseGroup: 'HOME', isVerified: true, source: 'Living-room NAS' },
    },
    {
      ...{ kind: 'torrent', name: 'Sample.Film.2021.2160p.BluRay.x265.HDR10Plus.DTS-HD.MA.5.1-ALPHA' },
      ...{ ...UHD, quality: 'BluRay', hdrFormats: ['HDR10+'], audio: ['DTS-HD MA'], channels: ['5.1'] },
      ...{
        languages: ['en'],
        sizeBytes: 24 * GB,
        seeders: 143,
        leechers: 12,
        score: 8.4,
        releaseGroup: 'ALPHA',
      },
    },
    {
      ...{ kind: 'usenet', name: 'Sample.Film.2021.German.DL.2160p.WEB-DL.DV.HEVC.DDP5.1.Atmos-BETA' },
      ...{ ...UHD, quality: 'WEB-DL', hdrFormats: ['DV'], audio: ['Atmos', 'DD+'], channels: ['5.1'] },
      ...{ languages: ['de', 'en'], sizeBytes: 18 * GB, releaseGroup: 'BETA' },
      post: { completeness: 1, postedAt: POSTED, health: 'complete', needsPassword: false },
    },
    {
      ...{ kind: 'http', name: 'Sample.Film.2021.1080p.WEB-DL.H264.DDP5.1-GAMMA.mkv', quality: 'WEB-DL' },
      ...{ ...FHD, audio: ['DD+'], channels: ['5.1'], languages: ['en'], subtitleLanguages: ['en', 'es'] },
      ...{ sizeBytes: 6.2 * GB, releaseGroup: 'GAMMA', source: 'Film archive', alternatives: 2 },
    },
    {
      ...{ kind: 'torrent', name: 'Sample.Film.2021.German.1080p.BluRay.x264-DELTA', quality: 'BluRay' },
      ...{ ...FHD, audio: ['DTS'], channels: ['5.1'], languages: ['de'], sizeBytes: 9.8 * GB },
      ...{ seeders: 37, leechers: 4, score: 7.1, releaseGroup: 'DELTA' },
    },
    {
      ...{ kind: 'torrent', name: 'Sample.Film.2021.1080p.BluRay.x265.10bit.AAC.5.1-EPSILON' },
      ...{ ...UHD, resolution: '1080p', quality: 'BluRay', audio: ['AAC'], channels: ['5.1'] },
      ...{ languages: ['en'], sizeBytes: 2.4 * GB, seeders: 412, leechers: 31, score: 8.9 },
    },
    {
      ...{ kind: 'ftp', name: 'Sample.Film.2021.MULTi.1080p.HDTV.H264-ZETA.mkv', quality: 'HDTV', ...FHD },
      ...{
        audio: ['DD'],
        channels: ['2.0'],
        languages: ['fr', 'en'],
        sizeBytes: 5.1 * GB,
        source: 'Attic server',
      },
    },
    {
      ...{
        kind: 'torrent',
        name: 'Sample.Film.2021.720p.WEBRip.x264.AAC-ETA',
        resolution: '720p',
        codec: 'AVC',
      },
      ...{
        quality: 'WEBRip',
        audio: ['AAC'],
        channels: ['2.0'],
        sizeBytes: 1.1 * GB,
        seeders: 88,
        score: 6.8,
      },
    },
    {
      ...{
        kind: 'http',
        name: 'Sample Film (2021) 720p.mp4',
        resolution: '720p',
        codec: 'AVC',
        languages: ['es'],
      },
      ...{ sizeBytes: 0.9 * GB, source: 'Film archive' },
    },
    {
      ...{ kind: 'torrent', name: 'Sample.Film.2021.1080p.HDCAM.x264-THETA', quality: 'CAM', ...FHD },
      ...{ languages: ['en'], sizeBytes: 2.2 * GB, seeders: 19, score: 3.2 },
    },
    {
      kind: 'torrent',
      name: 'Sample Film DVDRip XviD',
      quality: 'DVDRip',
      codec: 'XviD',
      seeders: 3,
      score: 2.1,
    },
    { kind: 'http', name: 'film-final-cut.mkv' },
    { kind: 'youtube', name: 'Sample Film, the whole film', resolution: '1080p', languages: ['en'] },
  ] satisfies Sample[]
).map(sample);
