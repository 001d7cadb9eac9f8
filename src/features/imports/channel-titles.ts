import { languageOf } from '../../kit/language.ts';
import type { ListEntry } from '../../kit/m3u-read.ts';
import { parseReleaseName } from '../../kit/release-name.ts';
import { ImportTitle } from './schemas.ts';

/** What an IPTV list became: its channels as `tv`, its films and series, and how many entries were none. */
export type ChannelTitles = { titles: ImportTitle[]; entries: number; refused: number };

/** Entries of one list; past this it is no list of channels (300 MB of memory). */
const MAX_ENTRIES = 500_000;
const VIDEO_FILE = /\.(?:mkv|mp4|avi|m4v|mov|wmv|mpe?g|webm)(?:[?#]|$)/i;
const VOD_PATH = /\/(?:movie|series)\//i;

/**
 * One title a channel: entries of one `tvg-id`, else of one name, are one channel with several streams. Entries whose address is a video
 * file's (or Xtream's `/movie/`, `/series/`) are films and episodes by their names.
 */
export async function channelTitles(list: AsyncIterable<ListEntry>): Promise<ChannelTitles> {
  const drafts = new Map<string, Draft>();
  let [entries, refused] = [0, 0];
  for await (const entry of list) {
    entries += 1;
    const draft = entries > MAX_ENTRIES ? null : draftOf(entry);
    if (draft === null) refused += 1;
    else merge(drafts, draft);
  }
  const titles: ImportTitle[] = [];
  for (const { title } of drafts.values()) {
    const parsed = ImportTitle.safeParse(title);
    if (parsed.success) titles.push(parsed.data);
    else refused += 1;
  }
  return { titles, entries, refused };
}

type Stream = { kind: 'http'; url: string; name: string; headers?: Record<string, string> };
type Place = { season: number; episode: number } | null;
type Seasons = { number: number; episodes: { number: number; streams: Stream[] }[] }[];
type Draft = {
  key: string;
  title: { kind: string; title: string; streams?: Stream[]; seasons?: Seasons } & Record<string, unknown>;
  stream: Stream;
  place: Place;
};

function draftOf(entry: ListEntry): Draft | null {
  const name = entry.title.slice(0, 500).trim();
  if (name === '' || !/^https?:\/\//i.test(entry.url) || !URL.canParse(entry.url)) return null;
  const stream: Stream = {
    ...{ kind: 'http', url: entry.url, name },
    ...(Object.keys(entry.headers).length > 0 ? { headers: { ...entry.headers } } : {}),
  };
  const isVideo = VIDEO_FILE.test(entry.url) || VOD_PATH.test(entry.url);
  return isVideo ? videoDraft(name, entry, stream) : channelDraft(name, entry, stream);
}

function channelDraft(name: string, { attributes }: ListEntry, stream: Stream): Draft {
  const guideId = (attributes['tvg-id'] ?? '').slice(0, 100).trim();
  const countries = codesOf(attributes['tvg-country'], (code) =>
    /^[a-z]{2}$/i.test(code) ? code.toUpperCase() : null,
  );
  const languages = codesOf(attributes['tvg-language'], (text) => languageOf(text)?.code ?? null);
  const title = {
    ...{ kind: 'tv', title: name },
    ...(guideId === '' ? {} : { ids: { xmltv: guideId } }),
    ...(countries.length > 0 ? { countries } : {}),
    ...(languages.length > 0 ? { languages } : {}),
    ...groupsAndLogo(attributes, 'logo'),
  };
  const key = guideId === '' ? `tv ${name.normalize('NFKC').toLowerCase()}` : `tv-id ${guideId}`;
  return { key, title, stream, place: null };
}

function videoDraft(name: string, { url, attributes }: ListEntry, stream: Stream): Draft {
  const parsed = parseReleaseName(name);
  const [season = 1] = parsed.seasons;
  const [episode] = parsed.episodes;
  const isSeries = episode !== undefined && (parsed.kind === 'series' || /\/series\//i.test(url));
  const kind = isSeries ? 'series' : 'movie';
  const title = parsed.title === '' ? name : parsed.title;
  return {
    key: `${kind} ${title.toLowerCase()} ${parsed.year ?? ''}`,
    title: {
      ...{ kind, title },
      ...(parsed.year === undefined ? {} : { year: parsed.year }),
      ...groupsAndLogo(attributes, 'poster'),
    },
    stream,
    place: isSeries ? { season, episode } : null,
  };
}

function groupsAndLogo(
  attributes: ListEntry['attributes'],
  type: 'logo' | 'poster',
): Record<string, unknown> {
  const genres = (attributes['group-title'] ?? '')
    .split(/[;|]/)
    .map((group) => group.trim().slice(0, 100))
    .filter((group) => group !== '');
  const logo = attributes['tvg-logo'] ?? '';
  return {
    ...(genres.length === 0 ? {} : { genres: genres.slice(0, 10) }),
    ...(/^https?:\/\//i.test(logo) && URL.canParse(logo) ? { images: [{ type, url: logo }] } : {}),
  };
}

function codesOf(text: string | undefined, codeOf: (text: string) => string | null): string[] {
  const codes = (text ?? '').split(/[;,/|]/).map((part) => codeOf(part.trim()));
  return [...new Set(codes.filter((code) => code !== null))].slice(0, 20);
}

function merge(drafts: Map<string, Draft>, draft: Draft): void {
  const known = drafts.get(draft.key);
  const into = known ?? draft;
  if (known === undefined) drafts.set(draft.key, draft);
  const streams = draft.place === null ? streamsOfTitle(into) : streamsOfEpisode(into, draft.place);
  if (streams.length < 500 && !streams.some(({ url }) => url === draft.stream.url))
    streams.push(draft.stream);
}

function streamsOfTitle({ title }: Draft): Stream[] {
  title.streams ??= [];
  return title.streams;
}

function streamsOfEpisode({ title }: Draft, place: { season: number; episode: number }): Stream[] {
  title.seasons ??= [];
  const season = title.seasons.find(({ number }) => number === place.season) ?? {
    number: place.season,
    episodes: [],
  };
  if (season.episodes.length === 0) title.seasons.push(season);
  const episode = season.episodes.find(({ number }) => number === place.episode) ?? {
    number: place.episode,
    streams: [],
  };
  if (episode.streams.length === 0) season.episodes.push(episode);
  return episode.streams;
}
