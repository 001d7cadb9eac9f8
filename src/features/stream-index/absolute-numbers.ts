export type Numbered = { season: number; episode: number };

/** So many episodes a catalogue may not know yet of a season that runs. */
const NEW_EPISODES = 3;

/**
 * Where numbers without a season belong, as fansubs write them: "Show - 13" is episode 1 of season 2 where season 1 has
 * twelve. `numbers` are all of one stream, because one of them tells how the others are meant: in a pack of 01–24 number
 * 05 is of season 1 whichever season was asked for. `base` is the season that was asked for, else 1.
 */
export function placeNumbers(
  numbers: readonly number[],
  base: number,
  catalogue: readonly Numbered[],
): (number: number) => Numbered {
  const regular = catalogue
    .filter(({ season }) => season > 0)
    .sort((a, b) => a.season - b.season || a.episode - b.episode);
  const asAsked = (episode: number) => ({ season: base, episode });
  if (new Set(regular.map(({ season }) => season)).size < 2) return asAsked;
  if (isRunning(regular)) {
    const byNumber = new Map(regular.map((place) => [place.episode, place]));
    return (number) => byNumber.get(number) ?? asAsked(number);
  }
  return isAbsolute(numbers, base, regular) ? (number) => absolutePlace(number, regular) : asAsked;
}

/** The catalogue itself numbers through: season 2 begins with 13. */
function isRunning(regular: readonly Numbered[]): boolean {
  return new Set(regular.map(({ episode }) => episode)).size === regular.length;
}

function isAbsolute(numbers: readonly number[], base: number, regular: readonly Numbered[]): boolean {
  const own = regular.filter(({ season }) => season === base);
  const highest = own.at(-1)?.episode ?? 0;
  const most = Math.max(0, ...numbers);
  if (own.length === 0 || most <= highest) return false;
  if (base !== regular.at(-1)?.season) return true;
  // The last season may have got another episode since; numbers past all seasons before it were counted through.
  const before = regular.length - own.length;
  return numbers.every((number) => number > before) || most > highest + NEW_EPISODES;
}

/** What the catalogue does not know yet goes on after its last. */
function absolutePlace(number: number, regular: readonly Numbered[]): Numbered {
  const known = regular[number - 1];
  if (known !== undefined) return known;
  const { season, episode } = regular.at(-1) ?? { season: 1, episode: 0 };
  return { season, episode: episode + Math.max(0, number - regular.length) };
}
