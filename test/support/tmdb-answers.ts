/** Answers in the shape of TMDB's API version 3, cut down to what is read and a few fields that are not. */
export const TMDB_FILM = {
  id: 603,
  imdb_id: 'tt0133093',
  title: 'The Matrix',
  original_title: 'The Matrix',
  original_language: 'en',
  adult: false,
  video: false,
  release_date: '1999-03-31',
  runtime: 136,
  status: 'Released',
  tagline: 'Welcome to the Real World.',
  overview: 'A hacker learns what is real.',
  popularity: 80.5,
  vote_average: 8.2,
  vote_count: 24_000,
  poster_path: '/shown.jpg',
  backdrop_path: '/back.jpg',
  spoken_languages: [{ iso_639_1: 'fr', english_name: 'French' }, { iso_639_1: 'en' }],
  production_countries: [{ iso_3166_1: 'US', name: 'United States of America' }],
  genres: [
    { id: 28, name: 'Action' },
    { id: 878, name: 'Science Fiction' },
  ],
  production_companies: [{ id: 79, name: 'Village Roadshow Pictures' }],
  external_ids: { imdb_id: 'tt0133093', wikidata_id: 'Q83495', facebook_id: 'TheMatrixMovie' },
  keywords: {
    keywords: [
      { id: 4565, name: 'dystopia' },
      { id: 2157, name: 'hacker' },
    ],
  },
  alternative_titles: { titles: [{ iso_3166_1: 'DE', title: 'Matrix 1', type: '' }] },
  credits: {
    cast: [{ id: 6384, name: 'Keanu Reeves', character: 'Neo', order: 0 }],
    crew: [
      { id: 9340, name: 'Lana Wachowski', job: 'Director', department: 'Directing' },
      { id: 'odd', name: 'Nobody', job: 'Writer' },
    ],
  },
  release_dates: {
    results: [
      {
        iso_3166_1: 'US',
        release_dates: [
          { certification: 'R', type: 3 },
          { certification: 'R', type: 4 },
        ],
      },
      {
        iso_3166_1: 'DE',
        release_dates: [
          { certification: '', type: 1 },
          { certification: '16', type: 3 },
        ],
      },
    ],
  },
  images: {
    posters: [
      { file_path: '/other.jpg', iso_639_1: null },
      { file_path: '/shown.jpg', iso_639_1: 'en' },
      { file_path: '../../x', iso_639_1: 'en' },
    ],
    backdrops: [{ file_path: '/back.jpg', iso_639_1: null }],
    logos: [{ file_path: '/logo.png', iso_639_1: 'en' }],
  },
  videos: {
    results: [
      { site: 'YouTube', type: 'Clip', key: 'aaaaaaaaaaa', official: true },
      { site: 'YouTube', type: 'Trailer', key: 'bbbbbbbbbbb', official: false },
      { site: 'YouTube', type: 'Trailer', key: 'vKQi3bBA1y8', official: true },
    ],
  },
  translations: {
    translations: [
      { iso_639_1: 'en', iso_3166_1: 'US', data: { title: '', overview: '', tagline: '' } },
      { iso_639_1: 'es', iso_3166_1: 'ES', data: { title: 'Matrix', overview: 'Un pirata.', tagline: '' } },
      { iso_639_1: 'pt', iso_3166_1: 'BR', data: { title: '', overview: '', tagline: 'Bem-vindo.' } },
    ],
  },
  'watch/providers': {
    results: {
      DE: {
        link: 'https://www.themoviedb.org/movie/603/watch?locale=DE',
        flatrate: [{ provider_id: 8, provider_name: 'Netflix' }],
        rent: [{ provider_id: 2, provider_name: 'Apple TV' }],
      },
      FR: { ads: [{ provider_id: 538, provider_name: 'Plex' }] },
    },
  },
};

export const TMDB_SERIES = {
  id: 1396,
  name: 'Breaking Bad',
  original_name: 'Breaking Bad',
  original_language: 'en',
  adult: false,
  first_air_date: '2008-01-20',
  last_air_date: '2013-09-29',
  status: 'Ended',
  type: 'Scripted',
  episode_run_time: [47],
  origin_country: ['US'],
  networks: [{ id: 174, name: 'AMC' }],
  created_by: [{ id: 66633, name: 'Vince Gilligan' }],
  seasons: [
    { season_number: 0, name: 'Specials' },
    { season_number: 1, name: 'Season 1', air_date: '2008-01-20', poster_path: '/s1.jpg' },
  ],
  external_ids: { imdb_id: 'tt0903747', tvdb_id: 81189 },
  keywords: { results: [{ name: 'drugs' }] },
  alternative_titles: { results: [{ title: 'Metástasis' }] },
  content_ratings: {
    results: [
      { iso_3166_1: 'US', rating: 'TV-MA' },
      { iso_3166_1: 'XX', rating: '' },
    ],
  },
};

export const TMDB_SEASON = {
  season_number: 1,
  name: 'Season 1',
  air_date: '2008-01-20',
  poster_path: '/s1.jpg',
  episodes: [
    { episode_number: 1, name: 'Pilot', air_date: '2008-01-20', runtime: 59, still_path: '/e1.jpg' },
    { episode_number: 2, name: '', air_date: null, runtime: 0 },
  ],
};
