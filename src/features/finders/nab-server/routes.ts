import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { findTitles } from '../../../catalogs/search/index.ts';
import { contentDisposition } from '../../../kit/content-disposition.ts';
import { AppError } from '../../../kit/errors.ts';
import { parseReleaseName } from '../../../kit/release-name.ts';
import { UUID } from '../../../kit/uuid.ts';
import { type Crypto, isSameSecret } from '../../../platform/crypto.ts';
import type { Db } from '../../../platform/db.ts';
import type { StreamKind } from '../../../streams/kind.ts';
import { type NabFilter, nabItems, postOf, titlesWithId } from '../queries/nab-items.ts';
import { capsXml, errorXml, feedXml, type NabPlace, type NabServerKind, PAGE_ITEMS } from './xml.ts';

export type NabServerDeps = {
  db: Db;
  crypto: Pick<Crypto, 'sealToken'>;
  kinds: { get(kind: string): StreamKind | undefined };
  limit: RequestHandler;
  /** Where links of the answer point: no slash at the end. */
  baseUrl(req: Request): string;
};

const NZB_TIMEOUT_MS = 30_000;
/** Of each kind, of which a text may mean all. */
const MOST_TITLES = 20;
const Whole = z
  .string()
  .regex(/^\d{1,6}$/)
  .transform(Number);
const Query = z.object({
  t: z.string().max(30).default(''),
  q: z.string().max(300).optional(),
  imdbid: z
    .string()
    .regex(/^(?:tt)?\d{1,10}$/)
    .optional(),
  tmdbid: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional(),
  tvdbid: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional(),
  season: z
    .string()
    .regex(/^S?\d{1,5}$/i)
    .transform((text) => Number(text.replace(/^s/i, '')))
    .optional(),
  ep: z
    .string()
    .regex(/^E?\d{1,5}$/i)
    .transform((text) => Number(text.replace(/^e/i, '')))
    .optional(),
  cat: z
    .string()
    .regex(/^\d{4,6}(?:,\d{4,6})*$/)
    .optional(),
  offset: Whole.default(0),
  limit: Whole.default(PAGE_ITEMS),
});
type Query = z.infer<typeof Query>;

/** The key Sonarr, Radarr and Prowlarr are given: the same as long as the secret key is. */
export function nabApiKey(crypto: Pick<Crypto, 'sealToken'>): string {
  return crypto.sealToken('nab-server', { for: 'nab' });
}

/** `/torznab/api` and `/newznab/api` over our own catalogue, for whoever has the key. Errors are XML with status 200, as clients expect. */
export function nabServerRoutes(deps: NabServerDeps): Router {
  const { db, crypto, kinds, limit, baseUrl } = deps;
  const router = Router();
  router.get('/torznab/api', limit, (req, res) => answer('torznab', req, res));
  router.get('/newznab/api', limit, (req, res) => answer('newznab', req, res));
  return router;

  async function answer(kind: NabServerKind, req: Request, res: Response) {
    if (req.query.t === 'caps') return send(res, capsXml());
    const apiKey = nabApiKey(crypto);
    const refusal = refusalOf(req.query.apikey, apiKey);
    if (refusal !== null) return send(res, refusal);
    if (req.query.t === 'get' && kind === 'newznab') return await give(req, res);
    send(res, await found({ kind, baseUrl: baseUrl(req), apiKey }, req.query));
  }

  async function found(place: NabPlace, given: unknown): Promise<string> {
    const query = Query.safeParse(given);
    if (!query.success)
      return errorXml(201, `Incorrect parameter (${query.error.issues[0]?.path.join('.')})`);
    const filter = await filterOf(query.data, place.kind);
    if (filter === null) return errorXml(202, 'No such function');
    const items = filter.mediaIds?.length === 0 ? [] : await nabItems(db, filter);
    return feedXml(place, items, filter.offset);
  }

  /** Null: a function there is not. */
  async function filterOf(query: Query, kind: NabServerKind): Promise<NabFilter | null> {
    const of = { search: BOTH, tvsearch: SERIES, movie: MOVIES }[query.t];
    if (of === undefined) return null;
    const titles = of.filter((title) => isWanted(title, query.cat));
    const read = query.q === undefined || query.q.trim() === '' ? null : parseReleaseName(query.q);
    return {
      stream: kind === 'torznab' ? 'torrent' : 'usenet',
      titles,
      mediaIds: await mediaIdsOf(query, titles, read?.title || query.q?.trim() || null),
      season: query.season ?? read?.seasons[0] ?? null,
      episode: query.ep ?? read?.episodes[0] ?? null,
      offset: query.offset,
      limit: Math.min(PAGE_ITEMS, Math.max(1, query.limit)),
    };
  }

  /** By the ids that are given, else by the text; null: neither was. */
  async function mediaIdsOf(
    query: Query,
    titles: NabFilter['titles'],
    text: string | null,
  ): Promise<number[] | null> {
    const [kind] = titles;
    const ids = [
      ['imdb', query.imdbid && `tt${query.imdbid.replace(/^tt/, '').padStart(7, '0')}`],
      ['tvdb', query.tvdbid],
      ['tmdb', query.tmdbid],
    ] as const;
    const given = ids.filter(([, value]) => value !== undefined);
    if (kind === undefined) return [];
    if (given.length === 0) return text === null ? null : await titlesCalled(text, titles);
    const found = await Promise.all(
      given.map(([provider, value]) => titlesWithId(db, provider, value ?? '', kind)),
    );
    return [...new Set(found.flat())];
  }

  /** What somebody who types it would find, the likeliest first. */
  async function titlesCalled(text: string, titles: NabFilter['titles']): Promise<number[]> {
    const found = await Promise.all(titles.map((kind) => findTitles(db, { text, kind, audience: 'all' })));
    return found.flatMap((ids) => ids.slice(0, MOST_TITLES));
  }

  async function give(req: Request, res: Response) {
    const { id } = req.query;
    const post = typeof id === 'string' && UUID.test(id) ? await postOf(db, id) : null;
    const document = kinds.get('usenet')?.document;
    if (post === null || document === undefined) return send(res, errorXml(300, 'No such item'));
    try {
      const nzb = await document(post.id, AbortSignal.timeout(NZB_TIMEOUT_MS));
      res.set('Content-Disposition', contentDisposition('attachment', `${post.name}.nzb`));
      res.type('application/x-nzb').send(nzb);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      send(res, errorXml(300, error.message));
    }
  }
}

function refusalOf(given: unknown, apiKey: string): string | null {
  if (typeof given !== 'string') return errorXml(200, 'Missing parameter (apikey)');
  return isSameSecret(given, apiKey) ? null : errorXml(100, 'Incorrect user credentials');
}

const MOVIES = ['movie'] as const;
const SERIES = ['series'] as const;
const BOTH = ['movie', 'series'] as const;

/** A tree of the standard, or a part of it; without any, all. */
function isWanted(title: 'movie' | 'series', categories: string | undefined): boolean {
  if (categories === undefined) return true;
  const tree = title === 'movie' ? '2' : '5';
  return categories.split(',').some((category) => category.length === 4 && category.startsWith(tree));
}

function send(res: Response, xml: string): void {
  res.set('Cache-Control', 'no-store').type('application/xml').send(xml);
}
