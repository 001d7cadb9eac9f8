import type { GuideProgramme } from '../../media/index.ts';
import { guideTime } from './guide-time.ts';
import type { GuideItem } from './read-guide.ts';

export type GuideChannel = { id: string; names: readonly string[] };
/** Without the channel's number here; `stopAt` null where the guide leaves it to the next programme. */
export type GuideEntry = Omit<GuideProgramme, 'mediaId' | 'stopAt'> & {
  channel: string;
  stopAt: Date | null;
};

/** Of names, categories and numbers of one entry. */
const MOST = 20;
const MAX_ID = 200;
const LENGTHS = {
  title: 500,
  subtitle: 500,
  description: 5000,
  category: 100,
  rating: 100,
  episode: 100,
} as const;

type Attributes = Readonly<Record<string, string>>;
type Open = {
  attributes: Attributes;
  texts: Partial<Record<'title' | 'subtitle' | 'description' | 'rating', string>>;
  names: string[];
  categories: string[];
  icon: string | null;
  episodes: { system: string; text: string }[];
};

/** Elements of which the first counts. */
const TEXTS = new Map<string, keyof Open['texts']>([
  ['title', 'title'],
  ['sub-title', 'subtitle'],
  ['desc', 'description'],
  ['rating value', 'rating'],
]);

function keep<T>(list: T[], value: T): void {
  if (list.length < MOST) list.push(value);
}

/** Gathers the parts of one channel or programme after the other. */
export function openEntry(onItem: (item: GuideItem) => void) {
  let open: Open | null = null;
  let kind: 'channel' | 'programme' = 'channel';
  const path: string[] = [];
  let text = '';
  let system = '';

  function closePart(name: string, into: Open): void {
    const value = text.replace(/\s+/g, ' ').trim();
    text = '';
    const field = TEXTS.get(name === 'value' ? `${path.at(-1)} value` : name);
    if (value === '') return;
    if (field !== undefined) into.texts[field] ??= cut(value, LENGTHS[field]);
    else if (name === 'display-name') keep(into.names, cut(value, LENGTHS.title));
    else if (name === 'category') keep(into.categories, cut(value, LENGTHS.category));
    else if (name === 'episode-num') keep(into.episodes, { system, text: value });
  }

  return {
    open(name: string, attributes: Attributes): void {
      text = '';
      if (path.length === 1 && (name === 'channel' || name === 'programme')) {
        kind = name;
        open = { attributes, texts: {}, names: [], categories: [], icon: null, episodes: [] };
      } else if (name === 'icon' && path.length === 2 && open !== null)
        open.icon ??= webUrl(attributes.src ?? '');
      else if (name === 'episode-num') system = attributes.system ?? '';
      path.push(name);
    },
    text(more: string): void {
      if (open !== null && text.length < LENGTHS.description * 2) text += more;
    },
    close(name: string): void {
      path.pop();
      if (open === null) return;
      if (path.length > 1) closePart(name, open);
      else {
        onItem(kind === 'channel' ? { channel: channelOf(open) } : { programme: programmeOf(open) });
        open = null;
      }
    },
  };
}

function channelOf({ attributes, names }: Open): GuideChannel {
  return { id: (attributes.id ?? '').slice(0, MAX_ID), names };
}

function programmeOf({ attributes, texts, categories, icon, episodes }: Open): GuideEntry {
  return {
    channel: (attributes.channel ?? '').slice(0, MAX_ID),
    // An unreadable beginning is told by an invalid date.
    startAt: guideTime(attributes.start ?? '') ?? new Date(Number.NaN),
    stopAt: guideTime(attributes.stop ?? ''),
    title: texts.title ?? '',
    subtitle: texts.subtitle ?? null,
    description: texts.description ?? null,
    categories: [...new Set(categories)],
    iconUrl: icon,
    rating: texts.rating ?? null,
    episode: episodeOf(episodes),
  };
}

/** `onscreen` is meant for people; `xmltv_ns` counts from 0: `1 . 4 . 0/2` is S02E05. */
function episodeOf(episodes: Open['episodes']): string | null {
  const shown =
    episodes.find(({ system }) => system === 'onscreen') ??
    episodes.find(({ system }) => system !== 'xmltv_ns');
  const numbered = episodes.find(({ system }) => system === 'xmltv_ns')?.text ?? '';
  const [, season, episode] = /^\s*(\d{1,4})?[^.]*\.\s*(\d{1,5})?/.exec(numbered) ?? [];
  const parts = [
    ...(season === undefined ? [] : [`S${two(Number(season) + 1)}`]),
    ...(episode === undefined ? [] : [`E${two(Number(episode) + 1)}`]),
  ];
  if (parts.length > 0) return parts.join('');
  return shown === undefined ? null : cut(shown.text, LENGTHS.episode);
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

function webUrl(text: string): string | null {
  return text.length <= 2000 && /^https?:\/\//.test(text) && URL.canParse(text) ? text : null;
}

/** Not through a surrogate pair, and without what is no text for Postgres. */
function cut(text: string, max: number): string {
  return text.replaceAll('\0', '').slice(0, max).toWellFormed().trimEnd();
}
