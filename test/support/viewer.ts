import { z } from 'zod';
import { get } from './traffic.ts';

const Catalogue = z.object({ metas: z.array(z.object({ id: z.string(), name: z.string() })) });
const Streams = z.object({ streams: z.array(z.object({ url: z.string().optional() })) });
const Description = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** Titles of a catalogue of the add-on, the first page. */
export async function titlesOf(
  baseUrl: string,
  catalogue = 'movie/popular',
): Promise<{ id: string; name: string }[]> {
  const response = await get(`${baseUrl}/catalog/${catalogue}.json`);
  return Catalogue.parse(await response.json()).metas;
}

/** A play link of the clip that comes with the product. */
export async function clipUrl(baseUrl: string): Promise<string> {
  const clip = (await titlesOf(baseUrl)).find(({ name }) => name === 'Confluence');
  if (clip === undefined) throw new Error('the built-in clip is not in the catalogue');
  const response = await get(`${baseUrl}/stream/movie/${encodeURIComponent(clip.id)}.json`);
  const { streams } = Streams.parse(await response.json());
  const url = streams.find((stream) => stream.url?.includes('/play/'))?.url;
  if (url === undefined) throw new Error('the built-in clip has no play link');
  return url;
}

/** `isForAdmin`: the admin token opens it; `isOpen`: nothing is asked for. The rest are of people who signed in. */
export type ApiRoute = {
  method: string;
  path: string;
  isForAdmin: boolean;
  isForDevice: boolean;
  isOpen: boolean;
};

/** Every route of the API, by its own description; `{id}` and the like as they stand there. */
export async function apiRoutes(baseUrl: string): Promise<ApiRoute[]> {
  const { paths } = Description.parse(await (await get(`${baseUrl}/api/openapi.json`)).json());
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      isForAdmin: waysOf(operation).some((way) => 'admin' in way),
      // Without security, or with an alternative that asks for nothing (OpenAPI 3.1, Security Requirement Object).
      isOpen: !isGuarded(operation, z.unknown()) || hasOpenWay(operation),
      isForDevice: isGuarded(operation, z.object({ device: z.unknown() })),
    })),
  );
}

function hasOpenWay(operation: unknown): boolean {
  return waysOf(operation).some((way) => Object.keys(way).length === 0);
}

/** Each alternative by its schemes; none where nothing is asked for. */
function waysOf(operation: unknown): Record<string, unknown>[] {
  const { data } = z.object({ security: z.array(z.record(z.string(), z.unknown())) }).safeParse(operation);
  return data?.security ?? [];
}

function isGuarded(operation: unknown, by: z.ZodType): boolean {
  return z.object({ security: z.array(by).min(1) }).safeParse(operation).success;
}
