import bencode from 'bencode';
import { z } from 'zod';
import { BadInput } from '../../../kit/errors.ts';
import type { TorrentFile } from '../engine.ts';
import { invalid } from '../info-hash.ts';
import { isPadding } from '../padding.ts';

/** Where everything is in a torrent (BEP 3 `info`). */
export type Layout = {
  name: string;
  pieceLength: number;
  pieceCount: number;
  totalBytes: number;
  /** 20 bytes a piece. */
  hashes: Buffer;
  files: readonly TorrentFile[];
  /** A single file, not a folder of some: web seeds are addressed otherwise (BEP 19). */
  isSingleFile: boolean;
  /** Files of zeros that nobody has (BEP 47), by their index. */
  padding: ReadonlySet<number>;
  isPrivate: boolean;
};

/** What BEP 3 clients ask for at a time; a larger request is refused by most. */
export const BLOCK_BYTES = 16 * 1024;
/** Smaller pieces than a block exist to make a table of millions; larger ones than this would not fit beside each other in memory. */
const [MIN_PIECE_BYTES, MAX_PIECE_BYTES] = [BLOCK_BYTES, 64 * 1024 * 1024];
const MAX_PIECES = 500_000;
const MAX_FILES = 100_000;

const Bytes = z.instanceof(Uint8Array);
const Text = Bytes.transform((bytes) => Buffer.from(bytes).toString('utf8'));
const Length = z.int().min(0);
const Info = z.object({
  name: Text,
  'piece length': z.int().min(1),
  pieces: Bytes,
  length: Length.optional(),
  files: z
    .array(
      z.object({
        length: Length,
        path: z.array(Text),
        'path.utf-8': z.array(Text).optional(),
        attr: Text.optional(),
      }),
    )
    .max(MAX_FILES)
    .optional(),
  private: z.int().optional(),
});

/** Reads an `info` dictionary whose hash has been checked; throws BadInput `torrent.invalid` or `torrent.pieces`. */
export function readLayout(info: Uint8Array): Layout {
  const parsed = Info.safeParse(decode(info));
  if (!parsed.success) throw invalid();
  const { name, pieces, length, files = [], private: secret, 'piece length': pieceLength } = parsed.data;
  const listed =
    length === undefined
      ? files.map((file) => ({ path: (file['path.utf-8'] ?? file.path).join('/'), sizeBytes: file.length }))
      : [{ path: name, sizeBytes: length }];
  let totalBytes = 0;
  const placed = listed.map((file, index) => {
    const offset = totalBytes;
    totalBytes += file.sizeBytes;
    return { index, ...file, offset };
  });
  const pieceCount = Math.ceil(totalBytes / pieceLength);
  if (!Number.isSafeInteger(totalBytes) || pieceCount === 0 || pieces.length !== pieceCount * 20)
    throw invalid();
  const isOdd = pieceLength > MAX_PIECE_BYTES || (pieceLength < MIN_PIECE_BYTES && pieceCount > 1);
  if (isOdd || pieceCount > MAX_PIECES)
    throw new BadInput('torrent.pieces', 'This torrent is cut into pieces that cannot be streamed.');
  const hashes = Buffer.from(pieces);
  const isSingleFile = length !== undefined;
  const padding = new Set(
    placed.filter(({ index, path }) => isPadding(path, files[index]?.attr)).map(({ index }) => index),
  );
  return {
    ...{ name, pieceLength, pieceCount, totalBytes, hashes, files: placed },
    ...{ isSingleFile, padding, isPrivate: secret === 1 },
  };
}

function decode(info: Uint8Array): unknown {
  try {
    return bencode.decode(info);
  } catch {
    throw invalid();
  }
}

/** The last piece is shorter. */
export function pieceBytesOf({ pieceLength, totalBytes }: Layout, index: number): number {
  return Math.min(pieceLength, totalBytes - index * pieceLength);
}
