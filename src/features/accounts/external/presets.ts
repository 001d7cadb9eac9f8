import type { ServerMetadata } from 'openid-client';
import { z } from 'zod';
import type { LoginProvider } from '../../../platform/config-login.ts';
import type { Outsider } from './oauth-provider.ts';

/** A provider that speaks OAuth 2 and tells by its own API who somebody is. */
export type Preset = {
  metadata: ServerMetadata;
  /** Null: it has none. */
  scope: string | null;
  headers(clientId: string): Record<string, string>;
  /** `get` answers a JSON document of its API. A shape that is not known throws. */
  userOf(get: (url: string) => Promise<unknown>): Promise<Omit<Outsider, 'issuer'>>;
};

const POST = { token_endpoint_auth_methods_supported: ['client_secret_post'] };
const text = z.string().nullish();

const GitHubUser = z.object({ id: z.int(), login: z.string() });
const GitHubEmails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));
const DiscordUser = z.object({
  ...{ id: z.string(), username: z.string(), email: text, verified: z.boolean().optional() },
});
const TraktSettings = z.object({
  user: z.object({ username: z.string(), ids: z.object({ slug: z.string(), uuid: text }) }),
});

export const PRESETS: Partial<Record<LoginProvider['kind'], Preset>> = {
  // docs.github.com: "Authorizing OAuth apps"; a name can be given to somebody else, the number stays.
  github: {
    metadata: {
      ...{
        issuer: 'https://github.com/login/oauth',
        authorization_endpoint: 'https://github.com/login/oauth/authorize',
      },
      ...{ token_endpoint: 'https://github.com/login/oauth/access_token', ...POST },
    },
    scope: 'read:user user:email',
    headers: () => ({ 'x-github-api-version': '2022-11-28' }),
    async userOf(get) {
      const { id, login } = GitHubUser.parse(await get('https://api.github.com/user'));
      const emails = GitHubEmails.parse(await get('https://api.github.com/user/emails'));
      const primary = emails.find((entry) => entry.primary);
      return {
        ...{ subject: String(id), name: login },
        ...{ email: primary?.email ?? null, isEmailVerified: primary?.verified === true },
      };
    },
  },
  // discord.com/developers/docs/topics/oauth2
  discord: {
    metadata: {
      ...{ issuer: 'https://discord.com', authorization_endpoint: 'https://discord.com/oauth2/authorize' },
      ...{ token_endpoint: 'https://discord.com/api/oauth2/token', ...POST },
    },
    scope: 'identify email',
    headers: () => ({}),
    async userOf(get) {
      const { id, username, email, verified } = DiscordUser.parse(
        await get('https://discord.com/api/users/@me'),
      );
      return { subject: id, name: username, email: email ?? null, isEmailVerified: verified === true };
    },
  },
  // trakt.docs.apiary.io: no scopes, and no address is told.
  trakt: {
    metadata: {
      ...{ issuer: 'https://trakt.tv', authorization_endpoint: 'https://trakt.tv/oauth/authorize' },
      ...{ token_endpoint: 'https://api.trakt.tv/oauth/token', ...POST },
    },
    scope: null,
    headers: (clientId) => ({ 'trakt-api-version': '2', 'trakt-api-key': clientId }),
    async userOf(get) {
      const { user } = TraktSettings.parse(await get('https://api.trakt.tv/users/settings'));
      const subject = user.ids.uuid ?? user.ids.slug;
      return { subject, name: user.username, email: null, isEmailVerified: false };
    },
  },
};
