/** One article of a file, as the NZB names it. */
export type NzbSegment = {
  /** From 1 on. */
  number: number;
  /** As posted: yEnc, line ends and article headers counted, so 2–5 % above what is inside; a proportion, never an offset. */
  bytes: number;
  /** Message-ID (RFC 5536 §3.1.3) without its angle brackets. */
  id: string;
};

export type NzbFile = {
  subject: string;
  poster: string | null;
  /** Epoch seconds. */
  postedAt: number | null;
  groups: readonly string[];
  /** In the order of their numbers, each number once. */
  segments: readonly NzbSegment[];
  /** Numbers that should be there and are not: nothing can be had of these parts. */
  missing: readonly number[];
};

/** What an NZB says; nothing of it was looked at yet. */
export type Nzb = {
  /** `<meta type="title">` or `name`. */
  title: string | null;
  /** `<meta type="password">`: of the archives inside. */
  password: string | null;
  files: readonly NzbFile[];
};
