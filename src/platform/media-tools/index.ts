import { basename, dirname, join } from 'node:path';
import { AppError } from '../../kit/errors.ts';
import { isBrowserAudio, isBrowserVideo, isTextSubtitle, type MediaFacts } from '../../kit/media-facts.ts';
import { BadFragments, fragmentsIn, readInit, videoClockOf } from '../../kit/mp4-fragments.ts';
import { abortable } from '../abortable.ts';
import type { Log } from '../log.ts';
import {
  type Codecs,
  type Cut,
  fragmentArgs,
  OFFSET_SECONDS,
  probeArgs,
  subtitleArgs,
  thumbnailArgs,
} from './command.ts';
import { factsOfProbe } from './probe.ts';
import { outputOf, ProgramMissing, type Run, wholeOutputOf } from './run.ts';
import { createSlots } from './slots.ts';

/** Said of ffmpeg wherever its absence shows. */
const INSTALL_FFMPEG =
  'Install ffmpeg (Debian: apt-get install ffmpeg) or set FFMPEG_PATH; ffprobe belongs beside it.';

export type ToolsState = { isAvailable: true; version: string } | { isAvailable: false; reason: string };

/** A part of a film for players that take no other container; see `fragmentsOf`. */
export type Part = Cut & { endSeconds: number; codecs: Codecs };

/**
 * ffmpeg and ffprobe. Every `url` must be a loopback one made for this run (`play/lend.ts`): they connect by themselves,
 * past the guarded dialer. Every call waits for a free core, ends with its signal, and throws AppError `media.*`:
 * `missing` (503), `busy` (503), `timeout` (504), `failed` (502), `unreadable` (422), `no_track` (404).
 */
export type MediaTools = {
  /** Looked up once and again by `isFresh`. */
  available(isFresh?: boolean): Promise<ToolsState>;
  /** At most 10 s. */
  probe(url: string, signal: AbortSignal): Promise<MediaFacts>;
  /** An embedded text subtitle as SRT or ASS bytes; the whole file is read for it, 3 minutes at most. */
  subtitles(url: string, track: { index: number; codec: string }, signal: AbortSignal): Promise<Uint8Array>;
  /** A JPEG of the picture at or before a moment. */
  thumbnail(url: string, videoIndex: number, atSeconds: number, signal: AbortSignal): Promise<Buffer>;
  /** What a player of fragmented MP4 reads first. */
  init(part: Part, signal: AbortSignal): Promise<Buffer>;
  /** The fragments whose key frame lies in the part, as they are made; `init` is that of the same file and codecs. */
  fragments(part: Part, init: Buffer, signal: AbortSignal): AsyncGenerator<Buffer>;
  running(): number;
};

const PROBE_MS = 10_000;
const SILENCE_MS = 20_000;
const SUBTITLES_MS = 180_000;
const PART_MS = 120_000;
const MAX_PROBE_CHARS = 1_048_576;
const MAX_PICTURE_BYTES = 2 * 1_048_576;
const MAX_SUBTITLE_BYTES = 10 * 1_048_576;
const MAX_WAITING = 64;

export function createMediaTools(options: { ffmpegPath: string; cores: number; log: Log }): MediaTools {
  const { ffmpegPath, cores, log } = options;
  const ffprobePath = besides(ffmpegPath);
  const slots = createSlots(Math.max(1, cores), MAX_WAITING);
  let state: Promise<ToolsState> | null = null;

  const ffmpeg = (args: readonly string[], signal: AbortSignal, silenceMs: number, totalMs: number): Run => ({
    ...{ program: ffmpegPath, args, signal, silenceMs, totalMs, log },
  });

  /** One run in its slot. */
  async function* taking(run: Run): AsyncGenerator<Buffer> {
    const giveBack = await slots.take(run.signal);
    try {
      yield* outputOf(run);
    } catch (error) {
      throw error instanceof ProgramMissing ? missing(error) : error;
    } finally {
      giveBack();
    }
  }

  async function whole(run: Run, maxBytes: number): Promise<Buffer> {
    const giveBack = await slots.take(run.signal);
    try {
      return await wholeOutputOf(run, maxBytes);
    } catch (error) {
      throw error instanceof ProgramMissing ? missing(error) : error;
    } finally {
      giveBack();
    }
  }

  const partRun = (part: Part, signal: AbortSignal) =>
    ffmpeg(fragmentArgs(part, part.codecs), signal, SILENCE_MS, PART_MS);

  return {
    available(isFresh = false) {
      if (state === null || isFresh) state = versionOf(ffmpegPath, ffprobePath, log);
      return state;
    },
    async probe(url, signal) {
      const run = { ...ffmpeg(probeArgs(url), signal, PROBE_MS, PROBE_MS), program: ffprobePath };
      return factsOfProbe((await whole(run, MAX_PROBE_CHARS)).toString('utf8'));
    },
    subtitles(url, { index, codec }, signal) {
      if (!isTextSubtitle({ type: 'subtitle', codec })) throw noTrack();
      const isAss = codec === 'ass' || codec === 'ssa';
      return whole(
        ffmpeg(subtitleArgs(url, index, isAss), signal, SUBTITLES_MS, SUBTITLES_MS),
        MAX_SUBTITLE_BYTES,
      );
    },
    async thumbnail(url, videoIndex, atSeconds, signal) {
      const run = ffmpeg(thumbnailArgs(url, videoIndex, atSeconds), signal, SILENCE_MS, SILENCE_MS);
      const picture = await whole(run, MAX_PICTURE_BYTES);
      if (picture.length === 0) throw noTrack();
      return picture;
    },
    async init(part, signal) {
      return asFilm(() => readInit(taking(partRun(part, signal))));
    },
    async *fragments(part, init, signal) {
      const clock = videoClockOf(init);
      if (clock === null) throw noTrack();
      const isFromStart = part.startSeconds === 0;
      const window = {
        ...clock,
        from: isFromStart ? 0 : part.startSeconds + OFFSET_SECONDS,
        to: part.endSeconds + OFFSET_SECONDS,
      };
      let isEmpty = true;
      for await (const piece of fragmentsIn(taking(partRun(part, signal)), window)) {
        isEmpty = false;
        yield piece;
      }
      // Key frames more than a part apart: the fragment that runs through this one, once more.
      if (isEmpty) yield* fragmentsIn(taking(partRun(part, signal)), { ...window, isFirstTaken: true });
    },
    running: () => slots.running(),
  };
}

/** How a track gets into fragmented MP4: as it is where browsers take it, encoded anew as the last resort. */
export function codecsFor(facts: MediaFacts, videoIndex: number, audioIndex: number | null): Codecs {
  const track = (index: number | null) => facts.tracks.find((each) => each.index === index);
  const [video, audio] = [track(videoIndex), track(audioIndex)];
  return {
    video: video !== undefined && isBrowserVideo(video) ? 'copy' : 'libx264',
    audio: audio === undefined || isBrowserAudio(audio) ? 'copy' : 'aac',
  };
}

async function asFilm<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BadFragments)) throw error;
    throw new AppError('media.unreadable', 'This file cannot be read as a film.', {
      status: 422,
      cause: error,
    });
  }
}

function noTrack(): AppError {
  return new AppError('media.no_track', 'This file has no such track.', { status: 404 });
}

function missing(cause: unknown): AppError {
  return new AppError('media.missing', 'ffmpeg is not installed on this server. Its owner can install it.', {
    status: 503,
    cause,
  });
}

/** `/opt/ffmpeg` → `/opt/ffprobe`; a bare name stays one, to be looked for in PATH. */
function besides(ffmpegPath: string): string {
  const name = basename(ffmpegPath).replace(/ffmpeg/i, 'ffprobe');
  const probe = name.startsWith('ffprobe') ? name : 'ffprobe';
  return /[/\\]/.test(ffmpegPath) ? join(dirname(ffmpegPath), probe) : probe;
}

const VERSION_MS = 5000;

async function versionOf(ffmpegPath: string, ffprobePath: string, log: Log): Promise<ToolsState> {
  const ask = async (program: string) => {
    const signal = AbortSignal.timeout(VERSION_MS);
    const run = { program, args: ['-version'], signal, silenceMs: VERSION_MS, totalMs: VERSION_MS, log };
    return (await abortable(wholeOutputOf(run, 65_536), signal)).toString('utf8');
  };
  try {
    const [version] = await Promise.all([ask(ffmpegPath), ask(ffprobePath)]);
    return { isAvailable: true, version: /version (\S{1,60})/.exec(version)?.[1] ?? 'unknown' };
  } catch {
    return { isAvailable: false, reason: `not found. ${INSTALL_FFMPEG}` };
  }
}
