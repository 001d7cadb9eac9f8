/** Small lists of the shapes the public ones have. The numbers stand for a series of two seasons, the second in two halves, an OVA and a film. */
export const FRIBB = JSON.stringify([
  {
    type: 'TV',
    anidb_id: 101,
    'anime-planet_id': 'the-locks',
    anilist_id: 201,
    kitsu_id: 301,
    mal_id: 401,
    imdb_id: ['tt7000001'],
    themoviedb_id: { tv: 501 },
    tvdb_id: 601,
    season: { tvdb: 1, tmdb: 1 },
  },
  {
    type: 'TV',
    anidb_id: 102,
    anilist_id: 202,
    kitsu_id: 302,
    mal_id: 402,
    imdb_id: 'tt7000001',
    themoviedb_id: { tv: 501 },
    tvdb_id: 601,
    season: { tvdb: 2, tmdb: 1 },
  },
  {
    ...{ type: 'TV', anidb_id: 103, anilist_id: 203, kitsu_id: 303, mal_id: 403, tvdb_id: 601 },
    ...{ imdb_id: 'tt7000001', themoviedb_id: { tv: 501 }, season: { tvdb: 2, tmdb: 1 } },
  },
  { type: 'OVA', anidb_id: 104, kitsu_id: 304, mal_id: 404, tvdb_id: 601, season: { tvdb: 0 } },
  {
    type: 'MOVIE',
    anidb_id: 105,
    kitsu_id: 305,
    mal_id: 405,
    imdb_id: 'tt7000005',
    themoviedb_id: { movie: [505] },
  },
  {
    type: 'TV',
    anidb_id: 106,
    anilist_id: 206,
    kitsu_id: 306,
    mal_id: 406,
    imdb_id: 'tt7000006',
    thetvdb_id: 606,
  },
  {
    type: 'TV',
    anidb_id: '107',
    kitsu_id: 'none',
    mal_id: -3,
    anilist_id: 207,
    season: 'x',
    somethingNew: { a: [1] },
  },
  { type: 'TV' },
  'no entry',
]);

export const ANIME_LIST = `<?xml version="1.0" encoding="utf-8"?>
<anime-list>
  <anime anidbid="101" tvdbid="601" defaulttvdbseason="1" episodeoffset="" tmdbtv="501" tmdbseason="1" tmdboffset="" tmdbid="" imdbid="tt7000001">
    <name>The Locks &amp; Co</name>
    <mapping-list>
      <mapping anidbseason="0" tvdbseason="0">;1-9;</mapping>
      <mapping anidbseason="1" tvdbseason="0">;3-2;4-0;</mapping>
    </mapping-list>
  </anime>
  <anime anidbid="102" tvdbid="601" defaulttvdbseason="2" episodeoffset="" tmdbtv="501" tmdbseason="1" tmdboffset="4"><name>Second</name></anime>
  <anime anidbid="103" tvdbid="601" defaulttvdbseason="2" episodeoffset="2" tmdbtv="501" tmdbseason="1" tmdboffset="6"><name>Second, later half</name></anime>
  <anime anidbid="104" tvdbid="601" defaulttvdbseason="0" episodeoffset="" tmdbtv="501"><name>OVA</name></anime>
  <anime anidbid="105" tvdbid="movie" defaulttvdbseason="1" tmdbid="505" imdbid="tt7000005"><name>The Film</name></anime>
  <anime anidbid="106" tvdbid="606" defaulttvdbseason="a" episodeoffset="" imdbid="unknown">
    <name>Counted through</name>
    <mapping-list><mapping anidbseason="1" tvdbseason="2" start="3" end="3" offset="-2"/></mapping-list>
  </anime>
  <anime anidbid="108" tvdbid="unknown" defaulttvdbseason="" imdbid="tt1,tt2"><name>Nothing to learn</name></anime>
</anime-list>`;

export const MANAMI = JSON.stringify({
  license: { name: 'made up', url: 'https://example.invalid' },
  data: [
    {
      sources: [
        'https://anidb.net/anime/101',
        'https://anilist.co/anime/201',
        'https://kitsu.io/anime/301',
        'https://myanimelist.net/anime/401',
        'https://livechart.me/anime/1',
      ],
      title: 'The "Locks" [1]',
      type: 'TV',
      synonyms: ['Els {canals}'],
    },
    {
      sources: [
        'https://kitsu.app/anime/309',
        'https://myanimelist.net/anime/409',
        'https://myanimelist.net/anime/410',
      ],
      type: 'TV',
    },
    { sources: ['https://kitsu.app/anime/311', 'https://myanimelist.net/anime/411'], type: 'SPECIAL' },
  ],
});
