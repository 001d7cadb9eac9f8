import { createRequire } from 'node:module';
import { z } from 'zod';
import { isLoopbackUrl } from './loopback.ts';

// Both are CommonJS without types; what is used of them is written down here.
type LintResult = { valid: boolean; errors: readonly Error[]; warnings?: readonly Error[] };
type Done = (error: unknown, body?: unknown, caching?: unknown) => void;
type ClientPackage = {
  detectFromURL(url: string): Promise<{
    addon?: {
      manifest: unknown;
      isSupported(resource: string, type: string, id: string): boolean;
      get(resource: string, type: string, id: string, extra: Extra, done: Done): void;
    };
  }>;
};
type LinterPackage = { lintManifest(manifest: unknown): LintResult };

const require = createRequire(import.meta.url);
const client: ClientPackage = require('stremio-addon-client');
const linter: LinterPackage = require('stremio-addon-linter');

type Extra = Readonly<Record<string, string | number>>;
type AddonResource = 'catalog' | 'meta' | 'stream' | 'subtitles' | 'addon_catalog';
type Lint = { isValid: boolean; errors: string[]; warnings: string[] };
type AddonAnswer = { body: Readonly<Record<string, unknown>>; cacheControl: string | null };

export type StremioAddon = {
  manifest: unknown;
  /** By the manifest alone, as the client sees it. */
  isSupported(resource: AddonResource, type: string, id: string): boolean;
  /** Any status but 200, and anything but JSON, is thrown. */
  get(resource: AddonResource, type: string, id: string, extra?: Extra): Promise<AddonAnswer>;
};

/** Opens an add-on by its URL with stremio-addon-client, which lints the manifest on the way; throws with the linter's words. */
export async function detectFromURL(
  manifestUrl: string,
  options: { timeoutMs?: number } = {},
): Promise<StremioAddon> {
  const { timeoutMs = 10_000 } = options;
  if (!isLoopbackUrl(manifestUrl)) throw new Error('only add-ons on this machine are tested');
  const { addon } = await inTime(
    timeoutMs,
    'detectFromURL',
    client
      .detectFromURL(manifestUrl)
      .catch((error: unknown) => Promise.reject(asError('detectFromURL', error))),
  );
  if (addon === undefined) throw new Error('a collection, not an add-on');
  const get = (resource: AddonResource, type: string, id: string, extra: Extra = {}) => {
    const what = `${resource}/${type}/${id}`;
    const answer = new Promise<AddonAnswer>((resolve, reject) => {
      // Only the callback gets the caching; the promise form of the package drops it.
      addon.get(resource, type, id, extra, (error, body, caching) => {
        if (error) return reject(asError(what, error));
        resolve({ body: Body.parse(body), ...Caching.parse(caching) });
      });
    });
    return inTime(timeoutMs, what, answer);
  };
  return { manifest: addon.manifest, isSupported: addon.isSupported, get };
}

const Body = z.record(z.string(), z.unknown());
const Caching = z.object({ cacheControl: z.string().nullable() });

/** stremio-addon-linter on a manifest. It is laxer than Stremio itself: run the add-on through core as well. */
export function lintManifest(manifest: unknown): Lint {
  const { valid, errors, warnings = [] } = linter.lintManifest(manifest);
  return { isValid: valid, errors: errors.map(String), warnings: warnings.map(String) };
}

const ClientError = z.looseObject({
  message: z.string(),
  lintResult: z.looseObject({ errors: z.array(z.unknown()) }).optional(),
});

/** The package rejects with plain objects; tests want an Error. */
function asError(what: string, error: unknown): Error {
  const { message, lintResult } = ClientError.safeParse(error).data ?? { message: String(error) };
  const lint = lintResult === undefined ? '' : `: ${lintResult.errors.map(String).join('; ')}`;
  return new Error(`${what}: ${message}${lint}`, { cause: error });
}

async function inTime<T>(timeoutMs: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
