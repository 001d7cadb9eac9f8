import { z } from 'zod';
import { UpstreamFailed } from '../../kit/errors.ts';

/** What an interstitial is made of (rfc8216bis, appendix D.2). Members not named here could be addresses to be called, as beacons are. */
const AssetList = z.object({
  ASSETS: z.array(z.object({ URI: z.string(), DURATION: z.number().nonnegative() })).max(1000),
  'SKIP-CONTROL': z
    .object({
      OFFSET: z.number().optional(),
      DURATION: z.number().optional(),
      'LABEL-ID': z.string().optional(),
    })
    .optional(),
});

/** Which pathway a player is to take (rfc8216bis §7.2). */
const Steering = z.object({
  VERSION: z.literal(1),
  TTL: z.number().nonnegative().optional(),
  'RELOAD-URI': z.string().optional(),
  'PATHWAY-PRIORITY': z.array(z.string()).max(100),
});

/** A list of assets with each of them led through `linkTo`. Throws UpstreamFailed when it is none. */
export function rewriteAssetList(text: string, from: URL, linkTo: (url: string) => string): string {
  const { ASSETS, ...rest } = parsed(AssetList, text, 'list of assets');
  return JSON.stringify({
    ASSETS: ASSETS.map(({ URI, ...asset }) => ({ URI: linkTo(resolved(URI, from)), ...asset })),
    ...rest,
  });
}

/**
 * A steering manifest that is asked for again through `linkTo`. Clones of pathways are left out: they put another host into
 * links of ours. Players pass over pathways that they do not know.
 */
export function rewriteSteering(text: string, from: URL, linkTo: (url: string) => string): string {
  const steering = parsed(Steering, text, 'steering manifest');
  const reload = steering['RELOAD-URI'];
  return JSON.stringify(
    reload === undefined ? steering : { ...steering, 'RELOAD-URI': linkTo(resolved(reload, from)) },
  );
}

function parsed<T extends z.ZodType>(schema: T, text: string, what: string): z.infer<T> {
  const read = schema.safeParse(jsonOf(text));
  if (read.success) return read.data;
  throw new UpstreamFailed(`What the origin sent is no HLS ${what}.`, { retryable: false });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

/** What cannot be resolved is linked as it is, and refused when it is followed. */
function resolved(value: string, from: URL): string {
  return URL.parse(value, from)?.href ?? value;
}
