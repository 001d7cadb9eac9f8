import type { Lister, ListingPlace } from '../../finders/lister.ts';
import { AppError } from '../../kit/errors.ts';
import type { Crypto } from '../../platform/crypto.ts';
import type { Db } from '../../platform/db.ts';
import type { Net } from '../../platform/net.ts';
import { netTo } from '../../streams/source-access.ts';
import { placeOf, type SourceFinder } from './place.ts';
import { sourceById } from './queries/sources.ts';

/** Makes the lister of a server, which reaches it by `net` and nothing else. */
export type OpenLister = (finder: SourceFinder, place: ListingPlace, net: Net) => Lister;
export type ListerDeps = { net: Net; openLister: OpenLister };

/** The lister of a source, by the permission its owner gave it. */
export function listerOf(
  { net, openLister }: ListerDeps,
  { finder, allowsPrivate }: { finder: SourceFinder; allowsPrivate: boolean },
  place: ListingPlace,
): Lister {
  return openLister(finder, place, wayTo(net, place, allowsPrivate));
}

function wayTo(net: Net, { baseUrl }: ListingPlace, allowsPrivate: boolean): Net {
  return baseUrl.startsWith('local:') ? net : netTo(net, { url: baseUrl, allowsPrivate });
}

export type OpenedSource = {
  /** With its login. */
  place: ListingPlace;
  /** Reaches it by the permission of its owner. */
  net: Net;
  /** The caller closes what it opens. */
  openLister(): Lister;
};

/** What a stored source is asked by; null: it is gone. Throws `sources.sealed`. */
export async function openSource(
  { db, crypto, net, openLister }: ListerDeps & { db: Db; crypto: Pick<Crypto, 'open'> },
  sourceId: number,
): Promise<OpenedSource | null> {
  const source = await sourceById(db, sourceId);
  if (source === null) return null;
  const place = placeOf(crypto, source);
  const way = wayTo(net, place, source.allowsPrivate);
  return { place, net: way, openLister: () => openLister(source.finder, place, way) };
}

/** How a server does just now, in words for its owner. */
export async function testLister(
  lister: Lister,
  signal: AbortSignal,
): Promise<{ isWorking: boolean; detail: string }> {
  try {
    return { isWorking: true, detail: await lister.test(signal) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return {
      isWorking: false,
      detail: error.code === 'net.refused' ? `${error.message} ${AT_HOME}` : error.message,
    };
  } finally {
    await lister.close();
  }
}

const AT_HOME =
  'If it is in your own network, say so of this source (`allowsPrivate`): that lets it through, and nothing else. With OUTBOUND=listed it must stand in OUTBOUND_ALLOW.';
