import { SaxesParser } from 'saxes';
import { instantOf } from '../../kit/instant.ts';
import { wholeSize } from '../../kit/whole-size.ts';
import { xmlText } from '../../kit/xml-encoding.ts';
import type { FolderAnswer } from '../ask-folder.ts';
import { type ListedEntry, ListingFailed } from '../lister.ts';
import { createLinkJudge, type LinkTarget } from '../url-folder.ts';

/** The longest text, tag or comment: until it ends the parser holds all of it. */
const MAX_QUIET_CHARS = 512 * 1024;
const MAX_TEXT_CHARS = 16_384;
const MAX_DEPTH = 50;
const MAX_ATTRIBUTES = 100;
const BATCH = 1000;

/** The entries of a multistatus document (RFC 4918 §14.16) while it comes. Throws ListingFailed for what is none or ends in the middle. */
export async function* multistatusEntries(
  { url, chunks }: Pick<FolderAnswer, 'url' | 'chunks'>,
  onRefused: () => void,
): AsyncGenerator<readonly ListedEntry[], void> {
  const responses = createResponses(createLinkJudge(url), onRefused);
  const write = createXml(responses);
  for await (const text of xmlText(chunks, noMultistatus)) {
    write(text);
    yield* responses.taken();
  }
  write(null);
  yield* responses.taken();
  // The folder itself is one; behind some proxies all have the address they have inside.
  if (responses.areAllElsewhere())
    throw new ListingFailed('server', 'It names its files by another address than it is asked by.', {
      isLasting: true,
    });
}

type Listening = { open(name: string): void; text(piece: string): void; close(name: string): void };

/** Tells elements by their small names without prefixes; null ends the document. */
function createXml(listening: Listening): (piece: string | null) => void {
  // No position and no namespaces: prefixes of DAV: differ, its names do not occur elsewhere.
  const parser = new SaxesParser<{ xmlns: false; position: false }>({ xmlns: false, position: false });
  let quietChars = 0;
  let depth = 0;
  let attributes = 0;
  parser.on('error', (cause) => {
    throw broken(cause);
  });
  parser.on('doctype', () => {
    throw noMultistatus();
  });
  parser.on('attribute', () => {
    quietChars = 0;
    attributes += 1;
    if (attributes > MAX_ATTRIBUTES) throw noMultistatus();
  });
  parser.on('opentag', ({ name }) => {
    quietChars = 0;
    attributes = 0;
    depth += 1;
    if (depth > MAX_DEPTH) throw noMultistatus();
    listening.open(localName(name));
  });
  parser.on('text', (text) => {
    quietChars = 0;
    listening.text(text);
  });
  parser.on('closetag', ({ name }) => {
    quietChars = 0;
    depth -= 1;
    listening.close(localName(name));
  });
  return (piece) => {
    if (piece === null) {
      parser.close();
      return;
    }
    quietChars += piece.length;
    parser.write(piece);
    if (quietChars > MAX_QUIET_CHARS) throw noMultistatus();
  };
}

type Properties = { isThere: boolean; isFolder: boolean; sizeBytes: number | null; modifiedAt: Date | null };

function createResponses(judge: (href: string) => LinkTarget, onRefused: () => void) {
  let entries: ListedEntry[] = [];
  let isRoot = true;
  let text = '';
  let href = '';
  /** Of the response; those of a propstat count once its status says that they are there. */
  let known = noProperties();
  let told = noProperties();
  let isInPropstat = false;
  let count = 0;
  let elsewhere = 0;

  const closing: Readonly<Record<string, () => void>> = {
    href() {
      // One may name others below, in its properties.
      href ||= text.trim();
    },
    collection() {
      told.isFolder = true;
    },
    getcontentlength() {
      told.sizeBytes = wholeSize(text.trim());
    },
    getlastmodified() {
      told.modifiedAt = instantOf(text);
    },
    status() {
      if (/^HTTP\/[\d.]+ 2\d\d/.test(text.trim())) return;
      told = noProperties();
      known.isThere = isInPropstat;
    },
    propstat() {
      isInPropstat = false;
      known = {
        isThere: known.isThere,
        isFolder: known.isFolder || told.isFolder,
        sizeBytes: known.sizeBytes ?? told.sizeBytes,
        modifiedAt: known.modifiedAt ?? told.modifiedAt,
      };
      told = noProperties();
    },
    response() {
      const target = judge(asBytes(href));
      if (target === 'elsewhere') elsewhere += 1;
      else if (typeof target === 'string') onRefused();
      else if (known.isThere) entries.push(entryOf(target, known));
      count += 1;
      href = '';
      known = noProperties();
    },
  };

  return {
    open(name: string) {
      if (isRoot && name !== 'multistatus') throw noMultistatus();
      isRoot = false;
      text = '';
      if (name === 'propstat') isInPropstat = true;
    },
    text(piece: string) {
      if (text.length < MAX_TEXT_CHARS) text += piece;
    },
    close(name: string) {
      if (Object.hasOwn(closing, name)) closing[name]?.();
      text = '';
    },
    areAllElsewhere: () => elsewhere > 1 && elsewhere === count,
    *taken(): Generator<readonly ListedEntry[], void> {
      const done = entries;
      entries = [];
      for (let at = 0; at < done.length; at += BATCH) yield done.slice(at, at + BATCH);
    },
  };
}

function entryOf(
  target: Exclude<LinkTarget, string>,
  { isFolder, sizeBytes, modifiedAt }: Properties,
): ListedEntry {
  const kind = isFolder ? 'folder' : 'file';
  return { ...target, kind, sizeBytes: isFolder ? null : sizeBytes, modifiedAt };
}

function noProperties(): Properties {
  return { isThere: true, isFolder: false, sizeBytes: null, modifiedAt: null };
}

/** As links are judged: each byte a character. */
function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1).toLowerCase();
}

function noMultistatus(): ListingFailed {
  return new ListingFailed('folder', 'It answered with something else than a WebDAV listing.', {
    isLasting: true,
  });
}

/** Not well formed: most likely cut off. */
function broken(cause: unknown): ListingFailed {
  return new ListingFailed('server', 'Its listing broke off.', { cause });
}
