import type { Crypto } from '../../platform/crypto.ts';
import { trackerUrls } from './contents.ts';

export const SEALED_MAGNET = 'torrent.magnet';

/** The announce URLs of a private torrent, with its member's passkey: they are stored sealed, in its magnet, and nowhere else. */
export function privateTrackers(crypto: Pick<Crypto, 'open'>, sealed: Buffer | null): string[] {
  const magnet = sealed === null ? null : crypto.open(SEALED_MAGNET, sealed)?.toString('utf8');
  return magnet ? trackerUrls(new URLSearchParams(magnet.slice('magnet:?'.length)).getAll('tr')) : [];
}
