import { hash } from 'node:crypto';
import { z } from 'zod';

/**
 * JSON that is kept to be sent as it is, in UTF-8 outside of V8's heap: as strings, cached pages of 100 kB were copied by each
 * young collection (10 ms every 140 ms at 400 pages a second) and grew the heap from 98 to 440 MB.
 */
export class JsonText {
  #bytes: Buffer | null;
  #etag: string | undefined;

  /** `etag`: of the same bytes, where it is known. */
  constructor(text: string | Buffer, etag?: string) {
    this.#bytes = typeof text === 'string' ? Buffer.from(text) : text;
    this.#etag = etag;
  }

  get bytes(): Buffer {
    if (this.#bytes === null) throw new Error('these bytes were given away');
    return this.#bytes;
  }

  /** The one Express would give these bytes, taken once. */
  get etag(): string {
    this.#etag ??= `W/"${this.bytes.length.toString(16)}-${hash('sha1', this.bytes, 'base64').slice(0, 27)}"`;
    return this.#etag;
  }

  /**
   * The bytes, which are its own no longer. A promise that waited for the database is old by V8's reckoning, and what it gave is kept until a
   * collection of the whole heap: with the bytes in it, one began for every 550 pages.
   */
  take(): Buffer {
    const { bytes } = this;
    this.#bytes = null;
    return bytes;
  }

  /** For another who will take the same bytes. */
  shared(): JsonText {
    return new JsonText(this.bytes, this.etag);
  }

  /** Inside of other JSON, such as a cache that several processes share, it is a string. */
  toJSON(): string {
    return this.bytes.toString();
  }

  static readonly schema = z.string().transform((text) => new JsonText(text));
}
