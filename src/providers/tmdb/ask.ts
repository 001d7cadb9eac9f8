import type { JsonApi } from '../provider.ts';

const BASE = 'https://api.themoviedb.org/3';
/** Keys of version 3 are 32 hexadecimal digits, tokens of version 4 are JWTs of some 200 characters. */
const LONGEST_KEY = 40;

/** Asks one path; null: 404. */
export type Ask = <T>(
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  parse: (body: unknown) => T,
  signal: AbortSignal,
) => Promise<T | null>;

/** The way to its API with the owner's key or token. */
export function createAsker(api: JsonApi, apiKey: string): Ask {
  const isToken = apiKey.length > LONGEST_KEY;
  const headers = isToken ? { authorization: `Bearer ${apiKey}` } : {};
  return (path, query, parse, signal) => {
    const url = new URL(BASE + path);
    if (!isToken) url.searchParams.set('api_key', apiKey);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, value);
    return api.get({ url, parse, headers, signal });
  };
}
