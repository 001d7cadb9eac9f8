import type { PostedFile } from '../articles/part.ts';

/**
 * A posted file as an archive sees it: its name by the NZB, yEnc or par2, whichever is best. Its size may be null until something of
 * it was read, and is known after: an archive of 100 volumes is opened by three of them.
 */
export type Volume = Pick<PostedFile, 'read' | 'name' | 'sizeBytes'>;

/**
 * How the bytes of an inner file are encrypted: AES-CBC without padding over the stored bytes (RAR5 256, RAR4 128, 7z 256).
 * `skipBytes`: of what is decrypted so many bytes come before the file's own (several files encrypted as one stream); mostly 0.
 */
export type Cipher = { algorithm: 'aes-128-cbc' | 'aes-256-cbc'; key: Buffer; iv: Buffer; skipBytes: number };

/** Stored bytes of an inner file within one volume. `isGuessed`: by the pattern of the others, its header was not read. */
export type Extent = { volume: number; offset: number; length: number; isGuessed: boolean };

export type InnerFile = {
  /** As the archive says, `/` between folders; never absolute, never with `..`. */
  path: string;
  sizeBytes: number;
  /** In order; their lengths add up to `sizeBytes`; where `cipher` is set to that and its `skipBytes`, rounded up to 16. */
  extents: readonly Extent[];
  cipher: Cipher | null;
};

/** What an archive holds. */
export type ArchiveMap = {
  /** Of the outermost archive; `split`: a joined file that is none. Null: by what was learned before, it was not looked into. */
  format: 'rar4' | 'rar5' | '7z' | 'zip' | 'split' | null;
  isPassworded: boolean;
  files: readonly InnerFile[];
};

/** Why an archive cannot be played, in words for its owner: compressed, solid, a wrong password, damaged, a volume lacking. */
export class ArchiveRefused extends Error {
  readonly reason: 'compressed' | 'solid' | 'password' | 'damaged' | 'incomplete' | 'unsupported';
  constructor(reason: ArchiveRefused['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}
