import bencode from 'bencode';
import { z } from 'zod';
import type { Net } from '../../platform/net.ts';
import { fetchWhole } from '../../platform/net-body.ts';
import { infoHashOf } from './info-hash.ts';

const MAX_TORRENT_BYTES = 10 * 1024 * 1024;
const MAX_SOURCES = 4;
const MAX_URLS = 50;
const FETCH_MS = 15_000;

/** Where a magnet says its `.torrent` lies: its exact sources (`xs`), and those acceptable ones (`as`) that are one. */
export function exactSourcesOf(magnet: string): string[] {
  const given = [...new URLSearchParams(magnet.slice(magnet.indexOf('?') + 1))];
  const sources = given.flatMap(([name, value]) => {
    const url = /^(xs|as)(\.\d+)?$/.test(name) ? URL.parse(value) : null;
    const isSource = name.startsWith('xs') || url?.pathname.endsWith('.torrent');
    return url !== null && /^https?:$/.test(url.protocol) && isSource ? [value] : [];
  });
  return [...new Set(sources)].slice(0, MAX_SOURCES);
}

/** The `.torrent` of this info hash, from whichever address has it first, guarded; null: none does. Rejects only when `signal` aborts. */
export async function fetchExactSource(
  net: Pick<Net, 'request'>,
  urls: readonly string[],
  infoHash: string,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const others = new AbortController();
  const until = AbortSignal.any([signal, others.signal, AbortSignal.timeout(FETCH_MS)]);
  const fetchOne = async (url: string) => {
    const file = await fetchWhole(net, url, {
      ...{ what: 'The .torrent file', maxBytes: MAX_TORRENT_BYTES, signal: until },
    });
    if (infoHashOf(file) !== infoHash) throw new Error('the .torrent of something else');
    return file;
  };
  try {
    return await Promise.any(urls.slice(0, MAX_SOURCES).map(fetchOne));
  } catch {
    signal.throwIfAborted();
    return null;
  } finally {
    others.abort(new Error('another address had it'));
  }
}

const Text = z.instanceof(Uint8Array).transform((bytes) => Buffer.from(bytes).toString('utf8'));
const Texts = z.union([Text.transform((text) => [text]), z.array(Text)]).catch([]);
const Outside = z.object({
  announce: Text.optional().catch(undefined),
  'announce-list': z.array(Texts).catch([]),
  'url-list': Texts,
});

/** Whom else a `.torrent` names: its trackers (BEP 12) and web seeds (BEP 19). One that `infoHashOf` has read. */
export function namedIn(file: Uint8Array): { trackers: string[]; webSeeds: string[] } {
  const parsed = Outside.safeParse(bencode.decode(file));
  if (!parsed.success) return { trackers: [], webSeeds: [] };
  const { announce, 'announce-list': tiers, 'url-list': webSeeds } = parsed.data;
  const trackers = [...(announce === undefined ? [] : [announce]), ...tiers.flat()];
  return {
    trackers: trackers.filter((url) => /^(udp|https?|wss?):\/\//i.test(url)).slice(0, MAX_URLS),
    webSeeds: webSeeds.slice(0, MAX_URLS),
  };
}
