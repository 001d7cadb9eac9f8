import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  fetchUserInfo,
  None,
  type ServerMetadata,
} from 'openid-client';
import { z } from 'zod';
import { AppError, UpstreamFailed } from '../../../kit/errors.ts';
import type { LoginProvider } from '../../../platform/config-login.ts';
import { type GuardedFetch, guardedFetch } from '../../../platform/guarded-fetch.ts';
import type { Net } from '../../../platform/net.ts';
import { PRESETS, type Preset } from './presets.ts';

/** Who somebody is elsewhere. */
export type Outsider = {
  issuer: string;
  subject: string;
  name: string | null;
  email: string | null;
  /** As the provider says. */
  isEmailVerified: boolean;
};

/** What one sign-in holds on to while the browser is away (RFC 9700 §2.1.1: PKCE and state; OpenID Connect Core §3.1.2.1: nonce). */
export type Checks = { state: string; nonce: string; verifier: string };

export type OAuthProvider = {
  id: string;
  name: string;
  /** Where the browser is sent. */
  begin(callback: string, checks: Checks): Promise<URL>;
  /** Who came back; `url` is the whole address of the callback. Throws 403 for an answer that is not to `checks`. */
  finish(url: URL, checks: Checks): Promise<Outsider>;
};

const GOOGLE = 'https://accounts.google.com';
/** Of what discovery told; its keys are fetched when one is not known. */
const KNOWN_MS = 3600_000;

export function createOAuthProvider(
  net: Pick<Net, 'dial' | 'permitting'>,
  given: LoginProvider,
): OAuthProvider {
  return given.kind === 'oidc' || given.kind === 'google' ? byDiscovery(net, given) : byPreset(net, given);
}

function byDiscovery(net: Pick<Net, 'dial' | 'permitting'>, given: LoginProvider): OAuthProvider {
  const issuer = new URL(given.kind === 'oidc' ? given.issuer : GOOGLE);
  // The owner names the issuer, which may be at home.
  const fetcher = guardedFetch(net.permitting(issuer));
  const execute = issuer.protocol === 'http:' ? [allowInsecureRequests] : [];
  let known: { at: number; configuration: Promise<Configuration> } | null = null;

  function configured(): Promise<Configuration> {
    if (known !== null && Date.now() - known.at < KNOWN_MS) return known.configuration;
    const configuration = discover();
    known = { at: Date.now(), configuration };
    configuration.catch(() => {
      known = null;
    });
    return configuration;
  }

  async function discover(): Promise<Configuration> {
    const found = await discovery(issuer, given.clientId, undefined, None(), {
      ...{ execute, [customFetch]: fetcher },
    }).catch(refuseWith(given.name));
    return configurationOf(given, found.serverMetadata(), fetcher, execute);
  }

  return {
    ...{ id: given.id, name: given.name },
    async begin(callback, checks) {
      const more = { scope: 'openid email profile', nonce: checks.nonce };
      return buildAuthorizationUrl(await configured(), await parametersOf(callback, checks, more));
    },
    async finish(url, { state, nonce, verifier }) {
      const configuration = await configured();
      const tokens = await authorizationCodeGrant(configuration, url, {
        ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true },
      }).catch(refuseWith(given.name));
      const claims = tokens.claims();
      if (claims === undefined) throw notThem(given.name);
      const hasInfo = configuration.serverMetadata().userinfo_endpoint !== undefined;
      const info = hasInfo
        ? await fetchUserInfo(configuration, tokens.access_token, claims.sub).catch(refuseWith(given.name))
        : {};
      const told = Claims.safeParse({ ...claims, ...info });
      if (!told.success) throw notThem(given.name);
      const { sub, name, preferred_username: username, email, email_verified: isVerified } = told.data;
      return {
        ...{ issuer: claims.iss, subject: sub, name: username ?? name ?? null },
        ...{ email: email ?? null, isEmailVerified: isVerified === true || isVerified === 'true' },
      };
    },
  };
}

const Claims = z.object({
  sub: z.string().min(1).max(255),
  name: z.string().optional(),
  preferred_username: z.string().optional(),
  email: z.string().max(254).optional(),
  /** Some say it in words. */
  email_verified: z.union([z.boolean(), z.string()]).optional(),
});

function byPreset(net: Pick<Net, 'dial' | 'permitting'>, given: LoginProvider): OAuthProvider {
  const preset = PRESETS[given.kind];
  if (preset === undefined) throw new Error(`no preset is called ${given.kind}`);
  const fetcher = guardedFetch(net);
  const configuration = configurationOf(given, preset.metadata, fetcher, []);
  return {
    ...{ id: given.id, name: given.name },
    async begin(callback, checks) {
      const more = preset.scope === null ? {} : { scope: preset.scope };
      return buildAuthorizationUrl(configuration, await parametersOf(callback, checks, more));
    },
    async finish(url, { state, verifier }) {
      const tokens = await authorizationCodeGrant(configuration, url, {
        ...{ expectedState: state, pkceCodeVerifier: verifier },
      }).catch(refuseWith(given.name));
      const get = asked(given, preset, fetcher, tokens.access_token);
      const user = await preset.userOf(get).catch(refuseWith(given.name));
      return { issuer: preset.metadata.issuer, ...user };
    },
  };
}

/** A JSON document of the provider, for the one who signs in. */
function asked(given: LoginProvider, preset: Preset, fetcher: GuardedFetch, token: string) {
  return async (url: string): Promise<unknown> => {
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      ...preset.headers(given.clientId),
    };
    const answer = await fetcher(url, { headers });
    if (!answer.ok) throw notThem(given.name);
    return await answer.json().catch(() => {
      throw notThem(given.name);
    });
  };
}

function configurationOf(
  { clientId, clientSecret }: LoginProvider,
  metadata: ServerMetadata,
  fetcher: GuardedFetch,
  execute: readonly ((configuration: Configuration) => void)[],
): Configuration {
  // RFC 8414 §2: Basic where nothing is said.
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const auth = methods.includes('client_secret_basic')
    ? ClientSecretBasic(clientSecret)
    : ClientSecretPost(clientSecret);
  const configuration = new Configuration(metadata, clientId, { client_secret: clientSecret }, auth);
  configuration[customFetch] = fetcher;
  for (const apply of execute) apply(configuration);
  return configuration;
}

async function parametersOf(callback: string, { state, verifier }: Checks, more: Record<string, string>) {
  return {
    ...{ redirect_uri: callback, state, code_challenge_method: 'S256' },
    ...{ code_challenge: await calculatePKCECodeChallenge(verifier), ...more },
  };
}

/** Without what was answered: it may hold a code or a token. */
function refuseWith(name: string) {
  return (error: unknown): never => {
    if (error instanceof AppError) throw error;
    if (error instanceof Error && error.cause instanceof UpstreamFailed) throw error.cause;
    throw notThem(name);
  };
}

function notThem(name: string): AppError {
  return new AppError('auth.external_refused', `${name} did not say who you are. Try again.`, {
    status: 403,
  });
}
