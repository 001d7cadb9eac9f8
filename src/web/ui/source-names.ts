/** Sources of metadata as they call themselves. */
const NAMES: Readonly<Record<string, string>> = {
  tmdb: 'TMDB',
  tvdb: 'TheTVDB',
  omdb: 'OMDb',
  imdb: 'IMDb',
  cinemeta: 'Cinemeta',
  tvmaze: 'TVmaze',
  kitsu: 'Kitsu',
  anilist: 'AniList',
  mal: 'MyAnimeList',
  trakt: 'Trakt',
  fanart: 'fanart.tv',
  wikidata: 'Wikidata',
};

export function sourceName(name: string): string {
  return NAMES[name] ?? name;
}
