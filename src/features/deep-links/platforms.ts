/** A streaming service a family may have. */
export type Service = {
  id: string;
  name: string;
  /** Its links are of these hosts and of what is below them. */
  hosts: readonly string[];
  /** Where its own search is told what to look for: the text goes at the end. */
  search: string;
};

/** Ids are for good: they stand in families' choices and in links. */
export const SERVICES: readonly Service[] = [
  { id: 'netflix', name: 'Netflix', hosts: ['netflix.com'], search: 'https://www.netflix.com/search?q=' },
  {
    id: 'disney_plus',
    name: 'Disney+',
    hosts: ['disneyplus.com'],
    search: 'https://www.disneyplus.com/browse/search?q=',
  },
  {
    id: 'prime_video',
    name: 'Prime Video',
    hosts: [
      'primevideo.com',
      'amazon.com',
      'amazon.co.uk',
      'amazon.de',
      'amazon.fr',
      'amazon.it',
      'amazon.es',
      'amazon.co.jp',
    ],
    search: 'https://www.primevideo.com/search?phrase=',
  },
  { id: 'hulu', name: 'Hulu', hosts: ['hulu.com'], search: 'https://www.hulu.com/search?q=' },
  { id: 'max', name: 'Max', hosts: ['max.com', 'hbomax.com'], search: 'https://play.max.com/search?q=' },
  {
    id: 'peacock',
    name: 'Peacock',
    hosts: ['peacocktv.com'],
    search: 'https://www.peacocktv.com/watch/search?q=',
  },
  {
    id: 'paramount_plus',
    name: 'Paramount+',
    hosts: ['paramountplus.com'],
    search: 'https://www.paramountplus.com/search/?q=',
  },
  {
    id: 'apple_tv_plus',
    name: 'Apple TV+',
    hosts: ['tv.apple.com'],
    search: 'https://tv.apple.com/search?term=',
  },
  {
    id: 'youtube',
    name: 'YouTube',
    hosts: ['youtube.com', 'youtu.be'],
    search: 'https://www.youtube.com/results?search_query=',
  },
  {
    id: 'crunchyroll',
    name: 'Crunchyroll',
    hosts: ['crunchyroll.com'],
    search: 'https://www.crunchyroll.com/search?q=',
  },
  {
    id: 'discovery_plus',
    name: 'Discovery+',
    hosts: ['discoveryplus.com'],
    search: 'https://www.discoveryplus.com/search?q=',
  },
  { id: 'starz', name: 'Starz', hosts: ['starz.com'], search: 'https://www.starz.com/search?q=' },
  { id: 'tubi', name: 'Tubi', hosts: ['tubitv.com'], search: 'https://tubitv.com/search/' },
  { id: 'pluto_tv', name: 'Pluto TV', hosts: ['pluto.tv'], search: 'https://pluto.tv/search/details?query=' },
  {
    id: 'pbs_kids',
    name: 'PBS Kids',
    hosts: ['pbskids.org', 'pbs.org'],
    search: 'https://pbskids.org/search?q=',
  },
  { id: 'plex', name: 'Plex', hosts: ['plex.tv'], search: 'https://watch.plex.tv/search?q=' },
];

const BY_ID = new Map(SERVICES.map((service) => [service.id, service]));

export function serviceById(id: string): Service | undefined {
  return BY_ID.get(id);
}

/** Whether a stream of that service is for who has these; what is of no known service is for all, and without a choice (null) all of them are. */
export function isForViewer(
  service: string | undefined,
  services: readonly string[] | null | undefined,
): boolean {
  return services == null || service === undefined || !BY_ID.has(service) || services.includes(service);
}

/** Where a service is asked for a title. */
export function searchUrl({ search }: Service, title: string): string {
  return `${search}${encodeURIComponent(title)}`;
}
