import type { Volume } from './archive.ts';
import { ArchiveRefused } from './archive.ts';
import { damaged } from './header-bytes.ts';

/** At the start of a volume: small against an article (300 KB and more), large against what headers there are. */
const HEAD_BYTES = 16 * 1024;
/** Behind it a larger one would more often reach into another article. */
const WINDOW_BYTES = 4 * 1024;

/** A volume as headers are read from it: neighbours come from one read. */
export type VolumeWindow = {
  readonly name: string;
  /** Known after the first read. */
  sizeBytes(): number;
  /** Exactly these bytes; refuses the archive where the volume ends before. */
  bytes(offset: number, length: number): Promise<Buffer>;
  /** As many of them as the volume has. */
  upTo(offset: number, length: number): Promise<Buffer>;
};

/** A volume whose first bytes are read once, however many ask: what it is, its headers, and the file behind them. */
export function rememberingHead(volume: Volume): Volume {
  let head: Buffer | null = null;
  return {
    name: volume.name,
    get sizeBytes() {
      return volume.sizeBytes;
    },
    async read(offset, length, signal) {
      if (offset === 0 && head === null && length <= HEAD_BYTES)
        head = await volume.read(0, HEAD_BYTES, signal);
      const isHeld = head !== null && (offset + length <= head.length || head.length === volume.sizeBytes);
      return isHeld && head ? head.subarray(offset, offset + length) : volume.read(offset, length, signal);
    },
  };
}

export function createWindow(volume: Volume, signal: AbortSignal): VolumeWindow {
  let from = 0;
  let held: Buffer = Buffer.alloc(0);

  async function upTo(offset: number, length: number): Promise<Buffer> {
    if (offset < from || offset + length > from + held.length) await fill(offset, length);
    return held.subarray(offset - from, offset - from + length);
  }

  async function fill(offset: number, length: number): Promise<void> {
    const { sizeBytes } = volume;
    if (sizeBytes !== null && offset >= sizeBytes) {
      [held, from] = [Buffer.alloc(0), offset];
      return;
    }
    // At the end of a volume its last bytes are wanted, not a window behind it.
    const wanted = Math.max(length, offset === 0 ? HEAD_BYTES : WINDOW_BYTES);
    const left = sizeBytes === null ? wanted : sizeBytes - offset;
    signal.throwIfAborted();
    held = await volume.read(offset, Math.min(wanted, left), signal);
    from = offset;
  }

  return {
    name: volume.name,
    sizeBytes: () => sizeOf(volume),
    upTo,
    async bytes(offset, length) {
      const found = await upTo(offset, length);
      if (found.length < length) throw damaged(`“${volume.name}” ends too early`);
      return found;
    },
  };
}

export function sizeOf(volume: Volume): number {
  const { sizeBytes } = volume;
  if (sizeBytes === null)
    throw new ArchiveRefused('incomplete', `The size of “${volume.name}” is not known.`);
  return sizeBytes;
}
