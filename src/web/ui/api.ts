import * as z from 'zod/mini';
import { goOn } from './going-on.ts';

// The page's Content-Security-Policy has no 'unsafe-eval'; zod would try `new Function` and leave an error in the console.
z.config({ jitless: true });

/** Longest wait for an answer; the server is a hop or two away. */
const DEADLINE_MS = 10_000;

const Licence = z.object({
  code: z.string(),
  name: z.string(),
  attribution: z.nullable(z.string()),
  url: z.nullable(z.string()),
});

const Title = z.object({
  id: z.string(),
  kind: z.enum(['movie', 'series', 'tv', 'event']),
  title: z.string(),
  year: z.nullable(z.number()),
  posterUrl: z.nullable(z.string()),
  genres: z.array(z.string()),
  licence: z.nullable(Licence),
  playUrl: z.nullable(z.string()),
  m3uUrl: z.nullable(z.string()),
  detailUrl: z.string(),
});
export type Title = z.infer<typeof Title>;

const Overview = z.object({
  version: z.string(),
  publicUrl: z.string(),
  manifestUrl: z.string(),
  installUrl: z.string(),
  isHttps: z.boolean(),
  isLoopback: z.boolean(),
  publicCatalog: z.enum(['off', 'licensed', 'all']),
  catalogue: z.object({
    movies: z.number(),
    series: z.number(),
    tv: z.number(),
    events: z.number(),
    episodes: z.number(),
    streams: z.number(),
    byStreamKind: z.array(z.object({ kind: z.string(), count: z.number() })),
    byLicence: z.array(z.object({ code: z.string(), name: z.string(), count: z.number() })),
  }),
  newest: z.array(Title),
});
export type Overview = z.infer<typeof Overview>;

const Health = z.object({
  status: z.enum(['ok', 'degraded']),
  startedAt: z.number(),
  checks: z.array(
    z.object({ name: z.string(), status: z.enum(['ok', 'warn', 'fail', 'off']), detail: z.string() }),
  ),
  jobs: z.array(
    z.object({
      name: z.string(),
      lastAt: z.nullable(z.number()),
      nextAt: z.nullable(z.number()),
      isPaused: z.boolean(),
      told: z.nullable(z.string()),
    }),
  ),
  history: z.array(
    z.object({
      at: z.number(),
      rssMib: z.number(),
      eventLoopP99Ms: z.number(),
      requestsPerMinute: z.number(),
      mbitPerSecond: z.number(),
      dbBusy: z.number(),
    }),
  ),
  liveStreams: z.number(),
});
export type Health = z.infer<typeof Health>;
export type Check = Health['checks'][number];
export type RecurringJob = Health['jobs'][number];

const Setting = z.object({
  key: z.string(),
  type: z.enum(['string', 'integer', 'boolean', 'json', 'enum']),
  value: z.unknown(),
  default: z.unknown(),
  origin: z.enum(['default', 'database', 'environment']),
  description: z.string(),
  options: z.optional(z.array(z.string())),
});
export type Setting = z.infer<typeof Setting>;
const Settings = z.object({ settings: z.array(Setting) });

const LiveStream = z.object({
  id: z.string(),
  kind: z.string(),
  title: z.optional(z.string()),
  client: z.string(),
  subject: z.string(),
  startedAt: z.string(),
  bytes: z.number(),
  /** Bytes a second. */
  speed: z.number(),
  bufferedBytes: z.number(),
  resumes: z.number(),
  position: z.number(),
  size: z.nullable(z.number()),
  stalledSeconds: z.number(),
  swarm: z.optional(
    z.object({
      ...{ peers: z.number(), giving: z.number(), bytesPerSecond: z.number() },
      ...{ piecesHeld: z.number(), pieceCount: z.number() },
    }),
  ),
  post: z.optional(z.object({ bytesPerSecond: z.number(), missing: z.number() })),
});
export type LiveStream = z.infer<typeof LiveStream>;
const LiveStreams = z.object({ streams: z.array(LiveStream) });

const Session = z.object({ admin: z.boolean() });

export const Tested = z.object({ isWorking: z.boolean(), detail: z.string() });
/** How a server does just now. */
export type Tested = z.infer<typeof Tested>;

const Problem = z.object({
  status: z.number(),
  title: z.optional(z.string()),
  detail: z.optional(z.string()),
  code: z.optional(z.string()),
  issues: z.optional(z.array(z.object({ path: z.string(), message: z.string() }))),
});
export type Issue = { path: string; message: string };

/** What the server refused, or why it could not be asked (`status` 0). The message is fit to be shown. */
export class ApiFailure extends Error {
  readonly status: number;
  readonly issues: readonly Issue[];
  /** From `Retry-After`; null when the answer had none. */
  readonly retryAfterS: number | null;

  constructor(
    message: string,
    options: {
      status?: number;
      issues?: readonly Issue[];
      retryAfterS?: number | null;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'ApiFailure';
    this.status = options.status ?? 0;
    this.issues = options.issues ?? [];
    this.retryAfterS = options.retryAfterS ?? null;
  }
}

export function fetchOverview(signal: AbortSignal): Promise<Overview> {
  return ask(Overview, '/api/overview', { signal });
}

export function fetchHealth(signal: AbortSignal): Promise<Health> {
  return ask(Health, '/api/health', { signal });
}

/** Of an administrator’s account, or by the admin token. */
export async function fetchIsAdmin(signal: AbortSignal): Promise<boolean> {
  const asked = async () => (await ask(Session, '/api/admin-session', { signal })).admin;
  return (await asked()) || ((await goOn()) && (await asked()));
}

/** Trades the admin token for an HttpOnly cookie; the token is kept nowhere. */
export async function openAdminSession(token: string, signal: AbortSignal): Promise<void> {
  await send('/api/admin-session', { signal, method: 'POST', body: { token } });
}

export async function fetchSettings(signal: AbortSignal): Promise<Setting[]> {
  return (await ask(Settings, '/api/settings', { signal })).settings;
}

/** Stores the given keys; null takes a key back to its default. */
export async function saveSettings(
  changes: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<Setting[]> {
  return (await ask(Settings, '/api/settings', { signal, method: 'PATCH', body: changes })).settings;
}

export async function fetchLive(signal: AbortSignal): Promise<LiveStream[]> {
  return (await ask(LiveStreams, '/api/live', { signal })).streams;
}

/** One that has ended meanwhile is as good as stopped. */
export async function stopStream(id: string, signal: AbortSignal): Promise<void> {
  await send(`/api/live/${encodeURIComponent(id)}`, { signal, method: 'DELETE' }).catch((reason: unknown) => {
    if (!(reason instanceof ApiFailure && reason.status === 404)) throw reason;
  });
}

type Ask = {
  signal: AbortSignal;
  method?: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  /** Of a device that asks for itself, in place of who is signed in. */
  bearer?: string | undefined;
  /** The version that is changed: refused (412) where it is another one by now. */
  ifMatch?: string;
  /** Where the server itself has to ask somebody. */
  deadlineMs?: number;
};

export async function ask<Answer>(
  schema: z.ZodMiniType<Answer>,
  path: string,
  options: Ask,
): Promise<Answer> {
  const answer = schema.safeParse(await readJson(await send(path, options)));
  if (answer.success) return answer.data;
  throw new ApiFailure('The server gave an answer this page does not understand. Reload the page.', {
    cause: answer.error,
  });
}

export async function send(
  path: string,
  { signal, method, body, bearer, ifMatch, deadlineMs = DEADLINE_MS }: Ask,
): Promise<Response> {
  const init: RequestInit = {
    method: method ?? 'GET',
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }),
    },
    credentials: bearer === undefined ? 'same-origin' : 'omit',
    cache: 'no-store',
    signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const response = await reach(path, init, signal);
  if (response.ok) return response;
  const isOver = response.status === 401 && bearer === undefined && !SIGN_IN.test(path) && (await goOn());
  const again = isOver ? await reach(path, init, signal) : response;
  if (again.ok) return again;
  throw await refusal(again);
}

/** Where 401 means a wrong password, token or PIN. */
const SIGN_IN = /^\/api\/(auth\/(login|register)|admin-session|pairing-codes\/\d+\/claim)$/;

async function reach(path: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
  return await fetch(path, init).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new ApiFailure('The server does not answer. Is it running, and is this device on its network?', {
      cause,
    });
  });
}

async function refusal(response: Response): Promise<ApiFailure> {
  const problem = Problem.safeParse(await readJson(response).catch(() => null));
  const wait = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
  const message = problem.success ? (problem.data.detail ?? problem.data.title) : undefined;
  return new ApiFailure(message ?? `The server answered with an error (${response.status}).`, {
    status: response.status,
    issues: problem.success ? (problem.data.issues ?? []) : [],
    retryAfterS: Number.isFinite(wait) ? wait : null,
  });
}

async function readJson(response: Response): Promise<unknown> {
  return await response.json().catch((cause: unknown) => {
    throw new ApiFailure('The server gave an answer this page does not understand. Reload the page.', {
      status: response.status,
      cause,
    });
  });
}
