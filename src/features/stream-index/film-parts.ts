import { plainName } from './same-release.ts';

type Part = { kind: string; name: string | null; fileName: string | null; partNumber: number | null };

/** A film in parts (`CD1`, `CD2`) is watched in their order: they stand one after the other where the best of them stands in `ordered`. */
export function withPartsTogether<T extends Part>(ordered: readonly T[]): T[] {
  const parts = ordered.filter(({ partNumber }) => partNumber !== null);
  if (parts.length === 0) return [...ordered];
  const films = Map.groupBy(parts, filmOf);
  return ordered.flatMap((each) => {
    if (each.partNumber === null) return [each];
    const film = films.get(filmOf(each)) ?? [];
    films.delete(filmOf(each));
    return film.toSorted((a, b) => (a.partNumber ?? 0) - (b.partNumber ?? 0));
  });
}

/** What the parts of one film have in common: the name without the number of the part. */
function filmOf({ kind, name, fileName, partNumber }: Part): string {
  const word = new RegExp(`(?<![a-z\\d])(cd|dis[ck]|part|pt) ?0?${partNumber}(?: ?of ?\\d+)?(?!\\d)`, 'g');
  return `${kind} ${plainName({ name, fileName }).replace(word, '$1')}`;
}
