import type { Stretch } from '../articles/part.ts';
import { ArchiveRefused, type Extent, type Volume } from './archive.ts';
import { cipherRange, createDecryptor } from './decrypting.ts';
import { damaged } from './header-bytes.ts';
import { STEP_BYTES } from './read-long.ts';
import { layoutOver, type StoredFile, type StoredLayout } from './stored-file.ts';

/** What carries a file: posted files for the outermost archive, its files for one inside. */
type Carrier = Pick<StoredFile, 'layout' | 'cipher' | 'sizeBytes' | 'path'>;

/** A file of an inner archive, whose volumes are files of an outer one, as it lies in the outer one's volumes. */
export function carried(file: StoredFile, carriers: readonly Carrier[]): StoredFile {
  const layouts = carriers.map(({ layout }) => layout);
  if (carriers.every(({ cipher }) => cipher === null))
    return { ...file, layout: composed(file.layout, layouts) };
  const [extent, ...more] = file.layout.extents();
  const carrier = carriers[extent?.volume ?? 0];
  if (!extent || !carrier?.cipher || more.length > 0 || file.cipher)
    return { ...file, refusal: twice(file.path) };
  return { ...file, ...within(carrier, extent.offset, extent.length) };
}

function twice(path: string): ArchiveRefused {
  return new ArchiveRefused(
    'unsupported',
    `“${path}” is in several archives that are encrypted within another.`,
  );
}

/** Bytes of an encrypted file as a file of their own. */
export function within(
  { layout, cipher }: Pick<StoredFile, 'layout' | 'cipher'>,
  offset: number,
  length: number,
): Pick<StoredFile, 'layout' | 'cipher'> {
  const from = offset + (cipher?.skipBytes ?? 0);
  const range = cipher ? cipherRange(from, from + length) : { start: from, end: from + length };
  if (range.end > layout.sizeBytes) throw damaged('a file in it is longer than what it lies in');
  const part = { volume: 0, offset: range.start, length: range.end - range.start, isGuessed: false };
  return {
    layout: composed(layoutOver(length > 0 ? [part] : []), [layout]),
    cipher: cipher && { ...cipher, skipBytes: from - range.start },
  };
}

/** A layout over files that have layouts themselves. */
function composed(inner: StoredLayout, carriers: readonly StoredLayout[]): StoredLayout {
  const carrierOf = ({ volume }: Stretch): StoredLayout => {
    const carrier = carriers[volume];
    if (!carrier) throw damaged('a volume of it is lacking');
    return carrier;
  };
  return {
    sizeBytes: inner.sizeBytes,
    guess(offset) {
      const stretch = inner.guess(offset);
      return shortened(carrierOf(stretch).guess(stretch.offset), stretch);
    },
    locate(offset, signal) {
      const found = inner.locate(offset, signal);
      const outer = (stretch: Stretch) => {
        const lies = carrierOf(stretch).locate(stretch.offset, signal);
        return lies instanceof Promise ? lies.then((at) => shortened(at, stretch)) : shortened(lies, stretch);
      };
      return found instanceof Promise ? found.then(outer) : outer(found);
    },
    extents: (from, to) => inner.extents(from, to).flatMap((extent) => projected(extent, carrierOf(extent))),
    confirm(offset, signal) {
      const stretch = inner.guess(offset);
      return carrierOf(stretch).confirm(stretch.offset, signal);
    },
    settle(read) {
      for (const carrier of carriers) carrier.settle(read);
    },
  };
}

function shortened(outer: Stretch, inner: Stretch): Stretch {
  return { ...outer, length: Math.min(outer.length, inner.length) };
}

function projected({ offset, length, isGuessed }: Extent, carrier: StoredLayout): Extent[] {
  const outer = carrier.extents(offset, offset + length);
  return outer.map((extent) => ({ ...extent, isGuessed: extent.isGuessed || isGuessed }));
}

/** A file of an archive as a volume of one inside: read and decrypted for its headers only. */
export function carrierVolume(file: Carrier, volumes: readonly Volume[]): Volume {
  return {
    name: file.path,
    sizeBytes: file.sizeBytes,
    read: (offset, length, signal) =>
      readStored(file, volumes, offset, Math.min(length, file.sizeBytes - offset), signal),
  };
}

/** Few plain bytes of a file. */
export async function readStored(
  { layout, cipher }: Pick<StoredFile, 'layout' | 'cipher'>,
  volumes: readonly Volume[],
  offset: number,
  length: number,
  signal: AbortSignal,
): Promise<Buffer> {
  if (length <= 0) return Buffer.alloc(0);
  const decryptor = cipher && createDecryptor(cipher);
  if (!decryptor) return readLayout(layout, volumes, offset, length, signal);
  const { start, end } = decryptor.needs(offset, offset + length);
  const stored = await readLayout(layout, volumes, start, Math.min(end, layout.sizeBytes) - start, signal);
  return decryptor.stream(offset)(stored).subarray(0, length);
}

async function readLayout(
  layout: StoredLayout,
  volumes: readonly Volume[],
  offset: number,
  length: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let at = offset; at < offset + length; ) {
    const stretch = await layout.locate(at, signal);
    const wanted = Math.min(stretch.length, offset + length - at, STEP_BYTES);
    const part = await volumes[stretch.volume]?.read(stretch.offset, wanted, signal);
    if (!part || part.length < wanted) throw damaged('a volume of it is shorter than it should be');
    parts.push(part);
    at += wanted;
  }
  const [only, ...more] = parts;
  return only && more.length === 0 ? only : Buffer.concat(parts);
}
