import type { z } from 'zod';
import { AppError, BadInput, UpstreamFailed } from '../../kit/errors.ts';
import type { Net } from '../../platform/net.ts';
import { fetchWhole } from '../../platform/net-body.ts';
import {
  type AddonCatalog,
  AddonManifest,
  type AddonMeta,
  type AddonVideo,
  CatalogAnswer,
  catalogsOf,
  MetaAnswer,
  metaOf,
  StreamsAnswer,
  titleOfMeta,
} from './addon-shapes.ts';
import { streamOf } from './addon-streams.ts';
import { type ImportDeps, type ImportOptions, type ImportResult, importAll } from './import-titles.ts';
import { streamProblems } from './read-import-file.ts';
import type { ImportStream, ImportTitle } from './schemas.ts';

type AddonOptions = Omit<ImportOptions, 'name'> & {
  signal: AbortSignal;
  withStreams: boolean;
  /** Titles at most; default 100,000. */
  maxTitles?: number;
};
export type AddonResult = ImportResult & { requests: number; failedRequests: number; refused: number };

const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const MAX_CATALOGS = 100;
/** Of one catalogue; a page is 100 titles by convention. */
const MAX_PAGES = 1000;
const MAX_TITLES = 100_000;
const MAX_STREAMS = 200;
const REQUEST_TIMEOUT_MS = 30_000;
/** One after the other: the add-on is down. */
const MAX_FAILURES = 20;

/**
 * Imports what another add-on offers: its catalogues page by page, each title's meta and, where it is asked for, its streams. A catalogue ends
 * with its first page that brings nothing new, so one that gives the same page for ever ends too. Answers that fail or are none are
 * counted; twenty failures in a row end it with UpstreamFailed, and what came before stays.
 */
export async function importAddon(
  deps: ImportDeps & { net: Net },
  address: string,
  options: AddonOptions,
): Promise<AddonResult> {
  const asker = openAsker(deps.net, address, options.signal);
  const manifest = await asker.manifest();
  const counts = { refused: 0 };
  const name = `addon.${manifest.id.replace(/[^\w.-]+/g, '-').slice(0, 80)}`;
  const titles = titlesOf(deps, asker, manifest, options, counts);
  const result = await importAll(deps, titles, {
    ...options,
    ...{ name, total: null, isSeen: options.withStreams },
  });
  return { ...result, ...counts, requests: asker.count(), failedRequests: asker.failed() };
}

type Asker = ReturnType<typeof openAsker>;

function openAsker(net: Net, address: string, signal: AbortSignal) {
  const base = address
    .replace(/^stremio:\/\//i, 'https://')
    .replace(/\/manifest\.json$/i, '')
    .replace(/\/+$/, '');
  if (!/^https?:\/\//i.test(base) || !URL.canParse(base))
    throw new BadInput('imports.no_addon', 'Give the address of an add-on: https://…/manifest.json.');
  let [requests, failures, inARow] = [0, 0, 0];

  async function fetched<T extends z.ZodType>(path: string, schema: T): Promise<z.infer<T>> {
    requests += 1;
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
    const what = { what: 'The answer of the add-on', maxBytes: MAX_ANSWER_BYTES, signal: bounded };
    try {
      return schema.parse(
        JSON.parse(Buffer.from(await fetchWhole(net, `${base}${path}`, what)).toString('utf8')),
      );
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AppError) throw error;
      throw new UpstreamFailed('The add-on gave no answer of its protocol.', {
        retryable: false,
        cause: error,
      });
    }
  }
  /** Null: it failed, and that is counted. */
  async function ask<T extends z.ZodType>(path: string, schema: T): Promise<z.infer<T> | null> {
    try {
      const answer = await fetched(path, schema);
      inARow = 0;
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      failures += 1;
      inARow += 1;
      if (inARow >= MAX_FAILURES) throw error;
      return null;
    }
  }
  return {
    ask,
    manifest: () => fetched('/manifest.json', AddonManifest),
    count: () => requests,
    failed: () => failures,
  };
}

async function* titlesOf(
  deps: ImportDeps,
  asker: Asker,
  { catalogs, resources }: z.infer<typeof AddonManifest>,
  { withStreams, maxTitles = MAX_TITLES }: AddonOptions,
  counts: { refused: number },
): AsyncGenerator<ImportTitle> {
  const hasMeta = resources.includes('meta');
  const listed = catalogsOf(catalogs).slice(0, MAX_CATALOGS);
  for await (const preview of allPreviews(asker, listed, maxTitles, counts)) {
    const read = titleOfMeta(hasMeta ? await fullMeta(asker, preview) : preview);
    if (read === null) counts.refused += 1;
    else yield withStreams ? await streamed(deps, asker, preview, read) : read.title;
  }
}

/** What all catalogues list, each title once. */
async function* allPreviews(
  asker: Asker,
  catalogs: readonly AddonCatalog[],
  maxTitles: number,
  counts: { refused: number },
): AsyncGenerator<AddonMeta> {
  const seen = new Set<string>();
  let given = 0;
  for (const catalog of catalogs) {
    for await (const preview of previewsOf(asker, catalog, seen, counts)) {
      if (given >= maxTitles) return;
      given += 1;
      yield preview;
    }
  }
}

/** The catalogue's own word where there is no meta, and where it is of another title: that one lies. */
async function fullMeta(asker: Asker, preview: AddonMeta): Promise<AddonMeta> {
  const path = `/meta/${encodeURIComponent(preview.type)}/${encodeURIComponent(preview.id)}.json`;
  const answer = await asker.ask(path, MetaAnswer);
  return answer?.meta.id === preview.id ? answer.meta : preview;
}

async function* previewsOf(
  asker: Asker,
  { type, id, extra = [] }: AddonCatalog,
  seen: Set<string>,
  counts: { refused: number },
): AsyncGenerator<AddonMeta> {
  if (extra.some(({ isRequired }) => isRequired === true)) return;
  const isPaged = extra.some(({ name }) => name === 'skip');
  const path = `/catalog/${encodeURIComponent(type)}/${encodeURIComponent(id)}`;
  let skip = 0;
  for (let page = 0; page < (isPaged ? MAX_PAGES : 1); page += 1) {
    const answer = await asker.ask(page === 0 ? `${path}.json` : `${path}/skip=${skip}.json`, CatalogAnswer);
    const metas = answer?.metas ?? [];
    const known = metas.flatMap((value) => metaOf(value) ?? []);
    counts.refused += metas.length - known.length;
    const fresh = known.filter((meta) => !seen.has(`${meta.type} ${meta.id}`));
    for (const meta of fresh) seen.add(`${meta.type} ${meta.id}`);
    yield* fresh;
    if (fresh.length === 0) return;
    skip += metas.length;
  }
}

async function streamed(
  deps: ImportDeps,
  asker: Asker,
  { type, id }: AddonMeta,
  { title, videos }: { title: ImportTitle; videos: readonly AddonVideo[] },
): Promise<ImportTitle> {
  const bare = { kind: title.kind, title: title.title };
  async function streamsOf(videoId: string): Promise<ImportStream[]> {
    const path = `/stream/${encodeURIComponent(type)}/${encodeURIComponent(videoId)}.json`;
    const answer = await asker.ask(path, StreamsAnswer);
    const streams = (answer?.streams ?? []).slice(0, MAX_STREAMS).flatMap((value) => streamOf(value) ?? []);
    return streams.filter((stream) => streamProblems(deps, { ...bare, streams: [stream] }, '').length === 0);
  }
  if (title.kind !== 'series') return { ...title, streams: await streamsOf(id) };
  const found = new Map<string, ImportStream[]>();
  for (const { id: videoId, season, episode } of videos)
    found.set(`${season} ${episode}`, await streamsOf(videoId));
  const seasons = (title.seasons ?? []).map((season) => ({
    ...season,
    episodes: (season.episodes ?? []).map((episode) => ({
      ...episode,
      streams: found.get(`${season.number} ${episode.number}`) ?? [],
    })),
  }));
  return { ...title, seasons };
}
