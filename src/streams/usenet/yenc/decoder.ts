/** What `=ybegin` and `=ypart` say (yEnc 1.3). A post of one part has no `=ypart`: then it is the whole file. */
export type YencHeader = {
  name: string;
  /** Of the whole file, in bytes. */
  fileSize: number;
  part: number;
  total: number | null;
  /** Where this part lies in the file, half-open, from 0 on. */
  begin: number;
  end: number;
};

/**
 * Decodes one article as it comes over NNTP: dot-stuffed, CRLF, ended by a line with a dot (RFC 3977 §3.1.1). Bytes can be used as soon
 * as they are written; that they are right is known at the end.
 */
export type ArticleDecoder = {
  /**
   * Decodes what lies in `Yenc.input` from `from` to `to`. Answers where it stopped: `to`, or just behind the line with the dot, and
   * then `isEnded`. Never throws: whatever is wrong is told by `fault`, and the article is read to its end.
   */
  feed(from: number, to: number): number;
  /** Null until its lines have been read. */
  readonly header: YencHeader | null;
  /** Where the bytes are: what `place` gave. Null: before the header, or nowhere. */
  readonly out: Uint8Array | null;
  /** How many are there. */
  readonly written: number;
  /** Their CRC-32. */
  readonly crc: number;
  readonly isEnded: boolean;
  /** Why the article cannot be used, in words for a log; null: as far as is known it is right. After the end it has been checked. */
  readonly fault: string | null;
};

/**
 * The decoder of one thread. `place` is asked once an article's header is known where its `end - begin` bytes go; null: they are
 * not wanted (an abandoned reader), and the article is only read to its end. All it gives may be written to, also behind those bytes.
 */
export type Yenc = {
  /** All sockets of the thread read into it: what was read is decoded before the next read. */
  readonly input: Buffer;
  decoder(place: (header: YencHeader) => Uint8Array | null): ArticleDecoder;
};
