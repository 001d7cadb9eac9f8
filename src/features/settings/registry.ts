import { z } from 'zod';
import { trackerUrl } from '../../kit/tracker-url.ts';
import type { Config } from '../../platform/config.ts';

const atOnce = z.int().min(0).max(10_000);
const kibPerSecond = z.int().min(0).max(100_000_000);
const perMinute = z.int().min(1).max(1_000_000);

/** Every run-time setting: what it may be and the sentence the settings page shows. A new one is a line here and one in `ABOUT`. */
export const Settings = z.object({
  publicCatalog: z
    .enum(['off', 'licensed', 'all'])
    .describe(
      'What an install without a profile shows: nothing, only openly licensed titles, or all. Nothing while an account has a kid’s profile.',
    ),
  catalogLanguage: z
    .string()
    .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'needs a language code such as en or pt-BR')
    .describe('Language of titles and overviews where a translation is known.'),
  catalogRegion: z
    .string()
    .regex(/^([A-Z]{2})?$/, 'needs a country code such as DE or US, or nothing')
    .describe(
      'Country whose age ratings come first and whose services are named under where else a title may be watched; empty: that of the catalogue’s language, and no services.',
    ),
  addonName: z
    .string()
    .trim()
    .min(1)
    .max(50)
    .regex(/^\P{Cc}*$/u, 'may hold no control characters')
    .describe(
      'Name of the add-on in players. Installed players show a new one after they reload the manifest.',
    ),
  streamsPerTitle: z.int().min(1).max(100).describe('Most streams offered for one title or episode.'),
  streamsPerResolution: z.int().min(1).max(100).describe('Most streams of one resolution among them.'),
  weakTorrents: z
    .enum(['off', 'hide'])
    .describe(
      'Torrents hardly anyone seeds: hide them while better seeded ones are there, or (off) show them all. Those whose trackers were not asked yet are shown.',
    ),
  weakPosts: z
    .enum(['off', 'hide'])
    .describe(
      'Usenet posts of which a check found articles missing: hide them while others are there, or (off) show them last. Those that were not checked yet are shown.',
    ),
  missingArticles: z
    .enum(['stop', 'fill'])
    .describe(
      'Where articles of a Usenet post are gone from every provider: stop, so that the player says so, or fill short holes in MKV, MP4 and WebM with nothing (4 in a row, 64 in all, 2 %) and play on with a glitch.',
    ),
  enrichment: z
    .enum(['on', 'paused'])
    .describe(
      'Texts, posters, ids and episodes of titles that came without, asked for from Stremio’s Cinemeta and the providers that have a key; paused: nobody is asked, and it goes on where it was.',
    ),
  anonymousScan: z
    .enum(['off', 'on'])
    .describe(
      'Who may send in what a file server holds (POST /api/sources/:id/scan-results): the admin, or (on) anybody, 6 times an hour from one address.',
    ),
  hevc: z
    .enum(['offer', 'hide'])
    .describe(
      'Films in HEVC (H.265, x265), which older televisions and some browsers cannot show: offer them, or hide them from everybody.',
    ),
  torrentPlayer: z
    .enum(['server', 'client'])
    .describe(
      'Who downloads a torrent that is watched in Stremio: this server, which every player can read from, or the player itself.',
    ),
  torrentUpload: z
    .enum(['off', 'playing', 'ratio'])
    .describe(
      'What this server gives back of torrents it reads: nothing, to others while somebody watches that torrent, or (ratio) afterwards too until enough was given. Needs CACHE_MAX_BYTES: only what lies on disk is given.',
    ),
  torrentUploadRatio: z
    .number()
    .min(0)
    .max(1000)
    .describe('With torrentUpload ratio: bytes given for each byte downloaded of a torrent.'),
  torrentUploadLimit: kibPerSecond.describe('KiB a second given, all torrents together; 0 = no limit.'),
  torrentDownloadLimit: kibPerSecond.describe(
    'KiB a second downloaded, all torrents together; 0 = no limit.',
  ),
  playLinkHours: z
    .int()
    .min(1)
    .max(720)
    .describe('Hours a play link can be opened; what plays then plays on.'),
  streamsPerSubject: atOnce.describe(
    'Streams running at once for one install, account or address without one; 0 = unlimited. A seek is no second stream.',
  ),
  streamsPerIp: atOnce.describe('Streams running at once for one address; 0 = unlimited.'),
  // Read in SQL too, where torrents are offered: absent means `add` there as here.
  trackerMode: z
    .enum(['none', 'add', 'replace'])
    .describe(
      'Trackers of the lists (built-in, yours, the one from elsewhere) for public torrents: none, added to the torrent’s own, or in their place.',
    ),
  trackerList: z
    .array(z.string().max(2048).transform(announceUrl))
    .max(100)
    .describe('Your own trackers: a JSON list of announce URLs without a passkey.'),
  trackerListUrl: z
    .union([z.literal(''), z.url({ protocol: /^https?$/ }).max(2048)])
    .describe(
      'Address of a list with one announce URL a line (500 are read), fetched once a day; empty: none. trackers_best.txt of github.com/ngosang/trackerslist is one.',
    ),
  sourceDisableBelow: z
    .int()
    .min(0)
    .max(100)
    .describe(
      'File servers whose health score is lower rest (no scheduled scans, their links last) until they answer again; 0 = never.',
    ),
  brokenLinks: z
    .enum(['keep', 'delete'])
    .describe(
      'Links of file servers that could not be reached for 30 days are hidden: keep them, so that they come back with their server, or delete them 30 days later.',
    ),
  registration: z
    .enum(['off', 'open'])
    .describe('Who makes accounts: the administrator, or (open) anybody who reaches this server.'),
  emailVerification: z
    .enum(['off', 'required'])
    .describe(
      'Whether who has an e-mail address must have verified it before signing in (administrators need not). Needs a server for mail.',
    ),
  auditAddresses: z
    .enum(['keep', 'drop'])
    .describe('Whether the log of sign-ins and changes names the address they came from.'),
  rateLimitAddonPerMinute: perMinute.describe('Add-on requests a minute from one address.'),
  rateLimitApiPerMinute: perMinute.describe('API requests a minute from one address.'),
});
export type Settings = Readonly<z.infer<typeof Settings>>;
export type SettingKey = keyof Settings;

const SETTING_TYPES = ['string', 'integer', 'boolean', 'json', 'enum'] as const;
export type SettingType = (typeof SETTING_TYPES)[number];

type About = {
  type: SettingType;
  /** The environment's name for it; where that is set, the setting is read-only. */
  env?: string;
  defaultOf(config: Config): unknown;
};

export const ABOUT: Readonly<Record<SettingKey, About>> = {
  publicCatalog: { type: 'enum', env: 'PUBLIC_CATALOG', defaultOf: (config) => config.publicCatalog },
  catalogLanguage: { type: 'string', env: 'CATALOG_LANGUAGE', defaultOf: (config) => config.catalogLanguage },
  catalogRegion: { type: 'string', env: 'CATALOG_REGION', defaultOf: (config) => config.catalogRegion ?? '' },
  addonName: { type: 'string', defaultOf: () => 'Tributary' },
  streamsPerTitle: { type: 'integer', defaultOf: () => 25 },
  streamsPerResolution: { type: 'integer', defaultOf: () => 10 },
  weakTorrents: { type: 'enum', defaultOf: () => 'hide' },
  weakPosts: { type: 'enum', defaultOf: () => 'hide' },
  missingArticles: { type: 'enum', defaultOf: () => 'stop' },
  enrichment: { type: 'enum', defaultOf: () => 'on' },
  anonymousScan: { type: 'enum', defaultOf: () => 'off' },
  hevc: { type: 'enum', defaultOf: () => 'offer' },
  torrentPlayer: { type: 'enum', defaultOf: () => 'server' },
  torrentUpload: { type: 'enum', defaultOf: () => 'off' },
  torrentUploadRatio: { type: 'json', defaultOf: () => 1 },
  torrentUploadLimit: { type: 'integer', defaultOf: () => 0 },
  torrentDownloadLimit: { type: 'integer', defaultOf: () => 0 },
  playLinkHours: { type: 'integer', defaultOf: () => 24 },
  streamsPerSubject: { type: 'integer', defaultOf: () => 20 },
  streamsPerIp: { type: 'integer', defaultOf: () => 30 },
  trackerMode: { type: 'enum', defaultOf: () => 'add' },
  trackerList: { type: 'json', defaultOf: () => [] },
  trackerListUrl: { type: 'string', defaultOf: () => '' },
  sourceDisableBelow: { type: 'integer', defaultOf: () => 20 },
  brokenLinks: { type: 'enum', defaultOf: () => 'keep' },
  registration: { type: 'enum', defaultOf: () => 'off' },
  emailVerification: { type: 'enum', defaultOf: () => 'off' },
  auditAddresses: { type: 'enum', defaultOf: () => 'keep' },
  rateLimitAddonPerMinute: {
    type: 'integer',
    env: 'RATE_LIMIT_ADDON',
    defaultOf: (config) => config.rateLimits.addonPerMinute,
  },
  rateLimitApiPerMinute: {
    type: 'integer',
    env: 'RATE_LIMIT_API',
    defaultOf: (config) => config.rateLimits.apiPerMinute,
  },
};

/** The spelling trackers are known by. */
function announceUrl(text: string, context: z.RefinementCtx): string {
  const url = trackerUrl(text);
  if (url !== null) return url;
  context.addIssue('needs announce URLs without a passkey, such as udp://tracker.example.org:1337/announce');
  return z.NEVER;
}

export const SETTING_KEYS: readonly SettingKey[] = Settings.keyof().options;

export function isSettingKey(key: string): key is SettingKey {
  return Settings.keyof().safeParse(key).success;
}

/** What `GET /api/settings` tells about one setting. */
export const SettingEntry = z.object({
  key: z.string(),
  type: z.enum(SETTING_TYPES),
  value: z.unknown(),
  default: z.unknown(),
  origin: z.enum(['default', 'database', 'environment']),
  description: z.string(),
  options: z.array(z.string()).optional(),
});
export type SettingEntry = z.infer<typeof SettingEntry>;
