import type { Area } from './features/accounts/index.ts';
import { patternsOf } from './openapi.ts';

/** Of which part of the API a described path is; the first that fits. What no line names is administration. */
const AREAS: readonly (readonly [RegExp, Area])[] = [
  [
    /^\/api\/profiles\/\{id\}\/(history|continue-watching|recently-watched|watchlist|favorites|library)(\/|$)/,
    'activity',
  ],
  [/^\/api\/(profiles|installs|devices?|pairing-codes|requests|services|stream-preferences)(\/|$)/, 'family'],
  [/^\/api\/own-titles(\/|$)/, 'titles'],
  [/^\/api\/(media|titles|overview|metadata|review|tags|content-reports|deep-links)(\/|$)/, 'catalog'],
  [/^\/api\/(streams|links|torrents|trackers|usenet|live)(\/|$)/, 'streams'],
  [/^\/api\/(sources|finders)(\/|$)/, 'sources'],
];

/** The parts of the API a request is for, by the description of its routes; none where no route is described for it. */
export function areasOf(path: string): Area[] {
  // As Express matches: whatever the capitals, and a slash at the end is none.
  const plain = path.toLowerCase().replace(/\/+$/, '');
  return [...new Set(patternsOf(plain).map(areaOf))];
}

function areaOf(pattern: string): Area {
  return AREAS.find(([shape]) => shape.test(pattern))?.[1] ?? 'admin';
}
