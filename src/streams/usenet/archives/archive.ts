import type { PostedFile } from '../articles/part.ts';

/** A posted file as an archive sees it: its name by the NZB, yEnc or par2, whichever is best. */
export type Volume = Pick<PostedFile, 'read'> & { readonly name: string; readonly sizeBytes: number };

/** How the bytes of an inner file are encrypted: AES-CBC without padding over the stored bytes (RAR5 256, RAR4 128, 7z 256). */
export type Cipher = { algorithm: 'aes-128-cbc' | 'aes-256-cbc'; key: Buffer; iv: Buffer };

/** Stored bytes of an inner file within one volume. `isGuessed`: by the pattern of the others, its header was not read. */
export type Extent = { volume: number; offset: number; length: number; isGuessed: boolean };

export type InnerFile = {
  /** As the archive says, `/` between folders; never absolute, never with `..`. */
  path: string;
  sizeBytes: number;
  /** In order; their lengths add up to `sizeBytes`, rounded up to 16 where `cipher` is set. */
  extents: readonly Extent[];
  cipher: Cipher | null;
};

/** What an archive holds. */
export type ArchiveMap = {
  format: 'rar4' | 'rar5' | '7z' | 'zip' | 'split';
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
