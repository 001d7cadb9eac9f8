import type { AddonContext, Watching } from './context.ts';
import { freshFor } from './context.ts';
import type { AddonRequest } from './extra.ts';
import { resolveTitle } from './find-title.ts';
import { explain, playable, type StreamDeps, streamAnswer } from './stream.ts';

/** Names nothing: what there is that may not be seen is nobody's business here. */
const ASK = 'This is not for this profile. Ask a parent, who can allow it on the page of this server.';
const WAYS_TO_WAIT = {
  'out-of-hours': 'This is not a time to watch. Ask a parent, or come back later.',
  'time-is-up': 'Today’s time to watch is used up. Come back tomorrow, or ask a parent.',
} as const;

const FRESH = { cacheMaxAge: 0, staleRevalidate: 0, staleError: 0 };

/** `{streams}` for everybody, or of what a profile may watch now. */
export function streamsFor(deps: StreamDeps, request: AddonRequest, context: AddonContext) {
  const { watching } = context;
  return watching === null
    ? streamAnswer(deps, request, context)
    : ofProfile(deps, request, context, watching);
}

/** Why there is nothing, in one entry that names nothing, where a rule says so. */
async function ofProfile(
  deps: StreamDeps,
  request: AddonRequest,
  context: AddonContext,
  { viewer, time }: Watching,
) {
  const fresh = freshFor(context, FRESH);
  const found = await resolveTitle(deps.db, request);
  const standing = found === null ? null : await deps.standingFor(viewer, found);
  if (found === null || standing === null || standing.standing === 'hidden') return { streams: [], ...fresh };
  if (!standing.mayPlay) return { streams: [explain(deps, context, ASK)], ...fresh };
  if (time !== 'open') return { streams: [explain(deps, context, WAYS_TO_WAIT[time])], ...fresh };
  return playable(deps, { context, title: { ...found, isEmpty: standing.isEmpty } }, 'all');
}
