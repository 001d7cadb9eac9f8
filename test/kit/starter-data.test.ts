import { readFile, stat } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

// The starter catalogue is data that people play from on the first start. These checks hold its shape
// (strict: an unknown key is an error) and the rule that every id and link in it has a named source.

const starterDir = new URL('../../scripts/starter/', import.meta.url);
const readText = (name: string): Promise<string> => readFile(new URL(name, starterDir), 'utf8');

const language = z.string().regex(/^[a-z]{2}$/);
const date = z.iso.date();
const httpsUrl = z.url({ protocol: /^https$/ });
const imageUrl = z.union([httpsUrl, z.string().regex(/^asset:starter\/[\w.-]+$/)]);
const trackerUrl = z.url({ protocol: /^(udp|wss|https)$/ });
const sizeBytes = z.number().int().positive();

const streamBase = {
  name: z.string().min(1),
  sizeBytes: sizeBytes.optional(),
  resolution: z.enum(['480p', '720p', '1080p', '2160p']).optional(),
  codec: z.string().optional(),
  quality: z.string().optional(),
  languages: z.array(language).optional(),
  subtitles: z.array(z.strictObject({ language, url: imageUrl })).optional(),
};

const stream = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('http'), url: httpsUrl, ...streamBase }),
  z.strictObject({
    kind: z.literal('torrent'),
    infoHash: z.string().regex(/^[0-9a-f]{40}$/),
    trackers: z.array(trackerUrl).min(1),
    webSeeds: z.array(httpsUrl),
    files: z.array(z.strictObject({ index: z.number().int().nonnegative(), name: z.string(), sizeBytes })),
    fileIndex: z.number().int().nonnegative(),
    ...streamBase,
  }),
  z.strictObject({ kind: z.literal('youtube'), videoId: z.string().regex(/^[\w-]{11}$/), ...streamBase }),
  z.strictObject({ kind: z.literal('external'), url: httpsUrl, service: z.string(), ...streamBase }),
  z.strictObject({ kind: z.literal('local'), file: z.string().regex(/^starter\/[\w.-]+$/), ...streamBase }),
]);

const episode = z.strictObject({
  number: z.number().int().positive(),
  title: z.string().min(1),
  overview: z.string().min(1),
  airDate: date.optional(),
  runtimeMinutes: z.number().int().positive().optional(),
  thumbnail: httpsUrl.optional(),
  streams: z.array(stream).min(1),
});

const title = z.strictObject({
  kind: z.enum(['movie', 'series']),
  ids: z.strictObject({
    imdb: z
      .string()
      .regex(/^tt\d{7,}$/)
      .optional(),
    tmdb: z.string().regex(/^\d+$/).optional(),
    wikidata: z
      .string()
      .regex(/^Q\d+$/)
      .optional(),
  }),
  title: z.string().min(1),
  originalTitle: z.string().optional(),
  year: z.number().int().min(1888).max(2026),
  releaseDate: date.optional(),
  runtimeMinutes: z.number().int().positive().optional(),
  tagline: z.string().optional(),
  overview: z.string().min(40),
  languages: z.array(language).optional(),
  countries: z.array(z.string().regex(/^[A-Z]{2}$/)).optional(),
  genres: z.array(z.string()).min(1),
  keywords: z.array(z.string()).optional(),
  cast: z.array(z.strictObject({ name: z.string(), character: z.string().optional() })).optional(),
  crew: z.array(z.strictObject({ name: z.string(), job: z.string() })).optional(),
  images: z.array(z.strictObject({ type: z.enum(['poster', 'background', 'logo']), url: imageUrl })).min(1),
  translations: z.array(z.strictObject({ language, title: z.string(), overview: z.string() })).optional(),
  aliases: z.array(z.string()).optional(),
  licence: z.strictObject({
    code: z.enum(['PD', 'CC0-1.0', 'CC-BY-2.5', 'CC-BY-3.0', 'CC-BY-4.0']),
    attribution: z.string().min(1),
    proofUrl: httpsUrl.optional(),
  }),
  streams: z.array(stream).min(1).optional(),
  seasons: z
    .array(z.strictObject({ number: z.number().int().nonnegative(), episodes: z.array(episode).min(1) }))
    .optional(),
});

const catalogue = z.strictObject({ version: z.literal(1), titles: z.array(title) });

type Title = z.infer<typeof title>;
type Stream = z.infer<typeof stream>;

const { titles } = catalogue.parse(JSON.parse(await readText('catalogue.json')));

const episodesOf = (entry: Title) => (entry.seasons ?? []).flatMap((season) => season.episodes);
const streamsOf = (entry: Title): Stream[] => [
  ...(entry.streams ?? []),
  ...episodesOf(entry).flatMap((item) => item.streams),
];

function streamFacts(item: Stream): string[] {
  const subtitles = (item.subtitles ?? []).map((subtitle) => subtitle.url);
  if (item.kind === 'http' || item.kind === 'external') return [item.url, ...subtitles];
  if (item.kind === 'youtube') return [item.videoId];
  if (item.kind === 'torrent') return [item.infoHash, ...item.trackers, ...item.webSeeds];
  return [];
}

function factsOf(entry: Title): string[] {
  const ids = Object.values(entry.ids).filter((id) => id !== undefined);
  const images = [
    ...entry.images.map((image) => image.url),
    ...episodesOf(entry).flatMap((item) => item.thumbnail ?? []),
  ];
  const proof = entry.licence.proofUrl ?? [];
  return [...ids, ...images, ...streamsOf(entry).flatMap(streamFacts)].concat(proof);
}

describe('starter catalogue', () => {
  test('it holds at least 15 films and a series with at least 3 episodes', () => {
    const series = titles.filter((entry) => entry.kind === 'series');
    expect(titles.filter((entry) => entry.kind === 'movie').length).toBeGreaterThanOrEqual(15);
    expect(Math.max(...series.map((entry) => episodesOf(entry).length))).toBeGreaterThanOrEqual(3);
  });

  test('every title has something to play and a poster', () => {
    for (const entry of titles) {
      expect(streamsOf(entry).length, entry.title).toBeGreaterThan(0);
      expect(
        entry.images.some((image) => image.type === 'poster'),
        entry.title,
      ).toBe(true);
    }
  });

  test('IMDb ids, info hashes and YouTube ids name one title each', () => {
    const keys = titles.flatMap((entry) => [
      ...(entry.ids.imdb === undefined ? [] : [entry.ids.imdb]),
      ...streamsOf(entry).flatMap((item) =>
        item.kind === 'torrent' ? item.infoHash : item.kind === 'youtube' ? item.videoId : [],
      ),
    ]);
    expect(keys.length).toBeGreaterThan(30);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('the file a torrent plays is its largest one, and its size is the stream’s size', () => {
    const torrents = titles.flatMap(streamsOf).filter((item) => item.kind === 'torrent');
    expect(torrents.length).toBeGreaterThanOrEqual(4);
    for (const torrent of torrents) {
      expect(torrent.files.map((file) => file.index)).toEqual(torrent.files.map((_, index) => index));
      const largestBytes = Math.max(...torrent.files.map((file) => file.sizeBytes));
      expect(torrent.files[torrent.fileIndex]?.sizeBytes, torrent.name).toBe(largestBytes);
      expect(torrent.sizeBytes).toBe(largestBytes);
    }
  });

  test('every id and link stands in sources.md', async () => {
    const sources = await readText('sources.md');
    const facts = titles.flatMap(factsOf).filter((fact) => !fact.startsWith('asset:'));
    expect(facts.length).toBeGreaterThan(150);
    expect(facts.filter((fact) => !sources.includes(fact))).toEqual([]);
  });

  test('the project’s own clip comes first and its files are there', async () => {
    const own = titles[0];
    const local = own?.streams?.[0];
    if (own === undefined || local?.kind !== 'local') throw new Error('the first title has no local stream');
    const assets = [
      ...own.images.map((image) => image.url),
      ...(local.subtitles ?? []).map((item) => item.url),
    ];
    const names = [local.file, ...assets.map((url) => url.replace('asset:', ''))];
    for (const name of names) {
      const { size } = await stat(new URL(name.replace('starter/', ''), starterDir));
      expect(size, name).toBeGreaterThan(0);
    }
    expect((await stat(new URL('clip.mp4', starterDir))).size).toBe(local.sizeBytes);
    expect(own.licence.code).toBe('CC0-1.0');
  });
});
