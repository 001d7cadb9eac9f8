import { z } from 'zod';
import { freshDatabase, type TestDatabase } from './database.ts';
import { startTributary, type Tributary } from './product.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { get } from './traffic.ts';
import { waitUntil } from './wait-until.ts';

const ADMIN_TOKEN = 'admin-token-of-both-instances';
const SECRET_KEY = 'secret-key-of-both-instances-0123456789';
const AddonAnswer = z.object({
  metas: z.array(z.object({ id: z.string(), name: z.string() })).optional(),
  meta: z.object({ name: z.string() }).optional(),
  streams: z
    .array(
      z.object({
        url: z.string().optional(),
        infoHash: z.string().optional(),
        description: z.string().optional(),
      }),
    )
    .optional(),
});

export type Pair = { database: TestDatabase; redis: TestRedis | null; a: Tributary; b: Tributary };

/** Both at once on an empty database: the first start of a scaled deployment. */
export async function startPair(
  withRedis: boolean,
  more: Readonly<Record<string, string>> = {},
): Promise<Pair> {
  const database = await freshDatabase({ isEmpty: true });
  const redis = withRedis ? await startRedis() : null;
  const env = {
    ...{ DATABASE_URL: database.url, SECRET_KEY, TRUST_PROXY: '127.0.0.0/8', DB_POOL_MAX: '5' },
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
    ...more,
  };
  const [a, b] = await Promise.all([1, 2].map(() => startTributary({ env, adminToken: ADMIN_TOKEN })));
  if (a === undefined || b === undefined) throw new Error('two were started');
  for (const product of [a, b])
    await waitUntil(
      async () => ((await ask(product, '/catalog/movie/popular.json')).metas ?? []).length >= 20,
      { what: 'the starter catalogue', timeoutMs: 60_000 },
    );
  // A torrent is told apart by its info hash.
  await send(a, 'PATCH', '/api/settings', { torrentPlayer: 'client' });
  return { database, redis, a, b };
}

export async function stopPair(pair: Pair | undefined): Promise<void> {
  await Promise.all([pair?.a.stop(), pair?.b.stop()]);
  await pair?.redis?.stop();
  await pair?.database.close();
}

export async function ask(product: Tributary, path: string): Promise<z.infer<typeof AddonAnswer>> {
  return AddonAnswer.parse(await (await get(product.baseUrl + path)).json());
}

export async function send(
  product: Tributary,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const response = await product.asAdmin(path, {
    method,
    headers: { 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

const torrent = (number: number) => number.toString(16).padStart(40, '0');

/** One title from its beginning to its end, written at `from`, read at `at` right after each answer; what was read wrongly. */
async function lifeOfTitle(from: Tributary, at: Tributary, number: number): Promise<string[]> {
  const wrong: string[] = [];
  const imdb = `tt${6_000_000 + number}`;
  const expectAt = async (
    what: string,
    path: string,
    isRight: (answer: z.infer<typeof AddonAnswer>) => boolean,
  ) => {
    const answer = await ask(at, path);
    if (!isRight(answer)) wrong.push(`${number}: ${what}: ${JSON.stringify(answer).slice(0, 200)}`);
  };
  const names = (answer: z.infer<typeof AddonAnswer>) => (answer.metas ?? []).map(({ name }) => name);
  const warm = () =>
    Promise.all(
      [`/catalog/movie/new.json`, `/meta/movie/${imdb}.json`, `/stream/movie/${imdb}.json`].map((path) =>
        get(at.baseUrl + path).then((response) => response.text()),
      ),
    );
  await warm();
  await send(from, 'POST', '/api/media', { kind: 'movie', title: `Before ${number}`, ids: { imdb } });
  await send(from, 'POST', '/api/streams', {
    mediaId: imdb,
    url: `magnet:?xt=urn:btih:${torrent(number * 2)}&dn=First.1080p`,
  });
  await expectAt('a new title in the catalogue', '/catalog/movie/new.json', (answer) =>
    names(answer).includes(`Before ${number}`),
  );
  await expectAt(
    'a new title',
    `/meta/movie/${imdb}.json`,
    (answer) => answer.meta?.name === `Before ${number}`,
  );
  await expectAt(
    'its stream',
    `/stream/movie/${imdb}.json`,
    ({ streams = [] }) => streams.length === 1 && streams[0]?.infoHash === torrent(number * 2),
  );
  await send(from, 'PATCH', `/api/media/${imdb}`, { title: `After ${number}` });
  await expectAt(
    'a new name',
    `/meta/movie/${imdb}.json`,
    (answer) => answer.meta?.name === `After ${number}`,
  );
  await expectAt(
    'a new name in the catalogue',
    '/catalog/movie/new.json',
    (answer) => names(answer).includes(`After ${number}`) && !names(answer).includes(`Before ${number}`),
  );
  const second = z.looseObject({ streamId: z.string() }).parse(
    await send(from, 'POST', '/api/streams', {
      mediaId: imdb,
      url: `magnet:?xt=urn:btih:${torrent(number * 2 + 1)}&dn=Second.2160p`,
    }),
  );
  await expectAt('a second stream', `/stream/movie/${imdb}.json`, ({ streams = [] }) => streams.length === 2);
  await send(from, 'PATCH', `/api/streams/${second.streamId}`, { isBlocked: true });
  await expectAt(
    'a blocked stream',
    `/stream/movie/${imdb}.json`,
    ({ streams = [] }) => streams.length === 1 && streams[0]?.infoHash === torrent(number * 2),
  );
  await send(from, 'DELETE', `/api/media/${imdb}?force=true`);
  await expectAt(
    'a deleted title in the catalogue',
    '/catalog/movie/new.json',
    (answer) => !names(answer).includes(`After ${number}`),
  );
  await expectAt('a deleted title', `/meta/movie/${imdb}.json`, (answer) => answer.meta === undefined);
  await expectAt(
    'streams of a deleted title',
    `/stream/movie/${imdb}.json`,
    ({ streams = [] }) => streams.length === 0,
  );
  return wrong;
}

export async function livesOfTitles({ a, b }: Pair, first: number, rounds: number): Promise<string[]> {
  const wrong: string[] = [];
  for (let number = first; number < first + rounds; number += 1)
    wrong.push(...(await (number % 2 === 0 ? lifeOfTitle(a, b, number) : lifeOfTitle(b, a, number))));
  return wrong;
}
