import type { Element } from '@xmldom/xmldom';
import { AppError } from '../../kit/errors.ts';
import { childrenOf, everyElement, textOf } from './mpd.ts';

const CLEAR_KEY = /^urn:uuid:(e2719d58-a985-b3c9-781a-b030af78d30e|1077efec-c0b2-4d02-ace3-3c1e52e2fb4b)$/i;
/** DRM systems are told by their UUID (DASH-IF registry); all but ClearKey need a licence server of theirs. */
const SYSTEM = /^urn:uuid:/i;

/** Whether the keys can be had from a licence server only (Widevine, PlayReady, FairPlay, …), and not as ClearKey. */
export function needsLicenceServer(root: Element): boolean {
  const schemes = protections(root).map(schemeOf);
  return schemes.some(isClosed) && !schemes.some((scheme) => CLEAR_KEY.test(scheme));
}

/**
 * Leads the addresses of ClearKey licences through us, in place. Other systems are taken out: a player that chose one
 * would ask its server past us. So are addresses where a player would have to prove itself first.
 */
export function leadLicences(root: Element, linkTo: (url: string) => string): void {
  for (const element of protections(root)) {
    if (isClosed(schemeOf(element))) element.parentNode?.removeChild(element);
    else for (const child of childrenOf(element)) leadChild(child, linkTo);
  }
}

function leadChild(element: Element, linkTo: (url: string) => string): void {
  if (/^(authz|cert)url$/i.test(element.localName ?? '')) element.parentNode?.removeChild(element);
  if (isLicenceUrl(element)) element.textContent = linkTo(textOf(element));
}

/**
 * Where the key of a representation is asked for as ClearKey, as the manifest writes it; null: it is not encrypted. Throws
 * AppError `play.encrypted_dash` when nothing says where.
 */
export function clearKeyLicence(levels: readonly Element[]): string | null {
  const found = levels.flatMap((level) => childrenOf(level, 'ContentProtection'));
  if (found.length === 0) return null;
  const urls = found
    .filter((element) => CLEAR_KEY.test(schemeOf(element)))
    .flatMap((element) => childrenOf(element));
  const url = urls.find(isLicenceUrl);
  if (url !== undefined) return textOf(url);
  throw new AppError(
    'play.encrypted_dash',
    'This stream is encrypted and does not say where its key is to be had, so it can only be played as DASH.',
    { status: 415 },
  );
}

/** DASH-IF's `Laurl` (https://dashif.org/CPS), and the one of ClearKey before that; `data:` is no request. */
function isLicenceUrl(element: Element): boolean {
  const text = textOf(element);
  return /^laurl$/i.test(element.localName ?? '') && text !== '' && !/^data:/i.test(text);
}

function protections(root: Element): Element[] {
  return [...everyElement(root)].filter(({ localName }) => localName === 'ContentProtection');
}

function isClosed(scheme: string): boolean {
  return SYSTEM.test(scheme) && !CLEAR_KEY.test(scheme);
}

function schemeOf(element: Element): string {
  return element.getAttribute('schemeIdUri')?.trim() ?? '';
}
