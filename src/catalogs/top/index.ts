import { shelved } from '../shelved.ts';
import { content } from './queries.ts';

const NAMES: Readonly<Record<string, string>> = {
  ...{
    imdb: 'IMDb',
    tmdb: 'TMDB',
    trakt: 'Trakt',
    letterboxd: 'Letterboxd',
    rottentomatoes: 'Rotten Tomatoes',
  },
  ...{
    metacritic: 'Metacritic',
    rogerebert: 'Roger Ebert',
    mal: 'MyAnimeList',
    anilist: 'AniList',
    kitsu: 'Kitsu',
  },
  ...{ tvdb: 'TheTVDB', tvmaze: 'TVmaze' },
};

/** Best rated by one provider, to be chosen as the genre; that which rated most titles without a choice. */
export const top = shelved(
  { id: 'top', name: 'Top rated', kinds: ['movie', 'series'] },
  { content, choice: 'optional', labelOf: (name) => NAMES[name] ?? name },
);
