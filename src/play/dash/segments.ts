import type { Element } from '@xmldom/xmldom';
import { childrenOf, firstChild, notAManifest, numberOf } from './mpd.ts';
import { baseOf, resolve } from './rewrite.ts';

/** Half-open. */
type ByteSpan = { start: number; end: number };
export type Piece = { url: string; span: ByteSpan | null };
/** `startS` counts from the begin of its period. */
export type MediaSegment = Piece & { startS: number; durationS: number };
export type SegmentPlan = {
  init: Piece | null;
  segments: readonly MediaSegment[];
  /** Where the index is, when the segments stand in the file itself. */
  index: Piece | null;
};

/** The levels above and including a representation, outermost first. */
export type Levels = readonly Element[];

/** When a period is played. `nowS` counts from its begin; null = all of it is there. */
export type PeriodTimes = { durationS: number | null; nowS: number | null; windowS: number };

/** A playlist longer than a day of two-second segments is a mistake or an attack. */
const MAX_SEGMENTS = 50_000;

/** The segments of one representation in one period: by template, timeline, list or the file's own index (§5.3.9). */
export function segmentsOf(levels: Levels, from: string, times: PeriodTimes): SegmentPlan {
  const base = levels.reduce((url, level) => baseOf(childrenOf(level, 'BaseURL'), url), from);
  if (levels.some((level) => firstChild(level, 'SegmentTemplate') !== null))
    return byTemplate(levels, base, times);
  if (levels.some((level) => firstChild(level, 'SegmentList') !== null)) return byList(levels, base, times);
  return byIndex(levels, base, times);
}

function byTemplate(levels: Levels, base: string, times: PeriodTimes): SegmentPlan {
  const named = inherited(levels, 'SegmentTemplate');
  const media = named.attribute('media');
  if (media === null) throw notAManifest();
  const timescale = named.number('timescale') ?? 1;
  const startNumber = named.number('startNumber') ?? 1;
  const offset = named.number('presentationTimeOffset') ?? 0;
  const representation = levels.at(-1);
  const fill = (template: string, number: number, time: number) =>
    resolve(filled(template, { representation, number, time }), base);
  const timeline = named.child('SegmentTimeline');
  const units =
    timeline === null
      ? evenly(named.number('duration'), timescale, times)
      : byTimeline(timeline, timescale, offset, times);
  const init = named.attribute('initialization');
  return {
    init: init === null ? null : { url: fill(init, 0, 0), span: null },
    segments: units.map(({ index, time, duration }) => ({
      url: fill(media, startNumber + index, time + (timeline === null ? offset : 0)),
      span: null,
      startS: (timeline === null ? time : time - offset) / timescale,
      durationS: duration / timescale,
    })),
    index: null,
  };
}

function byList(levels: Levels, base: string, times: PeriodTimes): SegmentPlan {
  const named = inherited(levels, 'SegmentList');
  const timescale = named.number('timescale') ?? 1;
  const offset = named.number('presentationTimeOffset') ?? 0;
  const timeline = named.child('SegmentTimeline');
  const urls = named.children('SegmentURL');
  const every = named.number('duration') ?? (times.durationS ?? 0) * timescale;
  const units =
    timeline === null
      ? urls.map((_, index) => ({ index, time: index * every + offset, duration: every }))
      : byTimeline(timeline, timescale, offset, times);
  const init = named.child('Initialization');
  return {
    init: init === null ? null : pieceOf(init, 'sourceURL', 'range', base),
    segments: units.slice(0, urls.length).flatMap(({ time, duration }, at) => {
      const url = urls[at];
      if (url === undefined) return [];
      const startS = (time - offset) / timescale;
      return [{ ...pieceOf(url, 'media', 'mediaRange', base), startS, durationS: duration / timescale }];
    }),
    index: null,
  };
}

/** One file: cut by its index where the manifest says where that is, else a single segment. */
function byIndex(levels: Levels, base: string, { durationS }: PeriodTimes): SegmentPlan {
  const named = inherited(levels, 'SegmentBase');
  const index = spanOf(named.attribute('indexRange'));
  const init = named.child('Initialization');
  if (index === null)
    return {
      init: null,
      segments: [{ url: base, span: null, startS: 0, durationS: durationS ?? 0 }],
      index: null,
    };
  return {
    init:
      init === null
        ? { url: base, span: { start: 0, end: index.start } }
        : pieceOf(init, 'sourceURL', 'range', base),
    segments: [],
    index: { url: base, span: index },
  };
}

type Unit = { index: number; time: number; duration: number };

function evenly(duration: number | null, timescale: number, times: PeriodTimes): Unit[] {
  if (duration === null || duration <= 0) throw notAManifest();
  const eachS = duration / timescale;
  // A live segment is there once it is over.
  const there = times.nowS === null ? Number.POSITIVE_INFINITY : Math.floor(times.nowS / eachS);
  const all = times.durationS === null ? Number.POSITIVE_INFINITY : Math.ceil(times.durationS / eachS - 1e-6);
  const until = Math.min(there, all);
  if (!Number.isFinite(until)) throw notAManifest();
  const from = times.nowS === null ? 0 : Math.max(0, until - Math.ceil(times.windowS / eachS));
  return unitsFrom(from, until, (index) => {
    const restS = times.durationS === null ? eachS : times.durationS - index * eachS;
    return { index, time: index * duration, duration: Math.min(eachS, restS) * timescale };
  });
}

function unitsFrom(from: number, until: number, unit: (index: number) => Unit): Unit[] {
  if (until - from > MAX_SEGMENTS) throw notAManifest();
  return Array.from({ length: Math.max(0, until - from) }, (_, at) => unit(from + at));
}

function byTimeline(timeline: Element, timescale: number, offset: number, times: PeriodTimes): Unit[] {
  const units: Unit[] = [];
  const entries = childrenOf(timeline, 'S');
  const ends = [times.nowS, times.durationS].filter((seconds) => seconds !== null);
  const end = (ends.length === 0 ? 0 : Math.min(...ends)) * timescale + offset;
  let time = 0;
  for (const [at, entry] of entries.entries()) {
    time = numberOf(entry, 't') ?? time;
    const duration = numberOf(entry, 'd') ?? 0;
    const until = numberOf(entries[at + 1] ?? null, 't') ?? end;
    const count = countOf(numberOf(entry, 'r') ?? 0, until - time, duration);
    if (duration <= 0 || units.length + count > MAX_SEGMENTS) throw notAManifest();
    for (let done = 0; done < count; done += 1, time += duration)
      units.push({ index: units.length, time, duration });
  }
  return units;
}

/** A negative repeat fills the time to the next entry or to the end; what is nearly whole is whole. */
function countOf(repeat: number, time: number, duration: number): number {
  return repeat >= 0 ? repeat + 1 : Math.max(0, Math.ceil(time / duration - 1e-6));
}

type Inherited = {
  attribute(name: string): string | null;
  number(name: string): number | null;
  child(name: string): Element | null;
  children(name: string): Element[];
};

/** What a representation says wins over its adaptation set, and that over the period (§5.3.9.1). */
function inherited(levels: Levels, name: string): Inherited {
  const found = levels
    .map((level) => firstChild(level, name))
    .filter((element) => element !== null)
    .reverse();
  const holder = (child: string) => found.find((element) => firstChild(element, child) !== null);
  const attribute = (key: string) =>
    found.find((element) => element.hasAttribute(key))?.getAttribute(key) ?? null;
  return {
    attribute,
    number: (key) => numberOf(found.find((element) => element.hasAttribute(key)) ?? null, key),
    child: (child) => firstChild(holder(child) ?? levels[0] ?? failLevels(), child),
    children: (child) => childrenOf(holder(child) ?? levels[0] ?? failLevels(), child),
  };
}

function failLevels(): never {
  throw notAManifest();
}

function pieceOf(element: Element, url: string, range: string, base: string): Piece {
  const value = element.getAttribute(url);
  return { url: value ? resolve(value, base) : base, span: spanOf(element.getAttribute(range)) };
}

function spanOf(range: string | null): ByteSpan | null {
  const [, first, last] = /^(\d{1,15})-(\d{1,15})$/.exec(range?.trim() ?? '') ?? [];
  return first === undefined ? null : { start: Number(first), end: Number(last) + 1 };
}

/** `$Number%05d$` and its like (§5.3.9.4.4). */
function filled(
  template: string,
  { representation, number, time }: { representation: Element | undefined; number: number; time: number },
): string {
  const values: Readonly<Record<string, string>> = {
    RepresentationID: representation?.getAttribute('id') ?? '',
    Bandwidth: representation?.getAttribute('bandwidth') ?? '',
    Number: String(number),
    Time: String(time),
  };
  return template.replace(/\$(\w*)(?:%0(\d{1,2})d)?\$/g, (whole, name: string, width?: string) => {
    if (name === '') return '$';
    return values[name]?.padStart(Number(width ?? 0), '0') ?? whole;
  });
}
