import { contentTypeOf } from '../../kit/content-type.ts';
import { NotFound } from '../../kit/errors.ts';
import { filmOf } from '../film-of.ts';
import type { ByteSource } from '../kind.ts';
import type { OpenRelease, UsenetEngine, UsenetSpec } from './engine.ts';

/** A file of a post as bytes: by its index, or without one the film. `close` lets the engine forget the post. */
export async function openFile(
  engine: Pick<UsenetEngine, 'open'>,
  { key, load }: { key: string; load(): Promise<UsenetSpec> },
  fileIndex: number | null,
  signal: AbortSignal,
): Promise<ByteSource> {
  const release = await engine.open(key, load, signal);
  try {
    return sourceOf(release, fileIndex);
  } catch (error) {
    release.close();
    throw error;
  }
}

function sourceOf(release: OpenRelease, fileIndex: number | null): ByteSource {
  const { files, key } = release;
  const file = fileIndex === null ? filmOf(files, 'post') : files.find(({ index }) => index === fileIndex);
  if (file === undefined) throw new NotFound('play.no_file', 'This post has no such file.');
  const postOf = () => {
    const state = release.state();
    return state === null ? null : { bytesPerSecond: state.bytesPerSecond, missing: state.missing };
  };
  return {
    size: file.sizeBytes,
    contentType: contentTypeOf(file.path),
    // The key is of all articles: the same ones hold the same bytes.
    etag: `"${key}-${file.index}"`,
    lastModified: null,
    post: postOf,
    send: (range, sink, signal) => release.read(file.index, range, sink, signal),
    close: async () => release.close(),
  };
}
