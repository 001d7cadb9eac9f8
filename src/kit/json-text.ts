import { hash } from 'node:crypto';
import { z } from 'zod';

/**
 * JSON that is kept to be sent as it is, in UTF-8 outside of V8's heap: as strings, cached pages of 100 kB were copied by each
 * young collection (10 ms every 140 ms at 400 pages a second) and grew the heap from 98 to 440 MB.
 */
export class JsonText {
  readonly bytes: Buffer;
  #etag: string | undefined;

  /** `etag`: of the same bytes, where it is known. */
  constructor(text: string | Buffer, etag?: string) {
    this.bytes = typeof text === 'string' ? Buffer.from(text) : text;
    this.#etag = etag;
  }

  /** The one Express would give these bytes, taken once. */
  get etag(): string {
    this.#etag ??= `W/"${this.bytes.length.toString(16)}-${hash('sha1', this.bytes, 'base64').slice(0, 27)}"`;
    return this.#etag;
  }

  /** Inside of other JSON, such as a cache that several processes share, it is a string. */
  toJSON(): string {
    return this.bytes.toString();
  }

  static readonly schema = z.string().transform((text) => new JsonText(text));
}
