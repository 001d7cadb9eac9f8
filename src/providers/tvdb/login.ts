import { z } from 'zod';
import { abortable } from '../../platform/abortable.ts';
import { type JsonApi, KeyRefused } from '../../platform/json-api.ts';
import { address } from '../address.ts';

const API = 'https://api4.thetvdb.com/v4';
/** A token is good for a month. */
const TOKEN_MS = 25 * 24 * 3600 * 1000;
/** Longer than a login with all that waits for its turn; whoever asks may give up sooner. */
const LOGIN_MS = 120_000;

const Login = z.object({ data: z.object({ token: z.string().min(1) }) });

export type TvdbRequest<T> = {
  path: string;
  query?: Readonly<Record<string, string | number | undefined>>;
  parse(body: unknown): T;
  signal: AbortSignal;
};
/** Asks with a token; null: 404. */
export type AskTvdb = <T>(request: TvdbRequest<T>) => Promise<T | null>;

/** The key is changed for a token once for all who ask meanwhile, and again when that is old or no longer taken. */
export function withToken(api: JsonApi, apiKey: string): AskTvdb {
  let held: { token: Promise<string>; until: number } | null = null;

  return async (request) => {
    const token = await tokenFor(request.signal);
    try {
      return await get(request, token);
    } catch (error) {
      if (!(error instanceof KeyRefused)) throw error;
      await forget(token);
      return await get(request, await tokenFor(request.signal));
    }
  };

  function get<T>({ path, query, parse, signal }: TvdbRequest<T>, token: string): Promise<T | null> {
    const headers = { authorization: `Bearer ${token}` };
    return api.get({ url: address(API, path, query), headers, parse, signal });
  }

  function tokenFor(signal: AbortSignal): Promise<string> {
    if (held === null || held.until < performance.now()) {
      const token = login();
      const mine = { token, until: performance.now() + TOKEN_MS };
      held = mine;
      token.catch(() => {
        if (held === mine) held = null;
      });
    }
    return abortable(held.token, signal);
  }

  /** Unless another one that was refused has logged in anew already. */
  async function forget(token: string): Promise<void> {
    if (held !== null && (await held.token) === token) held = null;
  }

  async function login(): Promise<string> {
    const answer = await api.get({
      url: address(API, '/login'),
      method: 'POST',
      body: bodyOf(apiKey),
      parse: (body) => Login.parse(body),
      signal: AbortSignal.timeout(LOGIN_MS),
    });
    if (answer === null)
      throw new KeyRefused('tvdb has no such login: is its key right?', { retryable: false });
    return answer.data.token;
  }
}

/** A subscriber's key comes with a PIN: `key:pin`. */
function bodyOf(apiKey: string): { apikey: string; pin?: string } {
  const [apikey = '', pin] = apiKey.split(':');
  return pin === undefined ? { apikey } : { apikey, pin };
}
