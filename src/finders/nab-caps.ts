import { z } from 'zod';
import { countOf, type XmlElement } from './feed-xml.ts';

const Mode = z.object({ isAvailable: z.boolean(), params: z.array(z.string()) });
type NabMode = z.infer<typeof Mode>;

/** What an indexer says it can do (`t=caps`). JSON-safe: it is kept for a day. */
export const NabCaps = z.object({
  title: z.string().nullable(),
  /** Most items it gives at once. */
  limit: z.int().min(1).max(10_000),
  search: Mode,
  tv: Mode,
  movie: Mode,
  categories: z.array(z.object({ id: z.int(), name: z.string() })).max(2000),
});
export type NabCaps = z.infer<typeof NabCaps>;

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;
const MAX_CATEGORIES = 2000;

/** Reads the elements of a caps document, in the order they were opened. */
export function capsOf(elements: readonly XmlElement[]): NabCaps {
  const named = (name: string) => elements.find((element) => element.name === name)?.attributes ?? null;
  const limits = named('limits');
  const limit = countOf(limits?.max) || countOf(limits?.default) || DEFAULT_LIMIT;
  return {
    title: named('server')?.title?.slice(0, 200) || null,
    limit: Math.min(MAX_LIMIT, limit),
    search: modeOf(named('search'), ['q']),
    tv: modeOf(named('tv-search'), ['q', 'season', 'ep']),
    movie: modeOf(named('movie-search'), ['q']),
    categories: categoriesOf(elements),
  };
}

function categoriesOf(elements: readonly XmlElement[]): NabCaps['categories'] {
  return elements
    .filter(({ name }) => name === 'category' || name === 'subcat')
    .flatMap(({ attributes: { id, name = '' } }) => {
      const number = countOf(id);
      return number === null || number > 1_000_000 ? [] : [{ id: number, name: name.slice(0, 200) }];
    })
    .slice(0, MAX_CATEGORIES);
}

/** Newznab's own caps name no parameters: then those of the standard, which its ids are not sure to be among. */
function modeOf(given: Readonly<Record<string, string>> | null, standard: readonly string[]): NabMode {
  if (given === null) return { isAvailable: false, params: [] };
  const params = given.supportedParams?.toLowerCase().split(',') ?? standard;
  return {
    isAvailable: /^(?:yes|true|1)$/i.test(given.available ?? 'yes'),
    params: params.map((param) => param.trim().slice(0, 40)).slice(0, 40),
  };
}
