import { DOMParser, type Document, type Element, ParseError } from '@xmldom/xmldom';
import { AppError } from '../../kit/errors.ts';

/** The parser takes about 0.4 s a MiB, in which nothing else is served; real manifests have some 100 KiB. */
const MAX_CHARS = 2 * 1024 * 1024;
const MAX_DEPTH = 64;
const XLINK = 'http://www.w3.org/1999/xlink';

/** Parses a DASH manifest (ISO/IEC 23009-1). Throws AppError `play.not_a_manifest`. */
export function parseMpd(text: string): { document: Document; root: Element } {
  // Entities are how a small file becomes a large one; no manifest needs them.
  if (/<!(DOCTYPE|ENTITY)/i.test(text) || text.length > MAX_CHARS || isDeep(text)) throw notAManifest();
  try {
    const document = new DOMParser({ onError: failOn }).parseFromString(
      text.replace(/^\ufeff/, ''),
      'text/xml',
    );
    const root = document.documentElement;
    if (root?.localName !== 'MPD') throw notAManifest();
    return { document, root };
  } catch (error) {
    throw error instanceof ParseError ? notAManifest(error) : error;
  }
}

/** Counted before the parser sees it: what walks the tree later recurses. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const [, close, empty] of text.matchAll(/<(\/?)[A-Za-z][^<>]*?(\/?)>/g)) {
    if (close === '/') depth -= 1;
    else if (empty !== '/') depth += 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

function failOn(level: 'warning' | 'error' | 'fatalError', message: string): void {
  if (level !== 'warning') throw new ParseError(message);
}

export function childrenOf(element: Element, name?: string): Element[] {
  const found: Element[] = [];
  for (let node = element.firstChild; node !== null; node = node.nextSibling) {
    if (isElement(node) && (name === undefined || node.localName === name)) found.push(node);
  }
  return found;
}

/** The element and everything below it, in document order. */
export function* everyElement(element: Element): Generator<Element> {
  yield element;
  for (const child of childrenOf(element)) yield* everyElement(child);
}

export function firstChild(element: Element, name: string): Element | null {
  return childrenOf(element, name)[0] ?? null;
}

export function textOf(element: Element): string {
  return element.textContent?.trim() ?? '';
}

export function xlinkOf(element: Element): string | null {
  return element.getAttributeNS(XLINK, 'href') || null;
}

export function removeXlink(element: Element): void {
  for (const name of ['href', 'actuate', 'show', 'type']) element.removeAttributeNS(XLINK, name);
}

/** Seconds of an xs:duration: `PT1H2M3.5S`, `P1DT2H`; null when it is none. */
export function secondsOf(duration: string | null): number | null {
  const match = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(
    duration ?? '',
  );
  if (match === null) return null;
  const [, years, months, days, hours, minutes, seconds] = match.map((part) => Number(part ?? 0));
  // Years and months have no fixed length; 365 and 30 days are what players take.
  const day = (years ?? 0) * 365 + (months ?? 0) * 30 + (days ?? 0);
  return day * 86_400 + (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
}

/** Whole or decimal number of an attribute; null when absent or none. */
export function numberOf(element: Element | null, name: string): number | null {
  const text = element?.getAttribute(name) ?? null;
  if (text === null || text.trim() === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

export function notAManifest(cause?: unknown): AppError {
  return new AppError('play.not_a_manifest', 'What the origin sent is not a DASH manifest.', {
    status: 502,
    cause,
  });
}

function isElement(node: unknown): node is Element {
  return typeof node === 'object' && node !== null && 'nodeType' in node && node.nodeType === 1;
}
