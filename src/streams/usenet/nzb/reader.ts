import { BadInput } from '../../../kit/errors.ts';
import type { Nzb, NzbFile, NzbSegment } from './nzb.ts';
import { fileOfSegments, isMessageId } from './segments.ts';

const MAX_FILES = 100_000;
/** Those that lack count too: one number may claim a million. */
const MAX_SEGMENTS = 5_000_000;
/** DTD 1.1 nests 4 deep; deeper ones exist to fill a stack. */
const MAX_DEPTH = 16;
const MAX_SUBJECT_CHARS = 4096;
const MAX_TEXT_CHARS = 1024;
const MAX_GROUPS = 50;
/** Seconds: Usenet began in 1980, and nothing is posted after tomorrow. */
const [FIRST_POST, DAY] = [315_532_800, 86_400];

type Attributes = Readonly<Record<string, string>>;

/** Takes the tags of an NZB in their order. */
export type NzbReader = {
  open(name: string, attributes: Attributes): void;
  readonly text: (text: string) => void;
  close(name: string): void;
  /** What was read; BadInput `nzb.invalid` where there is nothing to fetch. */
  nzb(): Nzb;
};

type OpenFile = Omit<NzbFile, 'segments' | 'missing' | 'groups'> & {
  groups: string[];
  segments: NzbSegment[];
};

/** Builds the Nzb of what a parser tells, within the bounds of criterion 35. */
export function createNzbReader(): NzbReader {
  const files: NzbFile[] = [];
  const meta = new Map<string, string>();
  let file: OpenFile | null = null;
  let attributes: Attributes = {};
  let collected: string | null = null;
  let depth = 0;
  let parts = 0;

  function openRoot(name: string, given: Attributes): void {
    if (name === 'error') throw indexerError(Number(given.code));
    if (name !== 'nzb') throw new BadInput('nzb.invalid', 'This is not an NZB: it is another kind of XML.');
  }

  function openFile(given: Attributes): void {
    if (file !== null) throw new BadInput('nzb.invalid', 'This NZB has a file inside a file.');
    if (files.length >= MAX_FILES) throw tooMany();
    const date = Number(given.date);
    file = {
      subject: cut(given.subject ?? '', MAX_SUBJECT_CHARS),
      poster: given.poster === undefined ? null : cut(given.poster, MAX_TEXT_CHARS),
      postedAt: date >= FIRST_POST && date <= Date.now() / 1000 + DAY ? Math.floor(date) : null,
      ...{ groups: [], segments: [] },
    };
  }

  function closeSegment(of: OpenFile, text: string): void {
    const trimmed = text.trim();
    const id = trimmed.startsWith('<') && trimmed.endsWith('>') ? trimmed.slice(1, -1) : trimmed;
    const number = wholeOf(attributes.number);
    parts += 1;
    if (parts > MAX_SEGMENTS) throw tooMany();
    // Left out, its number counts as missing.
    if (number === null || number < 1 || !isMessageId(id)) return;
    of.segments.push({ number, bytes: wholeOf(attributes.bytes) ?? 0, id });
  }

  function closeFile(of: OpenFile): void {
    const done = fileOfSegments(of.subject, of.segments, MAX_SEGMENTS - parts);
    if (done === null) throw tooMany();
    parts += done.missing.length;
    const { subject, poster, postedAt, groups } = of;
    if (done.segments.length > 0) files.push({ subject, poster, postedAt, groups, ...done });
    file = null;
  }

  function closeGroup(groups: string[] | undefined, text: string): void {
    if (groups !== undefined && groups.length < MAX_GROUPS) groups.push(text.trim());
  }

  function closeMeta(text: string): void {
    const type = attributes.type?.trim().toLowerCase();
    // Of several passwords the first is the archive's.
    if (type !== undefined && !meta.has(type) && meta.size < MAX_GROUPS) meta.set(type, text.trim());
  }

  function closeText(name: string, text: string): void {
    if (name === 'segment' && file !== null) closeSegment(file, text);
    else if (name === 'group') closeGroup(file?.groups, text);
    else if (name === 'meta') closeMeta(text);
  }

  const COLLECTING: ReadonlySet<string> = new Set(['meta', 'group', 'segment']);

  return {
    open(name, given) {
      depth += 1;
      if (depth > MAX_DEPTH) throw new BadInput('nzb.invalid', 'This NZB is nested too deep.');
      if (depth === 1) openRoot(name, given);
      else if (name === 'file') openFile(given);
      collected = COLLECTING.has(name) ? '' : null;
      attributes = given;
    },
    text(text) {
      if (collected !== null && collected.length <= MAX_TEXT_CHARS)
        collected += text.slice(0, MAX_TEXT_CHARS + 1);
    },
    close(name) {
      depth -= 1;
      if (name === 'file' && file !== null) closeFile(file);
      if (collected !== null && collected.length <= MAX_TEXT_CHARS) closeText(name, collected);
      collected = null;
    },
    nzb() {
      if (files.length === 0)
        throw new BadInput('nzb.invalid', 'This NZB names no article that could be fetched.');
      return {
        title: meta.get('title') || meta.get('name') || null,
        password: meta.get('password') || null,
        files,
      };
    },
  };
}

/** A whole number as it is written; null: it is none. */
function wholeOf(text: string | undefined): number | null {
  return text !== undefined && /^\s*\d{1,12}\s*$/.test(text) ? Number(text) : null;
}

/** A copy, so that a line of 100 MiB does not stay for its beginning. */
function cut(text: string, maxChars: number): string {
  const plain = text.length <= maxChars ? text : Buffer.from(text.slice(0, maxChars)).toString();
  return plain.replace(/\p{Cc}/gu, ' ').trim();
}

function tooMany(): BadInput {
  return new BadInput('nzb.too_many', 'An NZB may name at most 100,000 files and 5,000,000 articles.');
}

/** Newznab's `<error>`, in words of ours: theirs may repeat the key. */
function indexerError(code: number): BadInput {
  const reasons: readonly [from: number, reason: string][] = [
    [500, 'its limit of requests or downloads is used up'],
    [300, 'it has no such NZB any more'],
    [200, 'it does not understand the request'],
    [100, 'it does not accept the key'],
  ];
  const reason =
    reasons.find(([from]) => code >= from && code < from + 100)?.[1] ?? 'it told an error in its place';
  return new BadInput('nzb.refused', `The indexer gives no NZB: ${reason}.`);
}
