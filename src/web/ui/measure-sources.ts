import type { MeasuredSource, Report } from './source-health-api.ts';

/** Longer than this nobody waits for a film; the server takes up to 30 s. */
const TIMEOUT_MS = 5000;

/** Null where this browser may not ask it, which says nothing of it. */
export type Measured = { source: MeasuredSource; report: Report | null };

/** Asks each server for its head from here, all at once. The answers are opaque: that one came is all there is to know. */
export async function measureSources(
  sources: readonly MeasuredSource[],
  signal: AbortSignal,
): Promise<Measured[]> {
  const blocked = new Set<string>();
  const onBlocked = ({ blockedURI }: SecurityPolicyViolationEvent) => {
    if (URL.canParse(blockedURI)) blocked.add(new URL(blockedURI).origin);
  };
  document.addEventListener('securitypolicyviolation', onBlocked);
  try {
    const measured = await Promise.all(sources.map((source) => measureOne(source, signal)));
    // The page is told of what it may not ask a moment later.
    await new Promise((resolve) => setTimeout(resolve, 50));
    return measured.map(({ source, report }) => ({
      source,
      report: blocked.has(source.origin) ? null : report,
    }));
  } finally {
    document.removeEventListener('securitypolicyviolation', onBlocked);
  }
}

async function measureOne(source: MeasuredSource, signal: AbortSignal): Promise<Measured> {
  if (isMixed(source.origin)) return { source, report: null };
  const begun = performance.now();
  const report = await fetch(`${source.origin}/`, {
    method: 'HEAD',
    mode: 'no-cors',
    cache: 'no-store',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  }).then(
    () => ({ isReachable: true, responseMs: Math.round(performance.now() - begun) }),
    () => ({ isReachable: false, responseMs: null }),
  );
  signal.throwIfAborted();
  return { source, report: { sourceId: source.sourceId, ...report } };
}

/** From a page on https browsers ask no server on http. */
function isMixed(origin: string): boolean {
  return window.location.protocol === 'https:' && origin.startsWith('http:');
}
