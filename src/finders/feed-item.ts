/** One `<item>` or `<entry>` of a feed: the texts of its elements, its enclosures and its torznab or newznab attributes, by small names. */
export type FeedItem = {
  texts: Readonly<Record<string, string>>;
  enclosures: readonly Enclosure[];
  attributes: ReadonlyMap<string, string>;
  /** Newznab's numbers. */
  categories: readonly number[];
};
export type Enclosure = { url: string; type: string; length: string };

/** The longest of an item's texts that is used: a download link with a proxy's sealed address. */
export const MAX_TEXT_CHARS = 8192;
const MAX_ENCLOSURES = 5;
const MAX_ATTRIBUTES = 300;
const MAX_CATEGORIES = 20;

/** Texts that are read, under the name they are kept by: RSS and Atom, and what torrent feeds add (BitTorrent's and Nyaa's namespaces). */
const TEXTS: ReadonlyMap<string, string> = new Map([
  ...['title', 'guid', 'link', 'comments', 'size', 'infohash', 'magneturi', 'seeders', 'leechers'].map(
    (name): [string, string] => [name, name],
  ),
  ['id', 'guid'],
  ['pubdate', 'date'],
  ['published', 'date'],
  ['updated', 'date'],
  ['date', 'date'],
  ['contentlength', 'size'],
  ['seeds', 'seeders'],
  ['peers', 'peers'],
]);

type Attributes = Readonly<Record<string, string>>;

/** Gathers one item while its elements are read. */
export type OpenItem = {
  /** An element of it that begins. */
  open(name: string, attributes: Attributes): void;
  /** A direct child that ends, with its text. */
  close(name: string, text: string): void;
  item(): FeedItem;
};

export function openItem(): OpenItem {
  const texts: Record<string, string> = {};
  const enclosures: Enclosure[] = [];
  const attributes = new Map<string, string>();
  const categories: number[] = [];

  function enclose({ url = '', type = '', length = '' }: Partial<Enclosure>): void {
    const isUsable = url !== '' && url.length <= MAX_TEXT_CHARS && enclosures.length < MAX_ENCLOSURES;
    if (isUsable)
      enclosures.push({ url: kept(url), type: kept(type.slice(0, 100)), length: kept(length.slice(0, 20)) });
  }

  /** Atom says by attributes what RSS says by texts. */
  function link({ href = '', rel = 'alternate', type = '', length = '' }: Attributes): void {
    if (rel === 'enclosure') enclose({ url: href, type, length });
    else if (rel === 'alternate' && href.length <= MAX_TEXT_CHARS && href !== '') texts.link ??= kept(href);
  }

  /** The first says it; only `category` comes several times. */
  function attribute({ name = '', value = '' }: Attributes): void {
    const key = name.toLowerCase();
    if (key === 'category') category(value);
    const isUsable = key !== '' && key !== 'category' && key.length <= 60 && value.length <= MAX_TEXT_CHARS;
    if (isUsable && !attributes.has(key) && attributes.size < MAX_ATTRIBUTES)
      attributes.set(kept(key), kept(value));
  }

  function category(text: string): void {
    if (/^\d{4,6}$/.test(text) && categories.length < MAX_CATEGORIES) categories.push(Number(text));
  }

  return {
    open(name, given) {
      if (name === 'enclosure') enclose(given);
      else if (name === 'link') link(given);
      else if (name === 'attr') attribute(given);
    },
    close(name, text) {
      const key = TEXTS.get(name);
      const trimmed = text.trim();
      if (key !== undefined && trimmed !== '') texts[key] ??= kept(trimmed);
    },
    item: () => ({ texts, enclosures, attributes, categories }),
  };
}

/** A copy: a part of a text holds on to all of what it was cut from, 64 KiB a piece. */
export function kept(text: string): string {
  return Buffer.from(text).toString();
}
