import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { LOGIN_SETTINGS, type LoginProvider, loginProviders } from './config-login.ts';
import { MAIL_SETTINGS, type MailSettings, mailProblems, mailSettings } from './config-mail.ts';
import { METADATA_SETTINGS, type MetadataSettings, metadataSettings } from './config-metadata.ts';
import { TORRENT_SETTINGS } from './config-torrents.ts';
import { USENET_SETTINGS } from './config-usenet.ts';
import {
  folderOf,
  HOST_NAME,
  hasOwnNames,
  isCidr,
  itemsOf,
  list,
  millisecondsOf,
  ramBytes,
  size,
  text,
} from './config-values.ts';

const MIB = 1024 * 1024;

const file = () => text().refine(existsSync, 'there is no such file');
const url = (protocols: RegExp) => z.url({ protocol: protocols, normalize: true });

/** One line a setting: what it is, its default, and the sentence the README's table shows. `npm run docs` writes that table. */
export const Env = z.object({
  PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65535)
    .default(7000)
    .describe('Port of the HTTP(S) server; 0 takes a free one.'),
  HOST: text().default('0.0.0.0').describe('Address to listen on; `127.0.0.1` keeps it to this machine.'),
  PUBLIC_URL: url(/^https?$/)
    .transform((value) => value.replace(/\/+$/, ''))
    .optional()
    .describe(
      'Address players reach the server at, e.g. `https://films.example.org`. Without it links follow the request.',
    ),
  DATA_DIR: text().default('./data').describe('Folder for the database, keys and backups.'),
  DATABASE_URL: url(/^postgres(ql)?$/)
    .optional()
    .describe('Your own Postgres (15 or newer). Without it the embedded one runs.'),
  DB_POOL_MAX: z.coerce
    .number()
    .int()
    .min(2)
    .max(200)
    .default(10)
    .describe('Most database connections of one process.'),
  REDIS_URL: url(/^rediss?$/)
    .optional()
    .describe('Redis for many instances. Without it everything shared goes through Postgres.'),
  SECRET_KEY: z
    .string()
    .min(32, 'needs at least 32 characters')
    .optional()
    .describe('Seals links and stored secrets. Made once and kept in the data folder when absent.'),
  SECRET_KEYS_OLD: list()
    .refine((keys) => keys.every((key) => key.length >= 32), 'every key needs at least 32 characters')
    .describe('Comma-separated keys that still open what they sealed; nothing new is sealed with them.'),
  ADMIN_TOKEN: z
    .string()
    .min(16, 'needs at least 16 characters')
    .optional()
    .describe('Token of the admin. Made once and printed on the first start when absent.'),
  ROLE: z
    .enum(['all', 'web', 'worker'])
    .default('all')
    .describe('`all`, or only `web` (requests) or `worker` (jobs) when you run many.'),
  OUTBOUND: z
    .enum(['all', 'listed'])
    .default('all')
    .describe('`listed` lets no connection out but those of `OUTBOUND_ALLOW`.'),
  OUTBOUND_ALLOW: list()
    .refine(
      (entries) => entries.every((entry) => isCidr(entry) || HOST_NAME.test(entry)),
      'every entry must be a CIDR or a host name',
    )
    .describe('Comma-separated CIDRs and hosts that may be reached although private (a NAS, say).'),
  PUBLIC_CATALOG: z
    .enum(['off', 'licensed', 'all'])
    .default('licensed')
    .describe(
      'What the install without a profile shows: nothing, only openly licensed titles, or all. Nothing while an account has a kid’s profile.',
    ),
  CATALOG_LANGUAGE: z
    .string()
    .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'needs a language code such as en or pt-BR')
    .default('en')
    .describe('Language of titles and overviews where a translation is known.'),
  CATALOG_REGION: z
    .string()
    .regex(/^[A-Z]{2}$/, 'needs a country code such as DE or US')
    .optional()
    .describe(
      'Country whose age ratings come first and whose services are named under where else a title may be watched; by default that of CATALOG_LANGUAGE (pt-BR), for services else none.',
    ),
  LOCAL_FOLDERS: list()
    .refine(
      (entries) => entries.every((entry) => folderOf(entry) !== null),
      'every entry must be name=/absolute/folder, the name in small letters, digits and dashes',
    )
    .refine(hasOwnNames, 'every name must be another, and `starter` is taken')
    .describe('Comma-separated `name=/absolute/folder` pairs whose films may be added as kind `local`.'),
  TLS_CERT: file()
    .optional()
    .describe('PEM file with the certificate chain; with `TLS_KEY` the server speaks https.'),
  TLS_KEY: file().optional().describe('PEM file with the private key.'),
  TRUST_PROXY: list()
    .refine((entries) => entries.every(isCidr), 'every entry must be an IP address or CIDR')
    .describe('Comma-separated CIDRs of your reverse proxies; only from them is `X-Forwarded-For` believed.'),
  RATE_LIMIT_ADDON: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(600)
    .describe('Add-on requests a minute from one address.'),
  RATE_LIMIT_API: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(240)
    .describe('API requests a minute from one address or token.'),
  STREAM_MEMORY_MAX: size()
    .pipe(
      z
        .number()
        .min(8 * MIB, 'needs at least 8M')
        .max(64 * 1024 * 1024 * MIB),
    )
    .optional()
    .describe(
      'Memory for all streams and kept HLS/DASH segments and playlists together, such as `512M`. A quarter of the RAM, at most 1 GiB, when absent.',
    ),
  ...TORRENT_SETTINGS,
  ...USENET_SETTINGS,
  ...METADATA_SETTINGS,
  ...MAIL_SETTINGS,
  ...LOGIN_SETTINGS,
  FFMPEG_PATH: text().default('ffmpeg').describe('The ffmpeg program; ffprobe is looked for beside it.'),
  BACKUPS_KEPT: z.coerce.number().int().min(1).max(3650).default(30).describe('Daily backups kept.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('How much is logged.'),
});

export type Config = Readonly<{
  http: {
    port: number;
    host: string;
    publicUrl: string | null;
    tls: { cert: string; key: string } | null;
    trustProxy: readonly string[];
  };
  dataDir: string;
  database: { url: string | null; poolMax: number };
  redisUrl: string | null;
  secretKey: string | null;
  /** Keys that open and never seal. */
  secretKeysOld: readonly string[];
  adminToken: string | null;
  role: 'all' | 'web' | 'worker';
  outbound: { mode: 'all' | 'listed'; allow: readonly string[] };
  publicCatalog: 'off' | 'licensed' | 'all';
  catalogLanguage: string;
  /** Undefined: none is known. */
  catalogRegion: string | undefined;
  localFolders: ReadonlyMap<string, string>;
  rateLimits: { addonPerMinute: number; apiPerMinute: number };
  /** Bytes all streams of this process may buffer together. */
  streamMemoryBytes: number;
  pieceCache: { folder: string; maxBytes: number };
  torrentListen: { port: number | undefined; host: string | undefined };
  utp: boolean;
  torrentEngine: 'swarm' | 'torrent-stream';
  trackerCheckIntervalMs: number;
  dht: { isOn: boolean; bootstrap: readonly string[] };
  /** `providers`: JSON or the path of a file, as it was written. */
  usenet: { providers: string | undefined; cache: { folder: string; maxBytes: number } };
  metadata: MetadataSettings;
  /** Null: no mail is sent. */
  mail: MailSettings | null;
  loginProviders: readonly LoginProvider[];
  ffmpegPath: string;
  backupsKept: number;
  logLevel: string;
  cores: number;
  /** Names of the settings that came from the environment or `.env`; run-time settings of these names are read-only. */
  fromEnvironment: ReadonlySet<string>;
}>;

/** A setting that stops the start. The message names every bad setting and never shows a value. */
export class BadSettings extends Error {
  constructor(problems: readonly string[]) {
    super(
      `These settings are wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}\nCorrect them in the environment or in .env and start again.`,
    );
    this.name = 'BadSettings';
  }
}

/** What a program started by us gets of the environment: where programs are, no secrets. */
export function programEnvironment(): Record<string, string> {
  const { PATH = '', SystemRoot } = process.env;
  return { PATH, LANG: 'C.UTF-8', ...(SystemRoot === undefined ? {} : { SystemRoot }) };
}

/** The environment, `.env` of the working folder below it. The only reader of both. */
export function readEnvironment(
  cwd: string,
  env: Record<string, string | undefined>,
): Record<string, string | undefined> {
  const file = resolve(cwd, '.env');
  return existsSync(file) ? { ...parseEnv(readFileSync(file, 'utf8')), ...env } : env;
}

function regionOf({ CATALOG_REGION, CATALOG_LANGUAGE }: z.infer<typeof Env>): string | undefined {
  return CATALOG_REGION ?? /-([A-Z]{2})$/.exec(CATALOG_LANGUAGE)?.[1];
}

/** Parses the settings; throws `BadSettings` naming every bad one at once. An empty value counts as absent. */
export function loadConfig(env: Record<string, string | undefined>, cwd = process.cwd()): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([key, value]) => key in Env.shape && value !== undefined && value !== ''),
  );
  const parsed = Env.safeParse(given);
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  if ((given.TLS_CERT === undefined) !== (given.TLS_KEY === undefined))
    problems.push('TLS_CERT, TLS_KEY: set both or neither');
  problems.push(...mailProblems(given));
  if (!parsed.success || problems.length > 0) throw new BadSettings(problems);
  const e = parsed.data;
  const dataDir = resolve(cwd, e.DATA_DIR);
  return Object.freeze({
    http: {
      port: e.PORT,
      host: e.HOST,
      publicUrl: e.PUBLIC_URL ?? null,
      tls:
        e.TLS_CERT !== undefined && e.TLS_KEY !== undefined
          ? { cert: resolve(cwd, e.TLS_CERT), key: resolve(cwd, e.TLS_KEY) }
          : null,
      trustProxy: e.TRUST_PROXY,
    },
    dataDir,
    database: { url: e.DATABASE_URL ?? null, poolMax: e.DB_POOL_MAX },
    redisUrl: e.REDIS_URL ?? null,
    secretKey: e.SECRET_KEY ?? null,
    secretKeysOld: e.SECRET_KEYS_OLD,
    adminToken: e.ADMIN_TOKEN ?? null,
    role: e.ROLE,
    outbound: { mode: e.OUTBOUND, allow: e.OUTBOUND_ALLOW },
    publicCatalog: e.PUBLIC_CATALOG,
    catalogLanguage: e.CATALOG_LANGUAGE,
    catalogRegion: regionOf(e),
    localFolders: new Map(
      e.LOCAL_FOLDERS.flatMap((entry) => folderOf(entry) ?? []).map(({ name, folder }) => [name, folder]),
    ),
    rateLimits: {
      addonPerMinute: e.RATE_LIMIT_ADDON,
      apiPerMinute: e.RATE_LIMIT_API,
    },
    streamMemoryBytes: e.STREAM_MEMORY_MAX ?? Math.floor(Math.min(ramBytes() / 4, 1024 * MIB)),
    pieceCache: { folder: resolve(dataDir, e.CACHE_DIR), maxBytes: e.CACHE_MAX_BYTES },
    torrentListen: { port: e.TORRENT_PORT, host: e.TORRENT_HOST },
    utp: e.UTP === 'on',
    torrentEngine: e.TORRENT_ENGINE,
    trackerCheckIntervalMs: millisecondsOf(e.TRACKER_CHECK_INTERVAL),
    dht: { isOn: e.DHT === 'on', bootstrap: itemsOf(e.DHT_BOOTSTRAP) },
    usenet: {
      providers: e.USENET_PROVIDERS,
      cache: { folder: resolve(dataDir, 'usenet'), maxBytes: e.USENET_CACHE_MAX_BYTES },
    },
    metadata: metadataSettings(e),
    mail: mailSettings(e),
    loginProviders: loginProviders(e.LOGIN_PROVIDERS),
    ffmpegPath: e.FFMPEG_PATH,
    backupsKept: e.BACKUPS_KEPT,
    logLevel: e.LOG_LEVEL,
    cores: availableParallelism(),
    fromEnvironment: new Set(Object.keys(given)),
  });
}
