import { AppError } from '../../kit/errors.ts';
import type { Log } from '../../platform/log.ts';
import { toUpstreamFailed } from '../../platform/net-request.ts';
import { markStreams } from '../stream-index/index.ts';
import { type CheckLinkDeps, checkLink } from './check-link.ts';
import type { SourceProbe } from './http-probe.ts';
import { nextSample, showWithSource } from './queries/links.ts';
import {
  claimProbes,
  leaveUnprobed,
  type ProbedSource,
  type ProbeResult,
  recordProbe,
} from './queries/probes.ts';
import { type SettleDeps, settle } from './settle.ts';

export type ProbeDeps = SettleDeps &
  CheckLinkDeps & {
    log: Log;
    /** How this source is asked; null: nobody knows how. Rejects as the probe does. */
    probeOf(source: ProbedSource): Promise<SourceProbe | null> | SourceProbe | null;
  };

/** Probed at once; each is another server. */
const AT_ONCE = 8;
const STEP_MS = 15_000;
const STREAMS_AT_ONCE = 5000;
const NOBODY_KNOWS = 'Not probed: nobody here knows how to ask such a server.';

/** Probes what is due, whatever other instances do at the same time, until nothing is. Answers how many. */
export async function probeDue(deps: ProbeDeps, signal: AbortSignal): Promise<number> {
  for (let probed = 0; ; ) {
    signal.throwIfAborted();
    const sources = await claimProbes(deps.db, AT_ONCE);
    if (sources.length === 0) return probed;
    await Promise.all(sources.map((source) => probeAndLog(deps, source, signal)));
    probed += sources.length;
  }
}

/** A fault of ours at one of them takes nothing from the others; it is asked again when its claim runs out. */
async function probeAndLog(deps: ProbeDeps, source: ProbedSource, signal: AbortSignal): Promise<void> {
  try {
    await probeOne(deps, source, signal);
  } catch (error) {
    if (!signal.aborted)
      deps.log.error({ err: error, sourceId: source.sourceId }, 'a source could not be probed');
  }
}

async function probeOne(deps: ProbeDeps, source: ProbedSource, signal: AbortSignal): Promise<void> {
  const { db } = deps;
  const result = await ask(deps, source, signal);
  signal.throwIfAborted();
  if (typeof result === 'string') await leaveUnprobed(db, source.sourceId, result);
  else {
    await recordProbe(db, source.sourceId, result);
    await settle(deps, [source.sourceId]);
    if (result.isOk) await showAll(deps, source.sourceId, signal);
  }
}

type Timed = { ms: number; failure: null } | { ms: null; failure: AppError };

/** How it does; a sentence where that is not to be known, by no fault of its own. */
async function ask(
  deps: ProbeDeps,
  source: ProbedSource,
  signal: AbortSignal,
): Promise<ProbeResult | string> {
  const probe = await probeFor(deps, source);
  if (probe === null || typeof probe === 'string') return probe ?? NOBODY_KNOWS;
  const connected = await timed((limited) => probe.connect?.(limited) ?? Promise.resolve(), signal);
  if (connected.failure?.code === 'net.refused') return connected.failure.message;
  if (connected.failure !== null)
    return { isOk: false, connectMs: null, ...UNREACHED, reason: wordsOf(connected.failure) };
  return await lookInto(deps, source, probe, probe.connect === undefined ? null : connected.ms, signal);
}

const UNREACHED = { listingMs: null, firstByteMs: null, bytesPerSecond: null };

async function lookInto(
  deps: ProbeDeps,
  source: ProbedSource,
  probe: SourceProbe,
  connectMs: number | null,
  signal: AbortSignal,
): Promise<ProbeResult | string> {
  const listed = await timed((limited) => probe.list(limited), signal);
  if (listed.failure?.code === 'net.refused') return listed.failure.message;
  // A server that does not answer at all is asked for no file.
  if (listed.failure !== null && !hasAnswered(listed.failure))
    return { isOk: false, connectMs, ...UNREACHED, reason: wordsOf(listed.failure) };
  const read = await sampled(deps, source, signal);
  const isOk = listed.failure === null ? read !== 'away' : typeof read === 'object' && read !== null;
  return {
    ...{ isOk, connectMs, listingMs: listed.ms },
    ...(typeof read === 'object' && read !== null ? read : { firstByteMs: null, bytesPerSecond: null }),
    reason: listed.failure === null ? 'A file on it could not be read.' : wordsOf(listed.failure),
  };
}

/** A sentence where it cannot be asked, as with a password that cannot be opened any more. */
async function probeFor(deps: ProbeDeps, source: ProbedSource): Promise<SourceProbe | string | null> {
  try {
    return await deps.probeOf(source);
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

/** Many servers list nothing and give files all the same. */
function hasAnswered({ message }: AppError): boolean {
  return /status 4\d\d/.test(message);
}

/** What reading one of its files took; null: it has none, or that one is gone; `away`: it was not reached. */
async function sampled(deps: ProbeDeps, source: ProbedSource, signal: AbortSignal) {
  const file = await nextSample(deps.db, source.sourceId);
  if (file === null) return null;
  try {
    const seen = await checkLink(deps, source, file, signal);
    if (seen.state === 'read') return seen.read;
    // One file that was away before says nothing new of its server.
    return seen.state === 'away' && !file.wasFailing ? 'away' : null;
  } catch (error) {
    signal.throwIfAborted();
    deps.log.debug({ err: error, streamId: file.streamId }, 'a file of a source was not read in time');
    return 'away';
  }
}

async function timed(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<Timed> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(STEP_MS)]);
  const begun = performance.now();
  try {
    await work(limited);
    return { ms: performance.now() - begun, failure: null };
  } catch (error) {
    signal.throwIfAborted();
    return { ms: null, failure: limited.aborted ? late(error) : asAppError(error) };
  }
}

function late(cause: unknown): AppError {
  return new AppError('source.late', 'The server did not answer in time.', { status: 504, cause });
}

/** What sockets throw, in a sentence. */
function asAppError(error: unknown): AppError {
  const told = toUpstreamFailed(error);
  return told instanceof AppError ? told : late(error);
}

/** The dialer's own words call whoever is asked the origin. */
function wordsOf({ message }: AppError): string {
  return message.replace('origin', 'server');
}

/** What was hidden with its server comes back with it. */
async function showAll({ db }: ProbeDeps, sourceId: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const shown = await showWithSource(db, sourceId, STREAMS_AT_ONCE);
    if (shown.length > 0) await markStreams(db, shown, 'active');
    if (shown.length < STREAMS_AT_ONCE) return;
  }
}
