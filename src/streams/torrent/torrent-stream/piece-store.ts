import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Storage } from 'torrent-stream';
import { writeWhole } from '../../../platform/write-whole.ts';

/** So much may wait for a slow disk before readers wait for it too. */
const MAX_UNWRITTEN_BYTES = 16 * 1024 * 1024;

/**
 * The checked pieces of one torrent in one sparse file. The library's own store names files as the torrent does, which may be
 * `../../etc/passwd`.
 */
export class PieceStore implements Storage {
  readonly #path: string;
  readonly #pieceLength: number;
  readonly #onBroken: (error: Error) => void;
  readonly #written = new Set<number>();
  readonly #writing = new Set<Promise<void>>();
  #file: Promise<FileHandle> | null = null;
  #unwrittenBytes = 0;

  constructor(path: string, pieceLength: number, onBroken: (error: Error) => void) {
    this.#path = path;
    this.#pieceLength = pieceLength;
    this.#onBroken = onBroken;
  }

  put(index: number, bytes: Buffer, done: (error?: Error | null) => void): void {
    this.#unwrittenBytes += bytes.length;
    const writing = this.#write(index, bytes).then(
      () => done(null),
      (cause: unknown) => {
        const error = new Error('a piece could not be written', { cause });
        this.#onBroken(error);
        done(error);
      },
    );
    this.#writing.add(writing);
    void writing.finally(() => {
      this.#unwrittenBytes -= bytes.length;
      this.#writing.delete(writing);
    });
  }

  async #write(index: number, bytes: Buffer): Promise<void> {
    const file = await this.#opened();
    await writeWhole(file, bytes, index * this.#pieceLength);
    this.#written.add(index);
  }

  #opened(): Promise<FileHandle> {
    this.#file ??= mkdir(dirname(this.#path), { recursive: true, mode: 0o700 }).then(() =>
      open(this.#path, 'w+', 0o600),
    );
    return this.#file;
  }

  /** `part` null: all of it, as the library asks when it begins; a fresh store has nothing then. */
  get(
    index: number,
    part: { offset?: number; length?: number } | null,
    done: (error: Error | null, bytes?: Buffer) => void,
  ): void {
    const { offset = 0, length = 0 } = part ?? {};
    this.#read(index, offset, length).then(
      (bytes) => done(null, bytes),
      (cause: unknown) => done(new Error('a piece could not be read', { cause })),
    );
  }

  async #read(index: number, offset: number, length: number): Promise<Buffer> {
    if (!this.#written.has(index)) throw new Error('it is not here');
    const bytes = Buffer.allocUnsafe(length);
    const file = await this.#opened();
    const { bytesRead } = await file.read(bytes, 0, length, index * this.#pieceLength + offset);
    if (bytesRead < length) throw new Error('the file is too short');
    return bytes;
  }

  /** Resolves when the disk is not far behind. */
  async caughtUp(): Promise<void> {
    while (this.#unwrittenBytes > MAX_UNWRITTEN_BYTES) await Promise.race(this.#writing);
  }

  close(done: (error?: Error | null) => void = () => {}): void {
    this.#close().then(
      () => done(null),
      () => done(null),
    );
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#writing);
    await (await this.#file)?.close();
  }
}
