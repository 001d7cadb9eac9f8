import got, { type Got } from 'got';
import { UpstreamFailed } from '../kit/errors.ts';
import { guardedAgents } from './guarded-agents.ts';
import type { Net } from './net.ts';

const TIMEOUT_MS = 10_000;
/** A discovery document, some keys, a profile. */
const MAX_BYTES = 512 * 1024;

export type FetchOptions = {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
  signal?: AbortSignal;
};

/** As `fetch` of the platform, for libraries that want one: over the guarded dialer, no redirects, 10 s, half a MiB at most. */
export type GuardedFetch = (url: string, options: FetchOptions) => Promise<Response>;

/** Rejects with UpstreamFailed without a cause: got's errors carry the whole request, its secrets too. */
export function guardedFetch(net: Pick<Net, 'dial'>): GuardedFetch {
  const client: Got = got.extend({
    agent: guardedAgents(net),
    headers: { 'user-agent': 'Tributary' },
    ...{ followRedirect: false, throwHttpErrors: false, responseType: 'buffer', retry: { limit: 0 } },
    timeout: { request: TIMEOUT_MS },
  });
  return async (url, { method = 'GET', headers = {}, body, signal }) => {
    const cut = new AbortController();
    const work = client(url, {
      ...{ method: method === 'POST' ? 'POST' : 'GET', headers: { ...headers } },
      ...(body === undefined || body === null ? {} : { body: String(body) }),
      signal: AbortSignal.any([cut.signal, ...(signal === undefined ? [] : [signal])]),
    });
    void work.on('downloadProgress', ({ transferred }) => {
      if (transferred > MAX_BYTES) cut.abort();
    });
    const answer = await work.catch(() => {
      throw new UpstreamFailed('The provider could not be reached.', { retryable: true });
    });
    const given = Object.entries(answer.headers).flatMap(([name, value]) =>
      typeof value === 'string' && !/^content-(encoding|length)$/.test(name) ? [[name, value] as const] : [],
    );
    const { statusCode: status, rawBody } = answer;
    return new Response(status === 204 || status === 304 ? null : new Uint8Array(rawBody), {
      status,
      headers: Object.fromEntries(given),
    });
  };
}
