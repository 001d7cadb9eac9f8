/** An address of an API: `path` with its parts already safe, `query` without what is undefined. */
export function address(
  base: string,
  path: string,
  query: Readonly<Record<string, string | number | undefined>> = {},
): URL {
  const url = new URL(`${base}${path}`);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.append(name, String(value));
  return url;
}

/** An id that is a number, as all of these providers have; null: it is none, and nobody needs to be asked. */
export function numericId(value: string): string | null {
  return /^[1-9]\d{0,8}$/.test(value) ? value : null;
}

/** An IMDb id of a title, or null. */
export function imdbId(value: string): string | null {
  return /^tt\d{5,12}$/.test(value) ? value : null;
}
