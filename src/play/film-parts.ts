import { LRUCache } from 'lru-cache';
import { factsOfFile, type LookDeps } from '../features/file-facts/index.ts';
import { AppError, NotFound } from '../kit/errors.ts';
import type { MediaFacts } from '../kit/media-facts.ts';
import type { PlayLink } from '../platform/links.ts';
import { codecsFor, type Part } from '../platform/media-tools/index.ts';
import type { ByteSource } from '../streams/kind.ts';

/** Long enough that nearly every one begins with a key frame of its own (x264 sets one every 10.4 s at 24 a second). */
const PART_SECONDS = 12;
const MAX_KNOWN = 500;
const MAX_PICTURES_BYTES = 16 * 1024 * 1024;
/** A file whose length nobody can say (or says nonsense) has no playlist. */
const MAX_SECONDS = 48 * 3600;

/** One opened file, and a name that is another one when the bytes are. */
export type Film = { link: PlayLink; source: ByteSource; key: string };
/** Tracks by their number in the file; null: no sound. */
export type Chosen = {
  videoIndex: number;
  audioIndex: number | null;
  durationSeconds: number;
  facts: MediaFacts;
};

export type FilmParts = ReturnType<typeof createFilmParts>;

/** What browsers need of films they cannot take: length and tracks, parts in fragmented MP4, pictures. Kept by the file's ETag. */
export function createFilmParts(deps: LookDeps) {
  const { tools, lend } = deps;
  const known = new LRUCache<string, MediaFacts>({ max: MAX_KNOWN });
  const inits = new LRUCache<string, Buffer>({ max: MAX_KNOWN });
  const pictures = new LRUCache<string, Buffer>({
    maxSize: MAX_PICTURES_BYTES,
    sizeCalculation: (picture) => picture.length,
  });

  async function factsOf({ link, source, key }: Film, signal: AbortSignal): Promise<MediaFacts> {
    const facts = known.get(key);
    if (facts !== undefined) return facts;
    const { media } = await factsOfFile(deps, link, source, signal);
    if (media === null)
      throw new AppError('media.unreadable', 'This file cannot be read as a film.', { status: 422 });
    known.set(key, media);
    return media;
  }

  /** A source on loan for one run. */
  async function lending<T>(source: ByteSource, work: (url: string) => Promise<T>): Promise<T> {
    const lent = await lend(source);
    try {
      return await work(lent.url);
    } finally {
      lent.release();
    }
  }

  async function initOf(film: Film, part: Omit<Part, 'url'>, signal: AbortSignal): Promise<Buffer> {
    const key = JSON.stringify([film.key, part.videoIndex, part.audioIndex, part.codecs]);
    const cached = inits.get(key);
    if (cached !== undefined) return cached;
    const first = { ...part, startSeconds: 0, endSeconds: PART_SECONDS };
    const init = await lending(film.source, (url) => tools.init({ ...first, url }, signal));
    inits.set(key, init);
    return init;
  }

  return {
    /** The tracks that play: the first picture, the sound that was asked for or the default one. */
    async choose(film: Film, audio: number | null, signal: AbortSignal): Promise<Chosen> {
      const facts = await factsOf(film, signal);
      const { durationSeconds } = facts;
      const video = facts.tracks.find(({ type }) => type === 'video');
      const sounds = facts.tracks.filter(({ type }) => type === 'audio');
      const sound =
        audio === null
          ? (sounds.find(({ isDefault }) => isDefault) ?? sounds[0])
          : sounds.find(({ index }) => index === audio);
      if (video === undefined || (audio !== null && sound === undefined))
        throw new NotFound('media.no_track', 'This file has no such track.');
      if (durationSeconds === null || durationSeconds > MAX_SECONDS)
        throw new AppError('media.no_length', 'How long this film is cannot be told.', { status: 422 });
      return { videoIndex: video.index, audioIndex: sound?.index ?? null, durationSeconds, facts };
    },

    init: (film: Film, chosen: Chosen, signal: AbortSignal) => initOf(film, partOf(chosen, 0), signal),

    /** The bytes of part `index` as they are made; ends (and its ffmpeg with it) when the caller stops reading. */
    async *part(film: Film, chosen: Chosen, index: number, signal: AbortSignal): AsyncGenerator<Buffer> {
      const part = partOf(chosen, index);
      const init = await initOf(film, part, signal);
      const lent = await lend(film.source);
      try {
        yield* tools.fragments({ ...part, url: lent.url }, init, signal);
      } finally {
        lent.release();
      }
    },

    /** A picture at a second of the film; null: a tenth into it. */
    async thumbnail(film: Film, atSeconds: number | null, signal: AbortSignal): Promise<Buffer> {
      const { durationSeconds, tracks } = await factsOf(film, signal);
      const video = tracks.find(({ type }) => type === 'video');
      if (video === undefined) throw new NotFound('media.no_track', 'This file has no picture.');
      const end = Math.max(0, Math.floor((durationSeconds ?? 0) - 1));
      const at = Math.min(end, Math.floor(atSeconds ?? (durationSeconds ?? 0) / 10));
      const key = JSON.stringify([film.key, at]);
      const cached = pictures.get(key);
      if (cached !== undefined) return cached;
      const picture = await lending(film.source, (url) => tools.thumbnail(url, video.index, at, signal));
      pictures.set(key, picture);
      return picture;
    },
  };
}

/** A rest of less than half a part goes with the one before it: it might have no key frame. */
function countOf({ durationSeconds }: Pick<Chosen, 'durationSeconds'>): number {
  return Math.max(1, Math.round(durationSeconds / PART_SECONDS));
}

function partOf(chosen: Chosen, index: number): Omit<Part, 'url'> {
  const { videoIndex, audioIndex, facts } = chosen;
  const last = countOf(chosen) - 1;
  if (index > last) throw new NotFound('media.no_part', 'The film ends before this part.');
  const startSeconds = index * PART_SECONDS;
  return {
    ...{ startSeconds, videoIndex, audioIndex },
    // Whatever there is at the end, if the length was told a little short.
    endSeconds: index === last ? Number.MAX_SAFE_INTEGER : startSeconds + PART_SECONDS,
    codecs: codecsFor(facts, videoIndex, audioIndex),
  };
}

/** A media playlist of all parts (RFC 8216), so that a player may seek anywhere at once. */
export function playlistOf(chosen: Pick<Chosen, 'durationSeconds'>, query: string): string {
  const last = countOf(chosen) - 1;
  const lengths = Array.from({ length: last + 1 }, (_, index) =>
    index === last ? chosen.durationSeconds - last * PART_SECONDS : PART_SECONDS,
  );
  const parts = lengths.map((length, index) => `#EXTINF:${length.toFixed(3)},\n${index}.m4s${query}`);
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${Math.ceil(Math.max(...lengths.slice(-2)))}`,
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    `#EXT-X-MAP:URI="init.mp4${query}"`,
    ...parts,
    '#EXT-X-ENDLIST',
    '',
  ].join('\n');
}
