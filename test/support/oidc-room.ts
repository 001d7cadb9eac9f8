import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { openAccountRoom } from './account-room.ts';

type Person = { email?: string; email_verified?: boolean; preferred_username?: string };

/** A real OpenID provider on loopback; it answers from `serve` on, when the address of its client is known. */
export async function startOidcProvider(clientSecret: string) {
  const people: Record<string, Person> = {};
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const issuer = `http://127.0.0.1:${address.port}`;
  return {
    issuer,
    people,
    /** Its one client is the product of `baseUrl`. */
    serve(baseUrl: string): void {
      const provider = new Provider(issuer, {
        clients: [
          {
            ...{ client_id: 'tributary', client_secret: clientSecret },
            redirect_uris: [`${baseUrl}/api/auth/with/home/callback`],
          },
        ],
        claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username'] },
        cookies: { keys: ['a key of tests'] },
        features: { devInteractions: { enabled: true } },
        pkce: { required: () => true },
        findAccount: (_context, sub) => ({ accountId: sub, claims: async () => ({ sub, ...people[sub] }) }),
      });
      const answer = provider.callback();
      server.on('request', (req, res) => void answer(req, res));
    },
    openBrowser: (baseUrl: string) => createBrowser(baseUrl, issuer),
    async close(): Promise<void> {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Accounts beside a real OpenID provider on loopback, whose people are those of `people` by their subject. */
export async function openOidcRoom() {
  const clientSecret = 'the-secret-of-the-client';
  const provider = await startOidcProvider(clientSecret);
  const { issuer, people } = provider;
  const client = { clientId: 'tributary', clientSecret };
  const room = await openAccountRoom({
    loginProviders: [{ kind: 'oidc', id: 'home', name: 'Home', issuer, ...client }],
  });
  provider.serve(room.baseUrl);

  return {
    ...room,
    issuer,
    people,
    clientSecret,
    openBrowser: () => provider.openBrowser(room.baseUrl),
    async close(): Promise<void> {
      await room.close();
      await provider.close();
    },
  };
}
export type OidcRoom = Awaited<ReturnType<typeof openOidcRoom>>;

const MOST_STEPS = 20;

/** Follows redirects and fills the provider's forms, with cookies as a browser has them on 127.0.0.1. */
function createBrowser(baseUrl: string, issuer: string) {
  const jar = new Map<string, string>();

  async function go(url: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      const isGone = /expires=Thu, 01 Jan 1970/i.test(line);
      if (isGone) jar.delete(pair.slice(0, at));
      else jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }

  /** As `person`, from the provider's first address to the one that it sends the browser back to. */
  async function passProvider(first: string, person: string): Promise<string> {
    let answer = await go(first);
    for (let step = 0; step < MOST_STEPS; step += 1) {
      const location = answer.headers.get('location');
      const next = location === null ? null : new URL(location, issuer);
      if (next?.origin === baseUrl) return next.href;
      answer = await (next === null ? fillForm(await answer.text(), person) : go(next.href));
    }
    throw new Error('the provider goes in circles');
  }

  /** Of a sign-in, or of what the client may know. */
  function fillForm(page: string, person: string): Promise<Response> {
    const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1];
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    if (action === undefined || prompt === undefined)
      throw new Error(`the provider said: ${page.slice(0, 500)}`);
    const body = new URLSearchParams({ prompt, login: person, password: 'any' });
    return go(new URL(action, issuer).href, { method: 'POST', body });
  }

  const start = async () => (await go(`${baseUrl}/api/auth/with/home`)).headers.get('location') ?? '';
  const comeBack = async (callback: string) => (await go(callback)).headers.get('location') ?? '';
  return {
    jar,
    go,
    start,
    passProvider,
    comeBack,
    /** The whole way; where the page ends up. */
    async signIn(person: string): Promise<string> {
      const first = await start();
      return new URL(await comeBack(await passProvider(first, person))).hash;
    },
  };
}
