import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { openTempDir } from './processes.ts';
import { startTributary, type Tributary } from './product.ts';

const Signed = z.object({ accessToken: z.string() });
const Made = z.object({ id: z.uuid() });
const Described = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
const Install = z.object({ installId: z.uuid(), manifestUrl: z.url() });
const Streams = z.object({
  streams: z.array(
    z.object({
      name: z.string(),
      description: z.string(),
      url: z.string().optional(),
      infoHash: z.string().optional(),
      externalUrl: z.string().optional(),
    }),
  ),
});
const Metas = z.object({ metas: z.array(z.object({ id: z.string(), name: z.string() })) });
const Meta = z.object({
  meta: z.object({
    name: z.string(),
    videos: z.array(z.object({ id: z.string(), title: z.string() })).optional(),
  }),
});

export type Answer = { status: number; headers: Headers; text: string; body: unknown };

/** The product with a parent who is signed in, four titles and their files; what a kid does goes by the add-on's own protocol. */
export async function openFamilyRoom(env: Readonly<Record<string, string>> = {}) {
  const dir = await openTempDir();
  const product = await startTributary({
    env: {
      ...{ LOCAL_FOLDERS: `films=${dir.path}`, PUBLIC_CATALOG: 'all', CATALOG_REGION: 'US' },
      ...{ RATE_LIMIT_API: '100000', RATE_LIMIT_ADDON: '100000' },
      ...env,
    },
  });
  return {
    ...{ product, dir, ...familyAt(product, dir.path) },
    async close() {
      await product.stop();
      await dir.remove();
    },
  };
}

/** What a family does at one instance of the product; `folder` is its local folder `films`. */
export function familyAt(product: Tributary, folder: string) {
  async function ask(method: string, path: string, body?: unknown, token?: string): Promise<Answer> {
    const url = path.startsWith('http') ? path : `${product.baseUrl}${path}`;
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : null,
    };
  }
  const asAdmin = (method: string, path: string, body?: unknown) =>
    ask(method, path, body, product.adminToken);

  async function register(username: string): Promise<string> {
    const password = `${username} has a password`;
    const made = await asAdmin('POST', '/api/auth/register', { username, password });
    if (made.status !== 201) throw new Error(made.text);
    return Signed.parse(made.body).accessToken;
  }

  async function addFile(mediaId: string, numbers: string | null): Promise<void> {
    const [season, episode] = (numbers ?? '').split(':').map(Number);
    const file = `${mediaId}-${numbers?.replace(':', '-') ?? 'film'}.mp4`;
    await writeFile(join(folder, file), randomBytes(200_000));
    const stream = await asAdmin('POST', '/api/streams', {
      ...{ mediaId, kind: 'local', file: `films/${file}`, name: `Release of ${file}` },
      ...(numbers === null ? {} : { season, episode }),
    });
    if (stream.status !== 201) throw new Error(stream.text);
  }

  /** A film, or a series with the streams of its episodes: `1:2` is S1E2. */
  async function addTitle(title: object, episodes: readonly string[] = []): Promise<string> {
    const made = await asAdmin('POST', '/api/media', title);
    if (made.status !== 201) throw new Error(made.text);
    const { id } = Made.parse(made.body);
    for (const numbers of episodes.length === 0 ? [null] : episodes) await addFile(id, numbers);
    return id;
  }

  /** Every route of the document of the API: a new one is in by itself. */
  async function operations(): Promise<{ method: string; path: string }[]> {
    const { body } = await ask('GET', '/api/openapi.json');
    const { paths } = Described.parse(body);
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods)
        .filter((method) => ['get', 'post', 'put', 'patch', 'delete'].includes(method))
        .map((method) => ({ method: method.toUpperCase(), path })),
    );
  }

  return {
    ...{ ask, asAdmin, register, addTitle, operations },
    async addProfile(token: string, profile: object): Promise<string> {
      const made = await ask('POST', '/api/profiles', profile, token);
      if (made.status !== 201) throw new Error(made.text);
      return z.object({ profileId: z.uuid() }).parse(made.body).profileId;
    },
    async addInstall(token: string, profileId: string, name = 'TV') {
      const made = await ask('POST', '/api/installs', { profileId, name }, token);
      if (made.status !== 201) throw new Error(made.text);
      const { installId, manifestUrl } = Install.parse(made.body);
      return { installId, manifestUrl, base: manifestUrl.replace('/manifest.json', '') };
    },
    async catalog(base: string, path: string): Promise<string[]> {
      const answer = await ask('GET', `${base}/catalog/${path}.json`);
      return Metas.parse(answer.body).metas.map(({ name }) => name);
    },
    async meta(base: string, path: string) {
      const answer = await ask('GET', `${base}/meta/${path}.json`);
      return answer.status === 200 ? Meta.parse(answer.body).meta : null;
    },
    async streams(base: string, path: string) {
      return Streams.parse((await ask('GET', `${base}/stream/${path}.json`)).body).streams;
    },
    /** Status and bytes of a range of a play link. */
    async play(url: string): Promise<{ status: number; bytes: number; text: string }> {
      const response = await fetch(url, { headers: { Range: 'bytes=0-999' } });
      const bytes = Buffer.from(await response.arrayBuffer());
      return { status: response.status, bytes: bytes.length, text: bytes.toString('latin1') };
    },
  };
}

export type FamilyRoom = Awaited<ReturnType<typeof openFamilyRoom>>;

/** Titles of which a kid may know the first and, but for its second episode, the last. */
export const [ZEBRA, QUAGGA, OKAPI, IBEX] = ['tt9100001', 'tt9100002', 'tt9100003', 'tt9100004'] as const;

/** Puts them in; answers our ids of the two that nobody may know of, and of the series. */
export async function addZoo(
  room: Pick<FamilyRoom, 'addTitle'>,
): Promise<{ quagga: string; okapi: string; ibex: string }> {
  const film = (imdb: string, title: string, code?: string) =>
    room.addTitle({
      ...{ kind: 'movie', title, ids: { imdb }, genres: ['Comedy'], year: 2001 },
      ...(code === undefined ? {} : { certifications: [{ country: 'US', code }] }),
    });
  await film(ZEBRA, 'Zebra film', 'G');
  const episodes = [
    { number: 1, title: 'Ibex one' },
    { number: 2, title: 'Kudu comes' },
  ];
  return {
    quagga: await film(QUAGGA, 'Quagga film', 'R'),
    okapi: await film(OKAPI, 'Okapi film'),
    ibex: await room.addTitle(
      {
        ...{ kind: 'series', title: 'Ibex series', ids: { imdb: IBEX }, genres: ['Comedy'] },
        seasons: [{ number: 1, episodes }],
      },
      ['1:1', '1:2'],
    ),
  };
}
