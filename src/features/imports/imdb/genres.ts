/** IMDb's own words where ours differ; the rest are called the same. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  'Sci-Fi': 'Science Fiction',
  'Film-Noir': 'Film Noir',
  'Game-Show': 'Game Show',
  'Reality-TV': 'Reality',
  'Talk-Show': 'Talk Show',
};

const KNOWN: ReadonlySet<string> = new Set([
  ...[
    'Action',
    'Adult',
    'Adventure',
    'Animation',
    'Biography',
    'Comedy',
    'Crime',
    'Documentary',
    'Drama',
    'Family',
  ],
  ...[
    'Fantasy',
    'Film-Noir',
    'Game-Show',
    'History',
    'Horror',
    'Music',
    'Musical',
    'Mystery',
    'News',
    'Reality-TV',
  ],
  ...['Romance', 'Sci-Fi', 'Short', 'Sport', 'Talk-Show', 'Thriller', 'War', 'Western'],
]);

/** `Drama,Sci-Fi` → names of our genres; a word that IMDb did not have when this was written is left out. */
export function genreNames(text: string): string[] {
  if (text === '\\N') return [];
  return [...new Set(text.split(',').filter((name) => KNOWN.has(name)))].map(
    (name) => OTHER_NAMES[name] ?? name,
  );
}

/** All there can be. */
export const IMDB_GENRES: readonly string[] = [...KNOWN].map((name) => OTHER_NAMES[name] ?? name);
