import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import {
  type CompiledPreferences,
  compilePreferences,
  DEFAULT_TEMPLATES,
  SORT_KEY_NAMES,
  StreamPreferences,
  TEMPLATE_FIELDS,
  VOCABULARY,
} from '../features/preferences/index.ts';
import { type Offer, type OfferLimits, offersFor, wide } from '../features/stream-index/index.ts';
import { NotFound } from '../kit/errors.ts';
import type { CacheSpace } from '../platform/cache.ts';
import { parseInput } from '../platform/http-input.ts';
import { jsonBody } from '../platform/json-body.ts';
import type { AddonContext } from './context.ts';
import { findTitle, resolveTitle } from './find-title.ts';
import { SAMPLE_OFFERS } from './sample-offers.ts';
import { type ReachDeps, reached } from './stream.ts';
import { inViewingOrder, type OfferedStream, type Way } from './stream-order.ts';
import { type Choice, choiceOf, hiddenAll, wordsOf } from './stream-preferences.ts';

export type PreferenceRoutesDeps = ReachDeps & {
  offers: CacheSpace<readonly Offer[]>;
  offerLimits(): OfferLimits;
  addonName(): string;
  contextOf(req: Request): AddonContext;
  /** Who asks; throws where nobody is signed in. */
  guard: { isAdmin(req: Request): Promise<boolean>; requireUser(req: Request): Promise<unknown> };
  limitPreviews: RequestHandler;
};

export const PreviewBody = z.strictObject({
  preferences: StreamPreferences,
  /** As the add-on is asked for it; left out: samples of a film. */
  title: z.strictObject({ type: z.string().min(1).max(40), id: z.string().min(1).max(256) }).optional(),
});

const KeyValue = z.object({
  key: z.string(),
  direction: z.enum(['ascending', 'descending']),
  /** Null: not known. */
  value: z.string().nullable(),
});

export const PreviewAnswer = z.object({
  /** In order, in the words of the preferences. */
  shown: z.array(
    z.object({
      name: z.string(),
      description: z.string(),
      kind: z.string(),
      sortKeys: z.array(KeyValue),
      /** Which preferred words it has. */
      preferred: z.array(z.string()),
    }),
  ),
  /** The first 200 of them. */
  hidden: z.array(z.object({ name: z.string(), kind: z.string(), rule: z.string(), reason: z.string() })),
  hiddenCount: z.int(),
  /** What the viewer is told where nothing is shown. */
  note: z.string().nullable(),
});
type PreviewAnswer = z.infer<typeof PreviewAnswer>;

/** What the page of preferences offers to choose from. */
export const PreferenceWords = z.object({
  vocabulary: z.record(z.string(), z.array(z.string())),
  sortKeys: z.array(z.string()),
  templateFields: z.array(z.object({ name: z.string(), description: z.string() })),
  defaultTemplates: z.object({ name: z.string(), description: z.string() }),
});

const MAX_HIDDEN = 200;

/** `/api/stream-preferences`: what can be chosen, and how a title would look. Nothing is stored here. */
export function preferenceRoutes(deps: PreferenceRoutesDeps): Router {
  const router = Router();
  router.get('/stream-preferences', words);
  router.post(
    '/stream-preferences/preview',
    requireSomebody,
    deps.limitPreviews,
    ...jsonBody('64kb'),
    preview,
  );
  return router;

  async function requireSomebody(req: Request, _res: Response, next: (error?: unknown) => void) {
    if (!(await deps.guard.isAdmin(req))) await deps.guard.requireUser(req);
    next();
  }

  async function words(req: Request, res: Response) {
    if (!(await deps.guard.isAdmin(req))) await deps.guard.requireUser(req);
    res.json({
      vocabulary: VOCABULARY,
      sortKeys: SORT_KEY_NAMES,
      templateFields: Object.entries(TEMPLATE_FIELDS).map(([name, description]) => ({ name, description })),
      defaultTemplates: DEFAULT_TEMPLATES,
    });
  }

  async function preview(req: Request, res: Response) {
    const { preferences, title } = parseInput(PreviewBody, req.body, 'The preview');
    const compiled = compilePreferences(preferences);
    const { offers, isEpisode } =
      title === undefined
        ? { offers: SAMPLE_OFFERS, isEpisode: false }
        : await offersOfTitle(deps, title, await seenBy(deps, req));
    const choice = choiceOf(offers, compiled, { isEpisode, limits: deps.offerLimits() });
    const streams = title === undefined ? samplesOf(choice.offers) : await reached(deps, choice.offers);
    res.set('Cache-Control', 'no-store').json(answerOf(deps, compiled, choice, streams));
  }
}

type Seen = { isAdmin: boolean; visibility: AddonContext['visibility'] };

/** Administrators see every title; other users what the public catalogue shows. */
async function seenBy(deps: PreferenceRoutesDeps, req: Request): Promise<Seen> {
  const isAdmin = await deps.guard.isAdmin(req);
  return { isAdmin, visibility: isAdmin ? 'all' : deps.contextOf(req).visibility };
}

async function offersOfTitle(
  deps: PreferenceRoutesDeps,
  title: { type: string; id: string },
  { isAdmin, visibility: only }: Seen,
): Promise<{ offers: readonly Offer[]; isEpisode: boolean }> {
  const request = { resource: 'stream', ...title, extra: new Map<string, string>() };
  if (only === 'off') throw notThere();
  const found = isAdmin ? await resolveTitle(deps.db, request) : await findTitle(deps.db, request, only);
  if (found === null) throw notThere();
  const { mediaId, episodeId } = found;
  const query = wide({ mediaId, episodeId, only, ...deps.offerLimits() });
  const offers = await deps.offers.get(JSON.stringify(query), () => offersFor(deps.db, query));
  return { offers, isEpisode: episodeId !== null };
}

function notThere(): NotFound {
  return new NotFound(
    'preferences.no_title',
    'No title you may see has this id. Leave it out to try samples.',
  );
}

/** As if this server had their bytes. */
function samplesOf(offers: readonly Offer[]): OfferedStream[] {
  return offers.map((offer) => ({ offer, target: sampleWay(offer) }));
}

function sampleWay({ kind, streamId }: Offer): Way {
  return kind === 'youtube'
    ? { via: 'youtube', videoId: 'sample' }
    : { via: 'play', fileIndex: null, resource: `sample ${streamId}`, contentType: 'video/x-matroska' };
}

function answerOf(
  deps: PreferenceRoutesDeps,
  compiled: CompiledPreferences,
  { applied, tierOf }: Choice,
  streams: readonly OfferedStream[],
): PreviewAnswer {
  const reasons = new Map(applied?.shown.map((entry) => [entry.offer, entry]));
  const hidden = applied?.hidden ?? [];
  const emptied = applied?.emptied ?? null;
  return {
    shown: inViewingOrder(streams, tierOf).map((stream) => {
      const { sortKeys = [], preferred = [] } = reasons.get(stream.offer) ?? {};
      return {
        ...wordsOf(deps.addonName(), { ...stream, progress: null }, compiled),
        kind: stream.offer.kind,
        sortKeys: [...sortKeys],
        preferred: [...preferred],
      };
    }),
    hidden: hidden.slice(0, MAX_HIDDEN).map(({ offer: { name, fileName, kind }, rule, reason }) => ({
      name: fileName ?? name,
      kind,
      rule,
      reason,
    })),
    hiddenCount: hidden.length,
    note: emptied === null ? null : hiddenAll(emptied),
  };
}
