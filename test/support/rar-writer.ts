import { randomBytes } from 'node:crypto';
import type { RarFormat, RarInput, RarOptions, RarPart } from './rar-format.ts';
import { rar4Format } from './rar4-format.ts';
import { rar5Format } from './rar5-format.ts';

/** A stored RAR archive in volumes, as RAR itself writes them (`-m0 -v…b`). */
export function writeRar(
  inputs: readonly RarInput[],
  options: RarOptions,
): { name: string; bytes: Buffer }[] {
  const format = options.version === 5 ? rar5Format(options) : rar4Format(options);
  const volumes = new RarVolumes(format, options);
  for (const file of inputs) volumes.add(file, options.password ? format.encrypt(file.bytes) : null);
  const written = volumes.close();
  return written.map((bytes, index) => ({ name: nameOf(index, written.length, options), bytes }));
}

class RarVolumes {
  readonly #format: RarFormat;
  readonly #volumeBytes: number;
  readonly #isVolume: boolean;
  readonly #unevenAt: number;
  readonly #recovery: Buffer;
  readonly #done: Buffer[] = [];
  #parts: Buffer[];

  constructor(format: RarFormat, { volumeBytes, recoveryBytes = 0, unevenAt = -2 }: RarOptions) {
    this.#format = format;
    this.#unevenAt = unevenAt;
    this.#isVolume = volumeBytes !== undefined;
    this.#volumeBytes = volumeBytes ?? Number.POSITIVE_INFINITY;
    this.#recovery = recoveryBytes > 0 ? format.recovery(Buffer.alloc(recoveryBytes, 7)) : Buffer.alloc(0);
    this.#parts = [format.begin(0, this.#isVolume)];
  }

  add(file: RarInput, encrypted: ReturnType<RarFormat['encrypt']> | null): void {
    const all = encrypted?.data ?? file.bytes;
    const lock = encrypted?.lock ?? null;
    const part = (data: Buffer, at: number): RarPart => ({
      ...{ file, data, lock, fromPrevious: at > 0 },
      intoNext: at + data.length < all.length,
    });
    let at = 0;
    do {
      if (this.#room(part(all.subarray(at), at)) < 1) this.#next();
      let data = all.subarray(at, at + Math.max(1, this.#room(part(all.subarray(at), at))));
      // The header's length may change with the length of what follows it.
      const room = Math.max(1, this.#room(part(data, at)));
      data = all.subarray(at, at + Math.min(room, all.length - at));
      this.#parts.push(this.#format.file(part(data, at)), data);
      at += data.length;
      if (at < all.length) this.#next();
    } while (at < all.length);
  }

  close(): Buffer[] {
    this.#finish(false);
    return this.#done;
  }

  #room(part: RarPart): number {
    if (!this.#isVolume) return Math.max(1, part.data.length);
    const used = this.#parts.reduce((sum, { length }) => sum + length, 0);
    const end = this.#format.end(this.#done.length, true, true).length + this.#recovery.length;
    const uneven =
      this.#done.length === this.#unevenAt ? -100 : this.#done.length === this.#unevenAt + 1 ? 100 : 0;
    return this.#volumeBytes + uneven - used - this.#format.file({ ...part, intoNext: true }).length - end;
  }

  #next(): void {
    this.#finish(true);
    this.#parts = [this.#format.begin(this.#done.length, this.#isVolume)];
  }

  #finish(hasNext: boolean): void {
    const end = this.#format.end(this.#done.length, hasNext, this.#isVolume);
    this.#done.push(Buffer.concat([...this.#parts, this.#recovery, end]));
  }
}

function nameOf(
  index: number,
  total: number,
  { base = 'film', naming = 'new', volumeBytes }: RarOptions,
): string {
  if (naming === 'random') return randomBytes(12).toString('hex');
  if (volumeBytes === undefined) return `${base}.rar`;
  const width = naming === 'short' ? 1 : String(total).length;
  if (naming !== 'old') return `${base}.part${String(index + 1).padStart(width, '0')}.rar`;
  if (index === 0) return `${base}.rar`;
  const letter = String.fromCharCode('r'.charCodeAt(0) + Math.floor((index - 1) / 100));
  return `${base}.${letter}${String((index - 1) % 100).padStart(2, '0')}`;
}
