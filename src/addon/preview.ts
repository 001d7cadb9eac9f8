import { LRUCache } from 'lru-cache';
import type { Card, MediaKind } from '../catalogs/catalog.ts';
import { absoluteUrl } from '../kit/asset-url.ts';
import type { AddonContext } from './context.ts';
import { checkedLink, isChecked, type MetaLink } from './objects.ts';
import { stremioType } from './stremio-type.ts';

/** What Stremio shows of a title on the board, before it is held to the protocol. */
export type Preview = {
  id: string;
  name: string;
  poster: string | undefined;
  background: string | undefined;
  logo: string | undefined;
  released: string | undefined;
  links: readonly unknown[];
};

/** Makes the cards of one kind into previews. */
export function previewer(kind: MediaKind, context: AddonContext): (card: Card) => Preview {
  const url = (value: string | null) => (value === null ? undefined : absoluteUrl(context.baseUrl, value));
  const linksOf = linker(kind, context);
  const type = stremioType(kind);
  const shape = posterShape(kind);
  return (card) => ({
    id: card.canonicalId,
    type,
    name: card.title,
    poster: url(card.posterUrl),
    posterShape: shape,
    background: url(card.backgroundUrl),
    logo: url(card.logoUrl),
    description: card.overview ?? undefined,
    releaseInfo: releaseInfo(kind, card),
    released: isoDay(card.releaseDate),
    runtime: card.runtimeMinutes === null ? undefined : `${card.runtimeMinutes} min`,
    links: linksOf(card),
  });
}

const MOMENT = /^\d{4}-\d\d-\d\dT00:00:00\.000Z$/;

/**
 * Whether `MetaPreview` surely accepts a preview that `previewer` made: only what comes from outside is looked at, since types, days and the
 * link to a rating are sound by how they are made. Takes a tenth of the schema's time; false means no more than "ask the schema".
 */
export function isSurelyValid({ id, name, poster, background, logo, released, links }: Preview): boolean {
  return (
    id !== '' &&
    name !== '' &&
    isUrl(poster) &&
    isUrl(background) &&
    isUrl(logo) &&
    (released === undefined || MOMENT.test(released)) &&
    links.every((link, index) => isChecked(link) || (index === 0 && isRatingLink(link)))
  );
}

const isUrl = (value: string | undefined) => value === undefined || URL.canParse(value);
const isRatingLink = (link: unknown) =>
  typeof link === 'object' && link !== null && 'category' in link && link.category === 'imdb';

/** Logos of channels are square. */
export function posterShape(kind: MediaKind): 'poster' | 'square' {
  return kind === 'tv' ? 'square' : 'poster';
}

/** `2008`, or `2013–2016` and `2013–` for what runs over years. */
export function releaseInfo(
  kind: MediaKind,
  { year, endDate }: { year: number | null; endDate: string | null },
): string | undefined {
  if (year === null) return undefined;
  const endYear = endDate?.slice(0, 4) ?? '';
  return kind !== 'series' || endYear === String(year) ? String(year) : `${year}–${endYear}`;
}

/** Midnight UTC of a known day; undefined when it is not known. */
export function isoDay(date: string | null): string | undefined {
  return date === null ? undefined : `${date}T00:00:00.000Z`;
}

/** Makes the links of a title. */
type Linker = (title: Pick<Card, 'rating' | 'imdbId' | 'genres'>) => unknown[];

/** A server is asked under one or two addresses, and a page of 100 cards holds 250 genres but 15 different ones. */
const linkers = new LRUCache<string, Linker>({ max: 32 });
const MAX_GENRE_LINKS = 1000;
/** The catalogue of the manifest that shows a genre. */
const BY_GENRE = { movie: 'popular', series: 'popular', tv: 'live', event: 'events' } as const;

/**
 * Once `links` is sent Stremio ignores imdbRating and genres, and without it points genres at Cinemeta's own
 * catalogue: so rating and genres always go as links, the genres to our discover page.
 */
export function linker(kind: MediaKind, { baseUrl }: Pick<AddonContext, 'baseUrl'>): Linker {
  const key = `${kind} ${baseUrl}`;
  const known = linkers.get(key);
  if (known !== undefined) return known;
  const manifest = encodeURIComponent(`${baseUrl}/manifest.json`);
  const discover = `stremio:///discover/${manifest}/${stremioType(kind)}/${BY_GENRE[kind]}`;
  const genreLinks = new LRUCache<string, MetaLink>({ max: MAX_GENRE_LINKS });
  const genreLink = (name: string) => {
    const link = genreLinks.get(name);
    if (link !== undefined) return link;
    const url = `${discover}?genre=${encodeURIComponent(name)}`;
    const made = checkedLink({ name, category: 'Genres', url });
    genreLinks.set(name, made);
    return made;
  };
  const made: Linker = ({ rating, imdbId, genres }) => {
    const links: unknown[] = genres.map(genreLink);
    if (rating !== null && imdbId !== null)
      links.unshift({
        name: rating.toFixed(1),
        category: 'imdb',
        url: `https://imdb.com/title/${imdbId}`,
      });
    return links;
  };
  linkers.set(key, made);
  return made;
}
