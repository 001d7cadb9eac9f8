import type { Element } from '@xmldom/xmldom';
import { childrenOf, notAManifest, numberOf, secondsOf } from './mpd.ts';
import type { Levels, PeriodTimes } from './segments.ts';

export type TrackKind = 'video' | 'audio' | 'text';
/** One representation of the first period, and what a player has to know to choose it. */
export type Track = {
  /** Where it stands: `set.representation`. */
  id: string;
  kind: TrackKind;
  language: string | null;
  label: string | null;
  bandwidth: number;
  codecs: string | null;
  resolution: string | null;
  frameRate: string | null;
};

/** One period of the presentation, with the time it is played at. */
export type Period = { id: string; element: Element; startS: number; times: PeriodTimes };

export type Presentation = {
  isLive: boolean;
  /** Of time 0, for live ones; epoch milliseconds. */
  availableSinceMs: number | null;
  periods: readonly Period[];
};

/** Live presentations without a window of their own. */
const DEFAULT_WINDOW_S = 120;

/** Periods with their times (ISO/IEC 23009-1 §5.3.2.1). */
export function presentationOf(root: Element, nowMs: number): Presentation {
  const isLive = root.getAttribute('type') === 'dynamic';
  const since = Date.parse(root.getAttribute('availabilityStartTime') ?? '');
  if (isLive && Number.isNaN(since)) throw notAManifest();
  const windowS = seconds(root, 'timeShiftBufferDepth') ?? DEFAULT_WINDOW_S;
  const nowS = isLive ? (nowMs - since) / 1000 : null;
  const periods: Period[] = [];
  for (const { element, startS, durationS } of timedPeriods(root)) {
    const times = { durationS, nowS: nowS === null ? null : nowS - startS, windowS };
    periods.push({ id: element.getAttribute('id') ?? String(startS), element, startS, times });
  }
  return { isLive, availableSinceMs: isLive ? since : null, periods };
}

/** A period begins where it says or where the one before ends, and ends where the next one begins. */
function timedPeriods(root: Element): { element: Element; startS: number; durationS: number | null }[] {
  const totalS = seconds(root, 'mediaPresentationDuration');
  const elements = childrenOf(root, 'Period');
  let startS = 0;
  return elements.map((element, at) => {
    startS = seconds(element, 'start') ?? startS;
    const next = elements[at + 1];
    const endS = next === undefined ? totalS : seconds(next, 'start');
    const durationS = seconds(element, 'duration') ?? (endS === null ? null : endS - startS);
    const timed = { element, startS, durationS };
    startS += durationS ?? 0;
    return timed;
  });
}

function seconds(element: Element, name: string): number | null {
  return secondsOf(element.getAttribute(name));
}

/** What can be chosen, by the first period. Text only where it is a file of WebVTT. */
export function tracksOf({ periods }: Presentation): Track[] {
  const [first] = periods;
  if (first === undefined) throw notAManifest();
  return childrenOf(first.element, 'AdaptationSet').flatMap((set, setAt) =>
    childrenOf(set, 'Representation').flatMap((representation, at) => {
      const kind = kindOf(set, representation);
      return kind === null ? [] : [trackOf(set, representation, kind, `${setAt}.${at}`)];
    }),
  );
}

/** The levels of a track in a period: the same place, or the same kind and language where sets stand in another order. */
export function levelsIn(root: Element, first: Period, period: Period, id: string): Levels | null {
  const [setAt = Number.NaN, at = Number.NaN] = id.split('.').map(Number);
  const set = childrenOf(first.element, 'AdaptationSet')[setAt];
  const wanted = set === undefined ? undefined : childrenOf(set, 'Representation')[at];
  if (set === undefined || wanted === undefined) return null;
  if (period === first) return [root, period.element, set, wanted];
  const sets = childrenOf(period.element, 'AdaptationSet');
  const isAlike = (other: Element) =>
    kindOf(other, childrenOf(other, 'Representation')[0] ?? other) === kindOf(set, wanted) &&
    other.getAttribute('lang') === set.getAttribute('lang');
  const there = sets[setAt] !== undefined && isAlike(sets[setAt]) ? sets[setAt] : sets.find(isAlike);
  const choices = there === undefined ? [] : childrenOf(there, 'Representation');
  const chosen =
    choices.find((other) => other.getAttribute('id') === wanted.getAttribute('id')) ??
    choices[at] ??
    choices[0];
  return there === undefined || chosen === undefined ? null : [root, period.element, there, chosen];
}

function kindOf(set: Element, representation: Element): TrackKind | null {
  const either = (name: string) => representation.getAttribute(name) ?? set.getAttribute(name) ?? '';
  const type = `${set.getAttribute('contentType') ?? ''} ${either('mimeType')}`;
  if (/\btext\/vtt\b/.test(type)) return 'text';
  if (/\b(text|application)\b/.test(type)) return null;
  if (/\bvideo\b/.test(type)) return 'video';
  return /\baudio\b/.test(type) ? 'audio' : null;
}

function trackOf(set: Element, representation: Element, kind: TrackKind, id: string): Track {
  const either = (name: string) => representation.getAttribute(name) ?? set.getAttribute(name);
  const [width, height] = [either('width'), either('height')];
  return {
    id,
    kind,
    language: set.getAttribute('lang'),
    label: childrenOf(set, 'Label')[0]?.textContent?.trim() ?? null,
    bandwidth: numberOf(representation, 'bandwidth') ?? 1,
    codecs: either('codecs'),
    resolution: width !== null && height !== null ? `${Number(width) || 0}x${Number(height) || 0}` : null,
    frameRate: frameRateOf(either('frameRate')),
  };
}

function frameRateOf(text: string | null): string | null {
  const [, count, per = '1'] = /^(\d+)(?:\/(\d+))?$/.exec(text ?? '') ?? [];
  return count === undefined || Number(per) === 0 ? null : (Number(count) / Number(per)).toFixed(3);
}
