import { afterAll, beforeAll } from 'vitest';
import { z } from 'zod';
import { openTempDir } from '../processes.ts';
import { startTributary, type Tributary } from '../product.ts';
import { seededRandom } from '../random-requests.ts';
import { type Inn, startInn } from './inn.ts';
import type { Place } from './swarm.ts';

/** One of USENET_PROVIDERS; its name is `provider 1` and so on, and the first has the highest priority. */
export type ProviderInput = Place & {
  tls?: boolean;
  username?: string;
  password?: string;
  tlsCa?: string;
};

export const withLogin = (inn: Inn, password = inn.password) => ({ username: inn.user, password });

/** The product with these providers, eight connections each. */
export function startWithProviders(providers: readonly ProviderInput[]): Promise<Tributary> {
  const all = providers.map((provider, index) => ({
    ...{ name: `provider ${index + 1}`, tls: false, connections: 8, priority: index },
    ...provider,
  }));
  return startTributary({ env: { USENET_PROVIDERS: JSON.stringify(all), RATE_LIMIT_API: '1000000' } });
}

/** A news server, the product that reads from it, and a folder to write releases to, from before the first test to after the last. */
export function innRoom(): { readonly dir: string; readonly inn: Inn; readonly product: Tributary } {
  let dir: Awaited<ReturnType<typeof openTempDir>> | null = null;
  let inn: Inn | null = null;
  let product: Tributary | null = null;
  beforeAll(async () => {
    dir = await openTempDir();
    inn = await startInn();
    product = await startWithProviders([inn.plain]);
  });
  afterAll(async () => {
    await product?.stop();
    await inn?.stop();
    await dir?.remove();
  });
  const begun = <One>(one: One | null): One => {
    if (one === null) throw new Error('the room is used before its tests');
    return one;
  };
  return {
    get dir() {
      return begun(dir).path;
    },
    get inn() {
      return begun(inn);
    },
    get product() {
      return begun(product);
    },
  };
}

/** The answer to an upload of an NZB. */
export function upload(product: Tributary, nzb: string): Promise<Response> {
  const form = new FormData();
  form.set('file', new Blob([nzb], { type: 'application/x-nzb' }), 'release.nzb');
  return product.asAdmin('/api/links', { method: 'POST', body: form, signal: AbortSignal.timeout(60_000) });
}

const Link = z.object({
  playUrl: z.string(),
  files: z.array(z.object({ index: z.int(), name: z.string(), size: z.int(), playUrl: z.string() })),
});
export type UsenetLink = z.infer<typeof Link>;

export async function linkTo(product: Tributary, nzb: string): Promise<UsenetLink> {
  const answer = await upload(product, nzb);
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`no play link: ${answer.status} ${text}`);
  return Link.parse(JSON.parse(text));
}

/** Half-open; throws where the connection ends before it should. */
export async function readRange(url: string, start: number, end: number): Promise<Buffer> {
  const answer = await fetch(url, { headers: { Range: `bytes=${start}-${end - 1}` } });
  if (answer.status !== 206) throw new Error(`answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

const ABREAST = 8;
/** From a byte to some articles. */
const LONGEST_BYTES = 1_500_000;

/** Reads so many ranges, the same ones each time for the same seed; answers those whose bytes were others. */
export async function wrongRanges(
  url: string,
  bytes: Buffer,
  count: number,
  seed: number,
): Promise<string[]> {
  const random = seededRandom(seed);
  const wrong: string[] = [];
  let left = count;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      const length = Math.ceil(LONGEST_BYTES ** random());
      const start = Math.floor(random() * (bytes.length - length));
      const got = await readRange(url, start, start + length);
      if (!got.equals(bytes.subarray(start, start + length))) wrong.push(`${start}-${start + length}`);
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, work));
  return wrong;
}
