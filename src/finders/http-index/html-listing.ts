import { Parser } from 'htmlparser2';
import { instantOf } from '../../kit/instant.ts';
import { type ListedEntry, ListingFailed } from '../lister.ts';
import type { LinkTarget } from '../url-folder.ts';
import { exactSize, factsOfRow } from './row-facts.ts';

/** The longest tag, text or comment: until it ends the parser holds all of it. */
const MAX_QUIET_CHARS = 512 * 1024;
const MAX_DEPTH = 4096;
const MAX_HREF_CHARS = 16_384;
const MAX_ROW_CHARS = 500;
/** Before it, a page says what it is. */
const TITLE_CHARS = 4096;
const INDEX_TITLE = /index of|directory listing|listing of/i;
const SORT_LINK = /^\?[a-z]=[a-z]/i;
/** What begins and ends a row in one kind of listing or another. */
const ROWS: ReadonlySet<string> = new Set(['tr', 'li', 'br', 'table', 'ul', 'hr', 'pre', 'body']);
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

export type HtmlListing = {
  /** What came to its end with this piece, each byte of the page a character. Throws ListingFailed `folder` for what is no page. */
  write(piece: string): ListedEntry[];
  end(): { entries: ListedEntry[]; isIndex: boolean; isWhole: boolean };
};

type Row = {
  target: Extract<LinkTarget, object> | null;
  text: string;
  sizeBytes: number | null;
  modifiedAt: Date | null;
};

/**
 * Reads the page of a listing while it comes: Apache, nginx, lighttpd, h5ai, Caddy and IIS, tables, lists and preformatted lines. A row is a
 * link and the date and size beside it. `isIndex`: it has entries, or a link to the parent or for sorting, or is called an index.
 */
export function createHtmlListing(judge: (href: string) => LinkTarget, onRefused: () => void): HtmlListing {
  let entries: ListedEntry[] = [];
  let row = emptyRow();
  let quietChars = 0;
  let depth = 0;
  let tag = '';
  let isInLink = false;
  let preDepth = 0;
  let titleChars = 0;
  let title = '';
  let isIndex = false;
  let isWhole = false;

  function endRow(): void {
    const { target, text, sizeBytes, modifiedAt } = row;
    if (target !== null) {
      const told = target.kind === 'file' || modifiedAt === null ? factsOfRow(text) : null;
      const size = target.kind === 'file' ? (sizeBytes ?? told?.sizeBytes ?? null) : null;
      entries.push({ ...target, sizeBytes: size, modifiedAt: modifiedAt ?? told?.modifiedAt ?? null });
      isIndex = true;
    }
    row = emptyRow();
  }

  function link(href: string): void {
    const plain = withoutEntities(href);
    const target = href.length > MAX_HREF_CHARS ? 'refused' : judge(plain);
    if (target === 'refused') onRefused();
    else if (target === 'parent' || SORT_LINK.test(plain)) isIndex = true;
    else if (target !== 'elsewhere') linkTo(target);
  }

  /** An icon and a name link to the same; another link without a new row is another entry. */
  function linkTo(target: Exclude<LinkTarget, string>): void {
    if (row.target?.segment === target.segment) return;
    if (row.target !== null) endRow();
    row.target = target;
  }

  function text(piece: string): void {
    if (isInLink) return;
    const lines = preDepth > 0 ? piece.split('\n') : [piece];
    for (const [at, line] of lines.entries()) {
      if (at > 0) endRow();
      if (row.text.length < MAX_ROW_CHARS) row.text += line.slice(0, MAX_ROW_CHARS - row.text.length);
    }
  }

  const parser = new Parser(
    {
      onopentagname(name) {
        quietChars = 0;
        tag = name;
        depth += 1;
        if (depth > MAX_DEPTH) throw noListing();
        if (ROWS.has(name)) endRow();
        if (name === 'pre') preDepth += 1;
        isInLink = name === 'a' || (isInLink && !ROWS.has(name));
        if (name === 'td') row.text += ' ';
      },
      onattribute(name, value) {
        quietChars = 0;
        if (name === 'href' && tag === 'a') link(value);
        if (name === 'data-size' || (name === 'data-order' && tag === 'td'))
          row.sizeBytes ??= exactSize(value);
        if (name === 'datetime') row.modifiedAt ??= instantOf(value);
      },
      onclosetag(name, isImplied) {
        quietChars = 0;
        depth -= 1;
        if (name === 'a') isInLink = false;
        if (ROWS.has(name)) endRow();
        if (name === 'pre') preDepth -= 1;
        if (name === 'html' && !isImplied) isWhole = true;
      },
      ontext(piece) {
        quietChars = 0;
        if (tag === 'title' && titleChars < TITLE_CHARS) title += piece.slice(0, TITLE_CHARS);
        titleChars += piece.length;
        text(piece);
      },
    },
    { decodeEntities: false },
  );

  function taken(): ListedEntry[] {
    const done = entries;
    entries = [];
    return done;
  }

  return {
    write(piece) {
      quietChars += piece.length;
      parser.write(piece);
      if (quietChars > MAX_QUIET_CHARS) throw noListing();
      return taken();
    },
    end() {
      parser.end();
      endRow();
      return { entries: taken(), isIndex: isIndex || INDEX_TITLE.test(title), isWhole };
    },
  };
}

function emptyRow(): Row {
  return { target: null, text: '', sizeBytes: null, modifiedAt: null };
}

/** Those that listings write into links. One beyond ASCII becomes the bytes of its UTF-8, as links have them. */
function withoutEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));/g,
    (whole, decimal, hex, name) => {
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      const char =
        name === undefined ? (code <= 0x10ffff ? String.fromCodePoint(code) : whole) : ENTITIES[name];
      return Buffer.from(char ?? whole, 'utf8').toString('latin1');
    },
  );
}

function noListing(): ListingFailed {
  return new ListingFailed('folder', 'It answered with something else than a listing.', { isLasting: true });
}
