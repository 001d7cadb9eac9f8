import type { Element } from '@xmldom/xmldom';
import type { Documents } from '../documents.ts';
import type { Address } from '../origin-fetch.ts';
import { addressOf } from '../parts.ts';
import { childrenOf, everyElement, notAManifest, parseMpd, removeXlink, xlinkOf } from './mpd.ts';
import { resolve } from './rewrite.ts';

const RESOLVE_TO_ZERO = 'urn:mpeg:dash:resolve-to-zero:2013';
/** Remote elements of one manifest; more is no presentation but a way to make us ask around. */
const MAX_REMOTE = 16;
const REMOTE_LIFE_MS = 10_000;

/**
 * Fetches what a manifest takes from elsewhere by XLink (ISO/IEC 23009-1 §5.5), so that a player never does. What
 * cannot be had keeps its default content; remote elements within remote ones do as well.
 */
export async function inlineRemote(
  documents: Documents,
  root: Element,
  { address, from, signal }: { address: Address; from: URL; signal: AbortSignal },
): Promise<void> {
  const remote = [...everyElement(root)].filter((element) => xlinkOf(element) !== null);
  if (remote.length > MAX_REMOTE) throw notAManifest();
  for (const element of remote) {
    const href = xlinkOf(element) ?? '';
    removeXlink(element);
    const where = addressOf(resolve(href, from.href), address);
    const found = href === RESOLVE_TO_ZERO ? [] : await fetchElements(documents, where, signal);
    if (found !== null) replace(element, found);
  }
}

function replace(element: Element, elements: readonly Element[]): void {
  for (const other of elements) element.parentNode?.insertBefore(other, element);
  element.parentNode?.removeChild(element);
}

async function fetchElements(
  documents: Documents,
  address: Address,
  signal: AbortSignal,
): Promise<Element[] | null> {
  try {
    const { text } = await documents.read(address, () => REMOTE_LIFE_MS, signal);
    const body = text.replace(/^\ufeff?\s*<\?xml[^>]*\?>/, '');
    const { root } = parseMpd(
      `<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:xlink="http://www.w3.org/1999/xlink">${body}</MPD>`,
    );
    const elements = childrenOf(root);
    for (const element of elements.flatMap((one) => [...everyElement(one)])) removeXlink(element);
    return elements;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
