import type { OutsideId } from '../provider.ts';
import type { Ask } from './ask.ts';
import { ChangesAnswer } from './shapes.ts';

const DAY_MS = 24 * 3600 * 1000;
/** One question may span so much; its list goes back no further than some months. */
const WINDOW_DAYS = 14;
const LONGEST_DAYS = 90;
/** Of 100 ids each; the documented last page is 1,000. */
const MAX_PAGES = 1000;

/** Its ids of what changed since then, by days, each once. */
export async function* changesSince(
  ask: Ask,
  since: Date,
  kind: 'movie' | 'series',
  signal: AbortSignal,
): AsyncGenerator<OutsideId> {
  const seen = new Set<number>();
  const now = Date.now();
  let from = Math.max(since.getTime(), now - LONGEST_DAYS * DAY_MS);
  while (from <= now) {
    const to = Math.min(from + (WINDOW_DAYS - 1) * DAY_MS, now);
    for await (const id of window(ask, kind, { from, to }, signal)) {
      if (seen.has(id)) continue;
      seen.add(id);
      yield { provider: 'tmdb', value: String(id) };
    }
    from = to + DAY_MS;
  }
}

async function* window(
  ask: Ask,
  kind: 'movie' | 'series',
  { from, to }: { from: number; to: number },
  signal: AbortSignal,
): AsyncGenerator<number> {
  const path = kind === 'movie' ? '/movie/changes' : '/tv/changes';
  let pages = 1;
  for (let page = 1; page <= Math.min(pages, MAX_PAGES); page += 1) {
    const query = { start_date: dayOf(from), end_date: dayOf(to), page: String(page) };
    const answer = await ask(path, query, (body) => ChangesAnswer.parse(body), signal);
    if (answer === null || answer.results.length === 0) return;
    pages = answer.total_pages;
    for (const { id } of answer.results) yield id;
  }
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
