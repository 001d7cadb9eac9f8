import { contentTypeOf } from '../../kit/content-type.ts';
import { NotFound } from '../../kit/errors.ts';
import { filmOf } from '../film-of.ts';
import type { ByteSource, SwarmHealth } from '../kind.ts';
import type { OpenTorrent, TorrentEngine, TorrentFile, TorrentSpec, TorrentState } from './engine.ts';

/** A file of a torrent as bytes: by its index, or without one the film. `close` lets the engine forget the torrent. */
export async function openFile(
  engine: TorrentEngine,
  spec: TorrentSpec,
  fileIndex: number | null,
  signal: AbortSignal,
): Promise<ByteSource> {
  const torrent = await engine.open(spec, signal);
  try {
    return sourceOf(
      torrent,
      fileIndex === null ? filmOf(torrent.files, 'torrent') : torrent.files[fileIndex],
    );
  } catch (error) {
    torrent.close();
    throw error;
  }
}

function sourceOf(torrent: OpenTorrent, file: TorrentFile | undefined): ByteSource {
  if (file === undefined) throw new NotFound('play.no_file', 'This torrent has no such file.');
  return {
    size: file.sizeBytes,
    contentType: contentTypeOf(file.path),
    // The info hash stands for every byte.
    etag: `"${torrent.infoHash}-${file.index}"`,
    lastModified: null,
    swarm: () => healthOf(torrent.state()),
    send: (range, sink, signal) => torrent.read(file.index, range, sink, signal),
    close: async () => torrent.close(),
  };
}

/** Less is what is left of an average when nothing comes any more. */
const MIN_RATE = 1000;

/** Its figures as the live list and the add-on tell them. */
export function healthOf(state: TorrentState | null): SwarmHealth | null {
  if (state === null) return null;
  const { peers, unchoked: giving, bytesPerSecond, piecesHeld, pieceCount } = state;
  const measured = bytesPerSecond < MIN_RATE ? 0 : Math.round(bytesPerSecond);
  return { peers, giving, bytesPerSecond: measured, piecesHeld, pieceCount };
}
