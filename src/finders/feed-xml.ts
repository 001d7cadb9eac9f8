import { SaxesParser } from 'saxes';
import { createAmpersandMender } from '../kit/bare-ampersands.ts';
import { type FeedItem, kept, MAX_TEXT_CHARS, type OpenItem, openItem } from './feed-item.ts';
import { FinderFailed } from './finder-failed.ts';

export type XmlElement = { name: string; attributes: Readonly<Record<string, string>> };

/** What was answered, whichever it is: a feed, an indexer's caps, or its error document. */
export type FeedDocument = {
  /** Small, without its prefix: `rss`, `feed`, `rdf`, `caps`, `error`. */
  root: string;
  items: readonly FeedItem[];
  /** Of a caps document, in the order they were opened. */
  elements: readonly XmlElement[];
  /** Items there are in all, where it says so. */
  total: number | null;
  /** The member's requests so far and how many there may be, where it says so. */
  api: { current: number; max: number } | null;
  error: { code: number } | null;
};

/** Prowlarr and Jackett give 100 at most where they are asked for them; of one that sends everything so much is read. */
const MAX_ITEMS = 1000;
const MAX_ELEMENTS = 5000;
const MAX_DEPTH = 50;
const MAX_ATTRIBUTES = 100;
/** The longest text, tag or comment: until it ends the parser holds all of it. */
const MAX_QUIET_CHARS = 512 * 1024;

export type FeedReader = {
  /** Throws FinderFailed `broken`: no XML, a DTD, too deep, one text of more than 512 Ki characters. */
  write(piece: string): void;
  /** As many items as are kept have been read. */
  isFull(): boolean;
  /** Throws as `write`, and where the text ends in its middle; not where enough of it was read. */
  end(): FeedDocument;
};

/** Gathers an answer piece by piece: memory is bounded whatever comes. */
export function createFeedReader(): FeedReader {
  const gathered = createGathering();
  const mend = createAmpersandMender();
  let quietChars = 0;
  let attributeCount = 0;
  const heard =
    <T>(listen: (value: T) => void) =>
    (value: T) => {
      quietChars = 0;
      listen(value);
    };
  // At most seven listeners: V8 makes a dictionary of a parser with eight, and it takes four times as long.
  const parser = new SaxesParser<{ xmlns: false; position: false }>({ xmlns: false, position: false });
  parser.on('error', (cause) => {
    // Titles hold control characters, and numbers of characters there are not; nothing is expanded but XML's five, so they do no harm.
    if (!/entity|disallowed character/.test(cause.message)) throw broken(cause);
  });
  parser.on('doctype', () => {
    throw broken();
  });
  parser.on(
    'attribute',
    heard(() => {
      attributeCount += 1;
      if (attributeCount > MAX_ATTRIBUTES) throw broken();
    }),
  );
  parser.on(
    'opentag',
    heard(({ name, attributes }) => {
      attributeCount = 0;
      gathered.open(localName(name), attributes);
    }),
  );
  parser.on('text', heard(gathered.text));
  parser.on('cdata', heard(gathered.text));
  parser.on(
    'closetag',
    heard(({ name }) => gathered.close(localName(name))),
  );

  return {
    write(piece) {
      if (piece === '') return;
      quietChars += piece.length;
      parser.write(mend(piece));
      if (quietChars > MAX_QUIET_CHARS) throw broken();
    },
    isFull: gathered.isFull,
    end() {
      if (!gathered.isFull()) parser.write(mend('')).close();
      return gathered.document();
    },
  };
}

function createGathering() {
  const items: FeedItem[] = [];
  const elements: XmlElement[] = [];
  const path: string[] = [];
  const facts: Pick<FeedDocument, 'root' | 'total' | 'api' | 'error'> = {
    ...{ root: '', total: null, api: null, error: null },
  };
  let item: OpenItem | null = null;
  let text = '';

  /** What stands beside the items. */
  function note(name: string, given: Readonly<Record<string, string>>): void {
    if (name === 'error' && path.length <= 2) facts.error ??= { code: countOf(given.code) ?? 900 };
    else if (name === 'response') facts.total ??= countOf(given.total);
    else if (name === 'apilimits' || name === 'limits') facts.api ??= apiOf(given);
    if (facts.root === 'caps' && elements.length < MAX_ELEMENTS)
      elements.push({ name, attributes: copied(given) });
  }

  return {
    open(name: string, given: Record<string, string>): void {
      if (path.length === 0) facts.root = kept(name);
      if (path.push(name) > MAX_DEPTH) throw broken();
      text = '';
      if (item !== null) item.open(name, given);
      else if (isItem(name)) item = openItem();
      else note(name, given);
    },
    text(piece: string): void {
      if (item !== null && text.length < MAX_TEXT_CHARS) text += piece.slice(0, MAX_TEXT_CHARS - text.length);
    },
    close(name: string): void {
      path.pop();
      if (item !== null && isItem(name)) {
        if (items.length < MAX_ITEMS) items.push(item.item());
        item = null;
      } else if (item !== null && isItem(path.at(-1) ?? '')) item.close(name, text);
      text = '';
    },
    isFull: () => items.length >= MAX_ITEMS,
    document: (): FeedDocument => ({ ...facts, items, elements }),
  };
}

function isItem(name: string): boolean {
  return name === 'item' || name === 'entry';
}

function copied(given: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [kept(name), kept(value.slice(0, MAX_TEXT_CHARS))]),
  );
}

/** Small, and without its prefix: `torznab:attr`, `newznab:attr`, `nZEDb:attr`. */
function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1).toLowerCase();
}

/** `apiCurrent`/`apiMax` as NZBHydra writes them, or all small. */
function apiOf(given: Readonly<Record<string, string>>): FeedDocument['api'] {
  const small = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  const [current, max] = [countOf(small.get('apicurrent')), countOf(small.get('apimax'))];
  return current === null || max === null || max === 0 ? null : { current, max };
}

/** A whole number as it is written; null: it is none. */
export function countOf(text: string | undefined): number | null {
  return text !== undefined && /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : null;
}

function broken(cause?: unknown): FinderFailed {
  return new FinderFailed('broken', 'It answered with something else than a feed.', { cause });
}
