import { z } from 'zod';

/**
 * JSON that is kept to be sent as it is, in UTF-8 outside of V8's heap: as strings, cached pages of 100 kB were copied by each
 * young collection (10 ms every 140 ms at 400 pages a second) and grew the heap from 98 to 440 MB.
 */
export class JsonText {
  readonly bytes: Buffer;

  constructor(text: string | Buffer) {
    this.bytes = typeof text === 'string' ? Buffer.from(text) : text;
  }

  /** Inside of other JSON, such as a cache that several processes share, it is a string. */
  toJSON(): string {
    return this.bytes.toString();
  }

  static readonly schema = z.string().transform((text) => new JsonText(text));
}
