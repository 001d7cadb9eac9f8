/** How an id of each site looks, alone and in the address of its page. */
const SITES: readonly { provider: string; prefixed: RegExp; page: RegExp }[] = [
  {
    provider: 'imdb',
    prefixed: /^(?:imdb:)?(tt\d{5,12})$/,
    page: /imdb\.com\/(?:[a-z-]+\/)?title\/(tt\d{5,12})/,
  },
  { provider: 'tmdb', prefixed: numbered('tmdb'), page: /themoviedb\.org\/(?:movie|tv)\/(\d+)/ },
  { provider: 'tvdb', prefixed: numbered('tvdb'), page: /thetvdb\.com\/dereferrer\/(?:movie|series)\/(\d+)/ },
  { provider: 'kitsu', prefixed: numbered('kitsu'), page: /kitsu\.(?:app|io)\/anime\/(\d+)/ },
  { provider: 'mal', prefixed: numbered('mal'), page: /myanimelist\.net\/anime\/(\d+)/ },
  { provider: 'anilist', prefixed: numbered('anilist'), page: /anilist\.co\/anime\/(\d+)/ },
  { provider: 'tvmaze', prefixed: numbered('tvmaze'), page: /tvmaze\.com\/shows\/(\d+)/ },
  { provider: 'trakt', prefixed: numbered('trakt'), page: /trakt\.tv\/(?:movies|shows)\/(\d+)/ },
  { provider: 'wikidata', prefixed: /^(?:wikidata:)?(Q[1-9]\d{0,11})$/, page: /wikidata\.org\/wiki\/(Q\d+)/ },
];

function numbered(provider: string): RegExp {
  return new RegExp(`^${provider}:(?:movie:|tv:)?([1-9]\\d{0,8})$`);
}

/** `tt0133093`, `tmdb:603`, or the address of its page there; null: none of them. */
export function outsideId(text: string): { provider: string; value: string } | null {
  const given = text.trim();
  for (const { provider, prefixed, page } of SITES) {
    const value = (prefixed.exec(given) ?? page.exec(given))?.[1];
    if (value !== undefined) return { provider, value };
  }
  return null;
}

/** The page of an id, for a person to look at; null: there is none by the id alone. */
export function pageOf(provider: string, id: string, kind: string): string | null {
  const isFilm = kind === 'movie';
  const pages: Readonly<Record<string, string>> = {
    imdb: `https://www.imdb.com/title/${id}/`,
    tmdb: `https://www.themoviedb.org/${isFilm ? 'movie' : 'tv'}/${id}`,
    tvdb: `https://thetvdb.com/dereferrer/${isFilm ? 'movie' : 'series'}/${id}`,
    kitsu: `https://kitsu.app/anime/${id}`,
    mal: `https://myanimelist.net/anime/${id}`,
    anilist: `https://anilist.co/anime/${id}`,
    tvmaze: `https://www.tvmaze.com/shows/${id}`,
    wikidata: `https://www.wikidata.org/wiki/${id}`,
  };
  return pages[provider] ?? null;
}
