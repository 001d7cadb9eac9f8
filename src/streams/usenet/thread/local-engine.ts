import { NotFound } from '../../../kit/errors.ts';
import type { ByteRange } from '../../../kit/range.ts';
import type { Net } from '../../../platform/net.ts';
import type { SlabMemory } from '../../slab-memory.ts';
import type { ArticleDisk } from '../articles/disk.ts';
import type { Padding } from '../articles/padding.ts';
import type { LearnedFile, Part } from '../articles/part.ts';
import { createPostedFile, type SeekableFile } from '../articles/posted-file.ts';
import { type ArticleStore, createArticleStore } from '../articles/store.ts';
import type { Learned, ReleaseFile, ReleaseHealth, ReleaseState, UsenetSpec } from '../engine.ts';
import { healthOf } from '../health.ts';
import { nameOfSubject } from '../names/subject.ts';
import type { ConnectionTimes } from '../nntp/connection.ts';
import type { NzbFile } from '../nzb/nzb.ts';
import { createAllProviders } from '../providers/all-providers.ts';
import type { Provider, ProviderState } from '../providers/provider.ts';
import { GuessLooks } from '../release/guess-looks.ts';
import { openRelease } from '../release/open-release.ts';
import { OpenReleases } from '../release/opened.ts';
import { readFile } from '../release/read-file.ts';
import { isHole, toAppError } from '../release/refusals.ts';
import type { Release, ReleaseEntry } from '../release/release.ts';
import type { Yenc } from '../yenc/decoder.ts';

export type LocalEngineDeps = {
  net: Pick<Net, 'dial'>;
  yenc: Yenc;
  memory: SlabMemory;
  disk: ArticleDisk;
  providers: readonly Provider[];
  times?: Partial<ConnectionTimes>;
  /** It is worth keeping. */
  onLearned(key: string, learned: Learned): void;
  /** Something of it is gone from every provider; told once while it is open. */
  onGone(key: string): void;
};

export type ReadWhat = {
  key: string;
  fileIndex: number;
  range: ByteRange;
  /** Short holes in a film are filled with nothing. */
  fillsHoles: boolean;
};

/** Releases and their bytes, in the thread that runs it. Whatever rejects says so in an AppError where a viewer can do something with it. */
export type LocalEngine = {
  /** Null where nobody has it open; else one user more, as with `open`. */
  reopen(key: string, signal: AbortSignal): Promise<readonly ReleaseFile[] | null>;
  open(spec: UsenetSpec, signal: AbortSignal): Promise<readonly ReleaseFile[]>;
  /** One user less. */
  release(key: string): void;
  /** Parts of a half-open range, in order; rejects in the middle where an article cannot be had. */
  read(what: ReadWhat, signal: AbortSignal): AsyncGenerator<Part>;
  health(spec: UsenetSpec, signal: AbortSignal): Promise<ReleaseHealth>;
  /** To be called each second: how each that is read is doing. */
  tick(): ReleaseState[];
  providers(): ProviderState[];
  /** Articles on their way and in memory, and what they hold of it. */
  usage(): ReturnType<ArticleStore['state']>;
  close(): Promise<void>;
};

/** The most that one viewer may have ahead (criterion 38). */
const MAX_WINDOW_BYTES = 64 * 1024 * 1024;
/** Of the memory, for articles that nobody wants right now. */
const CACHE_SHARE = 0.5;

export function createLocalEngine(deps: LocalEngineDeps): LocalEngine {
  const { net, yenc, memory, disk, providers, times, onLearned, onGone } = deps;
  const articles = createAllProviders({ net, yenc, providers, ...(times === undefined ? {} : { times }) });
  const cacheBytes = memory.limitBytes * CACHE_SHARE;
  const store = createArticleStore({ articles, yenc, memory, disk, cacheBytes });
  const releases = new OpenReleases({
    open: (spec, signal) => openRelease(spec, { posted }, signal),
    onLearned,
    onGone,
    onLeft: (key) => looks.stop(key),
  });
  const looks = new GuessLooks();
  let viewers = 0;

  function posted(file: NzbFile, learned: LearnedFile | null, onNews: () => void): SeekableFile {
    viewers += 1;
    const { segments, missing, subject } = file;
    const name = nameOfSubject(subject) ?? '';
    return createPostedFile({ store, segments, missing, name, learned, onLearned: onNews, viewer: viewers });
  }

  async function* read(
    { key, fileIndex, range, fillsHoles }: ReadWhat,
    signal: AbortSignal,
  ): AsyncGenerator<Part> {
    const release = await releases.of(key);
    const entry = entryOf(release, fileIndex);
    viewers += 1;
    const viewer = viewers;
    const reading = releases.reading(key);
    const windowBytes = () => Math.min(MAX_WINDOW_BYTES, store.shareBytes());
    const padding = fillsHoles ? entry.padding : null;
    const filledBefore = filledOf(padding);
    const options = { store, memory, files: release.posted, viewer, windowBytes, range, signal, padding };
    let at = range.start;
    try {
      for await (const part of readFile(entry, options)) {
        const bytes = part.to - part.from;
        reading.count(bytes);
        yield part;
        at += bytes;
        looks.moved(key, entry.guesses, at);
      }
      if (filledOf(padding) > filledBefore) reading.missed();
    } catch (error) {
      if (isHole(error)) reading.missed();
      throw toAppError(error);
    } finally {
      reading.end();
    }
  }

  return {
    reopen: (key, signal) => inWords(releases.reopen(key, signal)),
    open: (spec, signal) => inWords(releases.open(spec, signal)),
    release: (key) => releases.release(key),
    read,
    health: (spec, signal) => healthOf(spec, articles, signal),
    tick: () => releases.tick(),
    providers: () => articles.states(),
    usage: () => store.state(),
    async close() {
      looks.close();
      releases.tellNews();
      await store.close();
      await disk.close();
      await articles.close();
    },
  };
}

function entryOf({ files }: Release, fileIndex: number): ReleaseEntry {
  const entry = files.find(({ index }) => index === fileIndex);
  if (entry === undefined) throw new NotFound('play.no_file', 'This post has no such file.');
  return entry;
}

/** Parts that were made of nothing. */
function filledOf(padding: Padding | null): number {
  return padding === null ? 0 : padding.padded().parts;
}

async function inWords<T>(opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    throw toAppError(error);
  }
}
