const FIRST =
  'Amber Bitter Crimson Distant Eager Fallen Gentle Hollow Ivory Jagged Kindred Lonely Marble Narrow Obscure Patient Quiet Restless Silent Tangled';
const SECOND =
  'Harbor Meadow Lantern Orchard River Station Garden Winter Letter Mirror Compass Thunder Feather Canyon Island Window Blossom Engine Pilgrim Sparrow';
const THIRD =
  'Keepers Dreams Voices Shadows Summers Secrets Promises Strangers Echoes Travelers Widows Brothers Machines Prayers Rumors Daughters Soldiers Dancers Colors Ashes';
const WORDS = [FIRST, SECOND, THIRD].map((words) => words.split(' '));
/** Prime to the 8,000 there are: neighbours share no word. */
const STEP = 7919;
const FILMS = 8000;

/** One of 8,000 films nobody has made. */
export function filmAt(place: number): { title: string; year: number } {
  const n = (place * STEP) % FILMS;
  const title = WORDS.map((words, slot) => words[Math.floor(n / 20 ** slot) % 20]).join(' ');
  return { title, year: 1950 + (place % 70) };
}

const PLACES = new Map(
  Array.from({ length: FILMS }, (_, place) => [filmAt(place).title.toLowerCase(), place] as const),
);

/** Which film is called so; null: none. */
export function placeOf(title: string): number | null {
  return PLACES.get(title.trim().toLowerCase()) ?? null;
}
