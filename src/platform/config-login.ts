import { z } from 'zod';
import { isHomeAddress } from './address-rules.ts';

const LOGIN_PRESETS = ['google', 'github', 'discord', 'trakt'] as const;

const shared = {
  /** In the address of its callback: stays as it is once people use it. */
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/, 'needs small letters, digits and dashes')
    .optional(),
  name: z.string().trim().min(1).max(50).optional(),
  clientId: z.string().min(1).max(500),
  clientSecret: z.string().min(1).max(1000),
};
const Provider = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('oidc'),
    ...shared,
    issuer: z
      .url({ protocol: /^https?$/ })
      .max(500)
      .refine(isSafe, 'needs https, or a server at home'),
  }),
  ...LOGIN_PRESETS.map((kind) => z.strictObject({ kind: z.literal(kind), ...shared })),
]);
/** Where people may sign in with an account they have elsewhere. The client secret is a secret: in no log, error or metric. */
export type LoginProvider = z.infer<typeof Provider> & { id: string; name: string };

const Providers = z
  .array(Provider)
  .max(20)
  .transform((all) =>
    all.map((one) => ({ ...one, id: one.id ?? one.kind, name: one.name ?? NAMES[one.kind] })),
  )
  .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'every id must be another');

const NAMES: Record<z.infer<typeof Provider>['kind'], string> = {
  oidc: 'Single sign-on',
  google: 'Google',
  github: 'GitHub',
  discord: 'Discord',
  trakt: 'Trakt',
};

/** Those of signing in with accounts elsewhere; a part of `Env`. */
export const LOGIN_SETTINGS = {
  LOGIN_PROVIDERS: z
    .string()
    .max(64 * 1024)
    .optional()
    .superRefine((text, context) => {
      if (text === undefined) return;
      const parsed = Providers.safeParse(jsonOf(text));
      for (const { path, message } of parsed.error?.issues ?? [])
        context.addIssue(`${path.length === 0 ? '' : `${path.join('.')}: `}${message}`);
    })
    .describe(
      'Accounts elsewhere that people may sign in with: a JSON array of `{"kind":"oidc","issuer","clientId","clientSecret","name"}`, or of kind `google`, `github`, `discord` or `trakt` without issuer. Their callback is `PUBLIC_URL/api/auth/with/<id>/callback`; the id is the kind unless `"id"` says another. None when absent.',
    ),
};

export function loginProviders(text: string | undefined): readonly LoginProvider[] {
  return text === undefined ? [] : Providers.parse(jsonOf(text));
}

function isSafe(issuer: string): boolean {
  const { protocol, hostname } = new URL(issuer);
  const host = hostname.replace(/^\[|\]$/g, '');
  return protocol === 'https:' || host === 'localhost' || isHomeAddress(host);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
