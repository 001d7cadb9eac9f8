import type { ArchiveKeys, Rar5Lock } from './keys.ts';

/** How a piece is encrypted; what it needs is in the header of each volume. */
export type RarLock = { version: 5; lock: Rar5Lock; iv: Buffer } | { version: 4; salt: Buffer | null };

/** What one volume has of one inner file. */
export type RarPiece = {
  path: string;
  /** Of a folder or a link nothing can be played. */
  isFile: boolean;
  /** Where its packed bytes lie. */
  offset: number;
  length: number;
  /** Of the whole inner file. Null: the writer did not know. */
  sizeBytes: number | null;
  isStored: boolean;
  isSolid: boolean;
  lock: RarLock | null;
  fromPrevious: boolean;
  intoNext: boolean;
};

export type RarVolume = {
  format: 'rar4' | 'rar5';
  /** From 0 on; null: its headers do not say (RAR4 says it at the end only). */
  number: number | null;
  /** False: of an archive of one volume. */
  isVolume: boolean;
  /** Where the last one goes on in the next volume what lies behind it was not looked at. */
  pieces: readonly RarPiece[];
};

export type RarReading = {
  keys: ArchiveKeys;
  /** RAR4: read the end header too, where the volume's number is. */
  wantsNumber: boolean;
};

/** More inner files than this are no film. */
export const MOST_PIECES = 10_000;
/** Headers of other kinds too: comments, recovery records, index. */
export const MOST_HEADERS = 20_000;
export const LONGEST_HEADER = 64 * 1024;
