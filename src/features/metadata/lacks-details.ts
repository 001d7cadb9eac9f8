import type { MediaDetail } from '../media/index.ts';
import type { Enricher } from './enricher.ts';

/** Whoever opens a title without details waits so long for them; what comes later is there the next time. */
const MOMENT_MS = 1200;

/** Told of each title that is opened; true: it has changed by now. Never throws. */
export type OnOpened = (detail: MediaDetail) => Promise<boolean>;

/** Has titles without a text or a poster asked about when they are opened. */
export function onOpened(enricher: Pick<Enricher, 'opened'>): OnOpened {
  return async (detail) => lacksDetails(detail) && enricher.opened(detail.mediaId, MOMENT_MS);
}

function lacksDetails({ kind, overview, posterUrl }: MediaDetail): boolean {
  return (kind === 'movie' || kind === 'series') && (overview === null || posterUrl === null);
}
