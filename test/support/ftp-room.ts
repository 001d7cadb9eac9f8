import { createHash } from 'node:crypto';
import type { FtpPoolOptions } from '../../src/platform/ftp/pool.ts';
import { ftpKind } from '../../src/streams/ftp/index.ts';
import { asReadable, type ByteSink, type ByteSource } from '../../src/streams/kind.ts';
import { type FtpServer, startFtpServer } from './ftp-server.ts';
import { openKindDeps } from './kind-deps.ts';

export const MIB = 1024 * 1024;
export const NEVER = new AbortController().signal;
export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Bytes that tell where they were. */
export function filmOf(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8) * 7 + (at >> 16)) & 255));
}

export type FtpRoom = AsyncDisposable & {
  server: FtpServer;
  /** A source of the file; another kind (as another instance) with `isNew`. */
  open(path?: string, login?: string): Promise<ByteSource>;
  kind: ReturnType<typeof ftpKind>;
  url(path?: string, login?: string): string;
};

export type FtpRoomOptions = FtpPoolOptions & { tls?: Parameters<typeof startFtpServer>[1]; scheme?: string };

/** One film on a server that can be told to fail, and the kind that reads it. */
export async function openFtpRoom(
  files: ReadonlyMap<string, Buffer>,
  { tls, scheme = 'ftp', ...ftp }: FtpRoomOptions = {},
): Promise<FtpRoom> {
  const held = await openKindDeps();
  const server = await startFtpServer(files, tls);
  const kind = ftpKind({ ...held.deps, ftp });
  const url = (path = 'film.mkv', login = '') => `${scheme}://${login}127.0.0.1:${server.port}/${path}`;
  return {
    server,
    kind,
    url,
    async open(path, login) {
      if (kind.open === undefined) throw new Error('ftp cannot open');
      return await kind.open({ detail: kind.parse({ url: url(path, login) }), fileIndex: null }, NEVER);
    },
    async [Symbol.asyncDispose]() {
      await kind.close?.();
      await server.stop();
      await held.close();
    },
  };
}

export const readRange = async (source: ByteSource, start: number, end: number) =>
  Buffer.concat(await asReadable(source, { start, end }, NEVER).toArray());

/** Takes so many bytes and no more, until `goOn`. */
export function stallingSink(most: number): ByteSink & { bytes(): number; goOn(): void } {
  let [taken, isOpen] = [0, false];
  let drain = () => {};
  return {
    write(chunk, done) {
      taken += chunk.length;
      done();
      return isOpen || taken < most;
    },
    onDrain(listener) {
      drain = listener;
    },
    bytes: () => taken,
    goOn() {
      isOpen = true;
      drain();
    },
  };
}
