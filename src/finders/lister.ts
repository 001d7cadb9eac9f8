import { AppError } from '../kit/errors.ts';

/** One name in a folder of a source. Links are followed for what they are, once; devices and sockets are left out. */
export type ListedEntry = {
  kind: 'file' | 'folder';
  /**
   * One path segment as a URL has it (RFC 3986 §2.1): every byte but the unreserved ones as `%XX`, upper case. Names that
   * are no UTF-8 keep their bytes so.
   */
  segment: string;
  /** As people read it: UTF-8 where the bytes are, else Latin-1. */
  name: string;
  /** Bytes; null where the listing does not say, or says it of a link. */
  sizeBytes: number | null;
  /** UTC, or as the server's clock shows it where it names no zone; null where the listing does not say. */
  modifiedAt: Date | null;
  /** Of a folder, where it can be told: what it is whatever path leads to it, so that no link makes a circle. */
  identity?: string;
};

/** Where a source is and how it is asked. */
export type ListingPlace = {
  /** Ends in `/`. `http(s):`, `ftp:`, `ftpes:` (TLS by AUTH), `ftps:`, or `local:<name of a folder>/`. */
  baseUrl: string;
  username: string | null;
  password: string | null;
  config: ListingConfig;
};

export type ListingConfig = {
  /** Folders listed at once; left out: what suits the kind of server. */
  connections?: number | undefined;
};

/**
 * Lists the folders of one server, or of one folder here: one folder in `finders/`, one line in its registry. What it tells is
 * not trusted: names with CR, LF, NUL or `/`, and `.` and `..`, are refused and told to `onRefused`.
 */
export type Lister = {
  /** Folders that may be listed at once. */
  readonly connections: number;
  /**
   * What is in the folder at `path` (segments joined by `/`, `''` the base itself), in batches of at most 1,000 as they come: a
   * folder may hold a million. Rejects with ListingFailed.
   */
  list(path: string, signal: AbortSignal, onRefused?: () => void): AsyncIterable<readonly ListedEntry[]>;
  /** Whether it answers, and what it says of itself, in words for its owner. */
  test(signal: AbortSignal): Promise<string>;
  /**
   * Tells folders that are to be walked anew, with all below them, until the signal: first `''` once it hears of changes, whatever was before.
   * `isSeen` false: nothing would tell of a change, so there may be one. Absent: it cannot be watched.
   */
  watch?(onChange: (path: string, isSeen: boolean) => void, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
};

/**
 * A folder could not be listed. `folder`: only this one (not there, no permission); `server`: the server is gone, is busy or
 * refuses the login, or the base itself is not there, and nothing that was known of it may be taken as gone.
 */
export class ListingFailed extends AppError {
  readonly reach: 'folder' | 'server';
  /** Milliseconds the server wants to be left alone; null: it did not say. */
  readonly restMs: number | null;
  /** Asking again would bring the same: a login that is refused, an address that is wrong. */
  readonly isLasting: boolean;

  constructor(
    reach: 'folder' | 'server',
    detail: string,
    options: { restMs?: number | null; isLasting?: boolean; cause?: unknown } = {},
  ) {
    super('source.listing_failed', detail, { status: 502, cause: options.cause });
    this.reach = reach;
    this.restMs = options.restMs ?? null;
    this.isLasting = options.isLasting ?? false;
  }
}

/**
 * What one folder holds, told once it was read to its end; a folder of many entries comes in several parts. One that broke off
 * after some parts is listed again from its beginning: what it holds may be told twice.
 */
export type WalkedPart = {
  /** Of the folder, as in `list`. */
  path: string;
  files: readonly WalkedFile[];
  /** Paths of folders in it that are to be walked. */
  folders: readonly string[];
  /** Names that were refused, and folders that are too deep or lead in circles. */
  refused: number;
  /** Of a folder: `more`, another part follows; `read`, it is whole; `failed`, it could not be listed (`reason`). */
  state: 'more' | 'read' | 'failed';
  reason: string | null;
};

export type WalkedFile = {
  /** From the base: segments joined by `/`, each as in ListedEntry. */
  path: string;
  name: string;
  sizeBytes: number | null;
  /** Epoch ms: many files wait to be written, and a `Date` is six times as large. */
  modifiedMs: number | null;
};
