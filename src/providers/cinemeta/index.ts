import { knownFields } from '../../kit/known-fields.ts';
import { imdbId } from '../address.ts';
import type {
  MetadataProvider,
  ProvidedSeason,
  ProvidedTitle,
  ProviderDeps,
  ProviderPlug,
  SearchHit,
} from '../provider.ts';
import { type Meta, MetaAnswer, SearchAnswer } from './shapes.ts';

const BASE = 'https://v3-cinemeta.strem.io';
/** Of its list, which has thousands; its first page has some 50 to 100. */
const LIST_LENGTH = 100;
/** Episodes of one series; the longest-running have some 15,000. */
const MAX_EPISODES = 20_000;

/** Nobody publishes a limit; this is a tenth of what a browser does on Stremio's front page. */
export const cinemeta: ProviderPlug = {
  name: 'cinemeta',
  limits: { perSecond: 4 },
  needsKey: false,
  open: createCinemeta,
};

/**
 * Stremio's own add-on Cinemeta, by the add-on protocol: knows films and series by their IMDb ids and needs no key, so without any key
 * titles still get a name, a poster and episodes. English only.
 */
function createCinemeta({ api }: Pick<ProviderDeps, 'api'>): MetadataProvider {
  return {
    name: 'cinemeta',
    idProviders: ['imdb'],
    keepDays: 7,

    async search({ kind, title }, signal) {
      const url = new URL(`/catalog/${kind}/top/search=${encodeURIComponent(title)}.json`, BASE);
      const answer = await api.get({ url, parse: (body) => SearchAnswer.parse(body), signal });
      return (answer?.metas ?? []).flatMap((meta) => hitOf(kind, meta));
    },

    lists: (['movie', 'series'] as const).map((kind) => ({
      slug: 'top',
      name: 'Popular (Cinemeta)',
      kind,
      async titles(signal) {
        const url = new URL(`/catalog/${kind}/top.json`, BASE);
        const answer = await api.get({ url, parse: (body) => SearchAnswer.parse(body), signal });
        return (answer?.metas ?? []).slice(0, LIST_LENGTH).flatMap((meta) => hitOf(kind, meta));
      },
    })),

    async byId(id, { kind }, signal) {
      const value = id.provider === 'imdb' ? imdbId(id.value) : null;
      if (value === null) return null;
      const url = new URL(`/meta/${kind}/${value}.json`, BASE);
      const answer = await api.get({ url, parse: (body) => MetaAnswer.parse(body), signal });
      return answer?.meta ? titleOf(answer.meta) : null;
    },
  };
}

type Hit = ReturnType<typeof SearchAnswer.parse>['metas'][number];

function hitOf(kind: 'movie' | 'series', { id, name, releaseInfo, year, poster }: Hit): SearchHit[] {
  if (id === undefined || name === undefined) return [];
  return [
    { kind, ids: { imdb: id }, title: name, ...knownFields({ year: yearIn(releaseInfo ?? year), poster }) },
  ];
}

function titleOf(meta: Meta): ProvidedTitle {
  const { genres, genre } = meta;
  const years = meta.releaseInfo ?? meta.year;
  return {
    kind: meta.type,
    title: meta.name,
    ids: knownFields({
      imdb: meta.id,
      tmdb: meta.moviedb_id,
      tvdb: meta.type === 'series' ? meta.tvdb_id : undefined,
    }),
    ...knownFields({
      year: yearIn(years),
      releaseDate: meta.released,
      runtimeMinutes: minutesIn(meta.runtime),
      overview: meta.description,
      ratings: meta.imdbRating === undefined ? undefined : [{ provider: 'imdb', rating: meta.imdbRating }],
      genres: filled(genres.length > 0 ? genres : genre),
      cast: filled(meta.cast.map((name) => ({ name }))),
      crew: filled([
        ...meta.director.map((name) => ({ name, job: 'Director', department: 'Directing' })),
        ...meta.writer.map((name) => ({ name, job: 'Writer', department: 'Writing' })),
      ]),
      images: filled(imagesOf(meta)),
      trailer: trailerOf(meta),
      seasons: meta.type === 'series' ? filled(seasonsOf(meta)) : undefined,
    }),
  };
}

function filled<T>(list: readonly T[]): T[] | undefined {
  return list.length === 0 ? undefined : [...list];
}

function imagesOf({ poster, background, logo }: Meta) {
  const images = [
    { type: 'poster' as const, url: poster },
    { type: 'background' as const, url: background },
    { type: 'logo' as const, url: logo },
  ];
  return images.flatMap(({ type, url }) => (url === undefined ? [] : [{ type, url }]));
}

function trailerOf({ trailerStreams, trailers }: Meta): { youtube: string } | undefined {
  const youtube = trailerStreams[0]?.ytId ?? trailers[0]?.source;
  return youtube === undefined ? undefined : { youtube };
}

function seasonsOf({ videos }: Meta): ProvidedSeason[] {
  const seasons = new Map<number, NonNullable<ProvidedSeason['episodes']>>();
  for (const video of videos.slice(0, MAX_EPISODES)) {
    const number = video.episode ?? video.number;
    if (number === undefined) continue;
    const episodes = seasons.get(video.season) ?? [];
    seasons.set(video.season, episodes);
    episodes.push({
      number,
      ...knownFields({
        title: video.name ?? video.title,
        overview: video.overview ?? video.description,
        airDate: video.released ?? video.firstAired,
        thumbnail: video.thumbnail,
      }),
    });
  }
  return [...seasons].sort(([a], [b]) => a - b).map(([number, episodes]) => ({ number, episodes }));
}

/** The first year of `2008–2013`. */
function yearIn(text: string | undefined): number | undefined {
  const year = Number(/\b(1[89]|20|21)\d{2}\b/.exec(text ?? '')?.[0]);
  return year > 0 ? year : undefined;
}

/** `136 min`, `2h 16min`. */
function minutesIn(text: string | undefined): number | undefined {
  const [, hours = 0] = /(\d{1,3})\s*h/.exec(text ?? '') ?? [];
  const [, minutes = 0] = /(\d{1,4})\s*m/.exec(text ?? '') ?? [];
  const total = Number(hours) * 60 + Number(minutes);
  return total > 0 ? total : undefined;
}
