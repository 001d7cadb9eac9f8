// Runs the real stremio-core (WebAssembly, made for a web worker) in a process of its own: its shims go into the globals.
// The parent is stremio-core-process.ts; one message in = actions to dispatch and a field to read, one message out = the settled state.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLoopbackUrl } from './loopback.ts';
import type { CoreEvent, CoreReply, CoreRequest, CoreTask } from './stremio-core-process.ts';

/** The site Stremio's core runs under in a browser: whom our CORS headers have to let in. */
const WEB_ORIGIN = 'https://web.stremio.com';
/** Where a desktop Stremio on the developer's machine would listen; it is none of ours. */
const STREAMING_SERVER_PORT = '11470';
/** Nothing in flight and no new state for so long = settled. */
const QUIET_MS = 60;
const SETTLE_TIMEOUT_MS = 15_000;
const MAX_REDIRECTS = 5;

type Core = {
  default(wasm: WebAssembly.Module): Promise<unknown>;
  initialize_runtime(onEvent: (event: CoreEvent) => void): Promise<void>;
  dispatch(action: unknown, field: string | null, locationHash: string): void;
  get_state(field: string): unknown;
};

const realFetch = globalThis.fetch;
const storage = new Map<string, string>();
const requests: CoreRequest[] = [];
const events: CoreEvent[] = [];
const inFlight = new Set<string>();
let lastChangeMs = performance.now();

Object.assign(globalThis, {
  self: globalThis,
  // The glue asks `x instanceof WorkerGlobalScope` to know where it is.
  WorkerGlobalScope: { [Symbol.hasInstance]: (x: unknown) => x === globalThis },
  document: { baseURI: `${WEB_ORIGIN}/` },
  app_version: 'test',
  shell_version: null,
  get_location_hash: async () => '#/',
  local_storage_get_item: async (key: string) => storage.get(key) ?? null,
  local_storage_set_item: async (key: string, value: string) => void storage.set(key, value),
  local_storage_remove_item: async (key: string) => void storage.delete(key),
  fetch: guardedFetch,
});
Object.defineProperty(globalThis, 'location', { value: { href: `${WEB_ORIGIN}/`, hash: '#/' } });

const core = await startCore();
process.on('message', (task: CoreTask) => {
  work(task).catch((error: unknown) => reply({ id: task.id, error: String(error), requests, events }));
});
process.on('disconnect', () => process.exit());
reply({ id: 0, requests, events });

async function startCore(): Promise<Core> {
  const require = createRequire(import.meta.url);
  const started: Core = require('@stremio/stremio-core-web/stremio_core_web.js');
  const wasm = await readFile(require.resolve('@stremio/stremio-core-web/stremio_core_web_bg.wasm'));
  await started.default(await WebAssembly.compile(wasm));
  await started.initialize_runtime((event) => {
    lastChangeMs = performance.now();
    if (event.name !== 'NewState') events.push(event);
  });
  return started;
}

async function work({ id, actions, field }: CoreTask): Promise<void> {
  for (const { action, model } of actions) {
    lastChangeMs = performance.now();
    core.dispatch(action, model, '#/');
    await settle();
  }
  reply({ id, state: core.get_state(field), requests, events });
}

function reply(message: CoreReply): void {
  process.send?.(message);
}

async function settle(): Promise<void> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  while (inFlight.size > 0 || performance.now() - lastChangeMs < QUIET_MS) {
    if (performance.now() > deadline)
      throw new Error(`core still waits for ${[...inFlight].join(', ') || 'itself'}`);
    await sleep(10);
  }
}

/** Loopback only, and as strict as a browser: an answer without CORS headers is "Failed to fetch". */
async function guardedFetch(input: Request | string, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const seen: CoreRequest = { method: request.method, url: request.url, status: null, failure: null };
  requests.push(seen);
  if (!isAllowed(request.url)) {
    seen.failure = 'refused: not this machine';
    throw new TypeError('Failed to fetch');
  }
  inFlight.add(request.url);
  try {
    const response = await followed(request, seen);
    const body = await response.arrayBuffer();
    const { status, statusText, headers } = response;
    return new Response(body.byteLength > 0 ? body : null, { status, statusText, headers });
  } catch (error) {
    seen.failure ??= String(error);
    throw new TypeError('Failed to fetch', { cause: error });
  } finally {
    inFlight.delete(request.url);
    lastChangeMs = performance.now();
  }
}

async function followed(request: Request, seen: CoreRequest): Promise<Response> {
  let url = request.url;
  const body = request.body === null ? undefined : await request.arrayBuffer();
  const headers = new Headers(request.headers);
  headers.set('Origin', WEB_ORIGIN);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    if (!isAllowed(url)) throw new TypeError('redirected away from this machine');
    const signal = AbortSignal.timeout(SETTLE_TIMEOUT_MS);
    const init = { method: request.method, headers, redirect: 'manual', signal } as const;
    const response = await realFetch(url, body === undefined ? init : { ...init, body });
    seen.status = response.status;
    const allowed = response.headers.get('access-control-allow-origin');
    if (allowed !== '*' && allowed !== WEB_ORIGIN) throw new TypeError('no Access-Control-Allow-Origin');
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) return response;
    url = new URL(location, url).href;
  }
  throw new TypeError('too many redirects');
}

function isAllowed(url: string): boolean {
  return isLoopbackUrl(url) && new URL(url).port !== STREAMING_SERVER_PORT;
}
