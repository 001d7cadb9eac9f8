/** Which pieces somebody has; bit 0 is the highest of the first byte, as on the wire (BEP 3). */
export class Bitfield {
  readonly #bytes: Uint8Array;
  readonly size: number;

  constructor(size: number) {
    this.size = size;
    this.#bytes = new Uint8Array(Math.ceil(size / 8));
  }

  /** Null where it is not as long as `size` says, or bits after the last are set. */
  static of(bytes: Uint8Array, size: number): Bitfield | null {
    if (bytes.length !== Math.ceil(size / 8)) return null;
    const field = new Bitfield(size);
    for (let index = 0; index < bytes.length * 8; index += 1) {
      if (((bytes[index >> 3] ?? 0) & (0x80 >> (index & 7))) === 0) continue;
      if (index >= size) return null;
      field.set(index);
    }
    return field;
  }

  /** As it goes on the wire. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  has(index: number): boolean {
    return ((this.#bytes[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
  }

  set(index: number): void {
    if (index >= this.size) return;
    this.#bytes[index >> 3] = (this.#bytes[index >> 3] ?? 0) | (0x80 >> (index & 7));
  }
}
