import type { Element } from '@xmldom/xmldom';
import { childrenOf, everyElement, textOf } from './mpd.ts';
import { leadLicences } from './protection.ts';

export type MpdLinks = {
  /** The absolute link of a folder; ends in `/`. */
  base(url: string): string;
  /** The absolute link of one document: another manifest, a clock, or where keys are asked for. */
  document(url: string, role: 'mpd' | 'file' | 'licence'): string;
};

/** What has URLs, and in which attributes. */
const URL_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  SegmentTemplate: ['media', 'initialization', 'index', 'bitstreamSwitching'],
  SegmentURL: ['media', 'index'],
  Initialization: ['sourceURL'],
  RepresentationIndex: ['sourceURL'],
  BitstreamSwitching: ['sourceURL'],
};
/** Levels that may carry BaseURL (ISO/IEC 23009-1 §5.6). */
const LEVELS: ReadonlySet<string> = new Set([
  'MPD',
  'Period',
  'AdaptationSet',
  'Representation',
  'SubRepresentation',
]);
const HTTP_CLOCK = /^urn:mpeg:dash:utc:http-(head|xsdate|iso|ntp):201[24]$/;

/**
 * Leads every URL of a manifest through us, in place. The manifest's folder becomes the outermost BaseURL, so templates
 * and relative URLs below it work as they stand; only what leads elsewhere (absolute, `/…`, `../…`) is replaced.
 */
export function rewriteMpd(root: Element, from: URL, links: MpdLinks): void {
  const own = childrenOf(root, 'BaseURL');
  if (own.length === 0) insertBase(root, links.base(folderOf(from.href)));
  const base = baseOf(own, from.href);
  for (const element of own) setText(element, through(resolve(textOf(element), from.href), links));
  rewriteLevel(root, base, links);
  leadLicences(root, (url) => links.document(resolve(url, from.href), 'licence'));
  for (const element of everyElement(root)) {
    if (element.localName === 'Location')
      setText(element, links.document(resolve(textOf(element), from.href), 'mpd'));
    // A patch would have to be led through us too; without it players take the whole manifest again.
    if (element.localName === 'PatchLocation') element.parentNode?.removeChild(element);
    if (element.localName === 'UTCTiming') rewriteClock(element, from, links);
  }
}

function rewriteLevel(element: Element, base: string, links: MpdLinks): void {
  for (const child of childrenOf(element)) {
    if (child.localName === 'BaseURL') continue;
    rewriteAttributes(child, base, links);
    // Only levels have a BaseURL of their own.
    const own = LEVELS.has(child.localName ?? '') ? childrenOf(child, 'BaseURL') : [];
    const inner = baseOf(own, base);
    for (const baseUrl of own) setText(baseUrl, led(textOf(baseUrl), base, links));
    rewriteLevel(child, inner, links);
  }
}

function rewriteAttributes(element: Element, base: string, links: MpdLinks): void {
  for (const name of URL_ATTRIBUTES[element.localName ?? ''] ?? []) {
    const value = element.getAttribute(name);
    if (value) element.setAttribute(name, led(value, base, links));
  }
}

/** The base below a level: its first BaseURL; the others are the same files elsewhere. */
export function baseOf(own: readonly Element[], base: string): string {
  const [first] = own;
  return first === undefined || textOf(first) === '' ? base : resolve(textOf(first), base);
}

export function resolve(value: string, base: string): string {
  return URL.parse(value, base)?.href ?? value;
}

/** A URL that only goes down from its base stays as it is; `data:` is no request. */
function led(value: string, base: string, links: MpdLinks): string {
  if (value === '' || /^data:/i.test(value)) return value;
  const isDown =
    /^[^/?#\\:]/.test(value) &&
    !/^[a-z][a-z\d+.-]*:/i.test(value) &&
    !/(^|[/\\])(\.|%2e){1,2}([/\\?#]|$)/i.test(value);
  return isDown ? value : through(resolve(value, base), links);
}

/** The folder becomes a token, the rest stays readable: a template's `$Number$` is filled in by the player. */
function through(url: string, links: MpdLinks): string {
  const folder = folderOf(url);
  return links.base(folder) + url.slice(folder.length);
}

/** Up to the last `/` of the path that comes before a `$`, a query or a fragment. */
function folderOf(url: string): string {
  const path = /^[^?#$]*/.exec(url)?.[0] ?? url;
  return path.slice(0, path.lastIndexOf('/') + 1);
}

function rewriteClock(element: Element, from: URL, links: MpdLinks): void {
  if (!HTTP_CLOCK.test(element.getAttribute('schemeIdUri') ?? '')) return;
  const urls = (element.getAttribute('value') ?? '').split(/\s+/).filter((url) => url !== '');
  element.setAttribute('value', urls.map((url) => links.document(resolve(url, from.href), 'file')).join(' '));
}

/** After ProgramInformation and before everything else, where the schema wants it. */
function insertBase(root: Element, text: string): void {
  const document = root.ownerDocument;
  if (document === null) return;
  const element = document.createElementNS(
    root.namespaceURI,
    root.prefix ? `${root.prefix}:BaseURL` : 'BaseURL',
  );
  element.appendChild(document.createTextNode(text));
  const before = childrenOf(root).find(({ localName }) => localName !== 'ProgramInformation') ?? null;
  root.insertBefore(element, before);
}

function setText(element: Element, text: string): void {
  element.textContent = text;
}
