import type { CompiledPreferences } from './compile-preferences.ts';
import type { Place } from './hide-rules.ts';
import type { OrderKey } from './order-keys.ts';
import { resolutionOf, type StreamFacts } from './stream-facts.ts';

/** What one stream holds of a thing it is ordered by. */
export type KeyValue = {
  key: string;
  direction: 'ascending' | 'descending';
  /** As people say it; null: not known. */
  value: string | null;
};
export type Shown<T> = {
  offer: T;
  /** Equal for streams that preferences do not tell apart; lower comes first. */
  tier: number;
  sortKeys: readonly KeyValue[];
  /** Which preferences counted for it: `language: German`. */
  preferred: readonly string[];
};
export type Hidden<T> = { offer: T; rule: string; reason: string };
export type Applied<T> = {
  /** In order. */
  shown: readonly Shown<T>[];
  /** Each with the rule that hid it, in the order in which they came. */
  hidden: readonly Hidden<T>[];
  /** Of how many nothing is left, and which rule hid most; null: something is left, or there was nothing. */
  emptied: { rule: string; hidden: number; of: number } | null;
};

/** The owner's limits, which preferences may lower. */
export type Limits = Place & { maxTotal: number; maxPerResolution: number };

/**
 * What of `offers` (the best first, as everyone sees them) is shown under some preferences, in which order, and why; and what is hidden, by
 * which rule. What preferences do not tell apart stays in the order in which it came. Behind all else stays, whatever is preferred, what
 * does not play here, what lies on a server that is away, and what a check found damaged.
 */
export function applyPreferences<T extends StreamFacts>(
  offers: readonly T[],
  preferences: CompiledPreferences,
  limits: Limits,
): Applied<T> {
  const hidden: Hidden<T>[] = [];
  const fitting = offers.filter((offer) => {
    const verdict = verdictOn(offer, preferences, limits);
    if (verdict !== null) hidden.push({ offer, ...verdict });
    return verdict === null;
  });
  const ordered = inPreferredOrder(fitting, preferences.orderKeys);
  const shown = capped(ordered, preferences, limits, hidden);
  return { shown, hidden: asTheyCame(offers, hidden), emptied: emptiedBy(shown, hidden, offers.length) };
}

function verdictOn(
  offer: StreamFacts,
  { hideRules }: CompiledPreferences,
  place: Place,
): { rule: string; reason: string } | null {
  for (const { rule, hides } of hideRules) {
    const reason = hides(offer, place);
    if (reason !== null) return { rule, reason };
  }
  return null;
}

const ELSEWHERE: ReadonlySet<string> = new Set(['youtube', 'external', 'telegram']);
const DAMAGED: ReadonlySet<string | null> = new Set(['damaged', 'gone']);

/** What makes a stream worse than any preference makes it better. */
function standing({ kind, isReachable, post }: StreamFacts): number {
  return (
    Number(ELSEWHERE.has(kind)) * 4 + Number(!isReachable) * 2 + Number(DAMAGED.has(post?.health ?? null))
  );
}

function inPreferredOrder<T extends StreamFacts>(
  offers: readonly T[],
  keys: readonly OrderKey[],
): Shown<T>[] {
  if (keys.length === 0) return offers.map((offer) => ({ offer, tier: 0, sortKeys: [], preferred: [] }));
  const placed = offers
    .map((offer) => ({ offer, values: [standing(offer), ...keys.map((key) => ascending(key, offer))] }))
    // The sort of the language is stable: what is equal stays as it came.
    .sort((a, b) => difference(a.values, b.values));
  let tier = 0;
  return placed.map(({ offer, values }, index) => {
    const before = placed[index - 1];
    if (before !== undefined && difference(before.values, values) !== 0) tier += 1;
    return { offer, tier, ...reasonsOf(offer, keys) };
  });
}

function ascending({ direction, of }: OrderKey, offer: StreamFacts): number {
  const value = of(offer);
  if (value === null || Number.isNaN(value)) return Number.POSITIVE_INFINITY;
  return direction === 'ascending' ? value : -value;
}

/** Not by subtraction: Infinity from Infinity is no number. */
function difference(a: readonly number[], b: readonly number[]): number {
  for (const [at, value] of a.entries()) {
    const other = b[at] ?? 0;
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}

function reasonsOf(
  offer: StreamFacts,
  keys: readonly OrderKey[],
): Pick<Shown<StreamFacts>, 'sortKeys' | 'preferred'> {
  return {
    sortKeys: keys.map(({ key, direction, say }) => ({ key, direction, value: say(offer) })),
    preferred: keys.flatMap(({ key, preferred }) => {
      const word = preferred(offer);
      return word === null ? [] : [`${key}: ${word}`];
    }),
  };
}

function capped<T extends StreamFacts>(
  ordered: readonly Shown<T>[],
  { caps }: CompiledPreferences,
  limits: Limits,
  hidden: Hidden<T>[],
): Shown<T>[] {
  const total = Math.min(caps.total ?? limits.maxTotal, limits.maxTotal);
  const each = Math.min(caps.perResolution ?? limits.maxPerResolution, limits.maxPerResolution);
  const counts = new Map<string, number>();
  const shown: Shown<T>[] = [];
  for (const entry of ordered) {
    const resolution = resolutionOf(entry.offer) ?? '';
    const most = Math.min(each, caps.resolutions.get(resolution) ?? each);
    const count = counts.get(resolution) ?? 0;
    if (count >= most) {
      const reason = `${count} of ${resolution || 'unknown resolution'} come before it, which is the most that is shown.`;
      hidden.push({ offer: entry.offer, rule: 'caps.perResolution', reason });
    } else if (shown.length >= total) {
      const reason = `${total} streams come before it, which is the most that is shown.`;
      hidden.push({ offer: entry.offer, rule: 'caps.total', reason });
    } else {
      counts.set(resolution, count + 1);
      shown.push(entry);
    }
  }
  return shown;
}

function asTheyCame<T>(offers: readonly T[], hidden: readonly Hidden<T>[]): Hidden<T>[] {
  const byOffer = new Map(hidden.map((entry) => [entry.offer, entry]));
  return offers.flatMap((offer) => byOffer.get(offer) ?? []);
}

function emptiedBy<T>(
  shown: readonly unknown[],
  hidden: readonly Hidden<T>[],
  of: number,
): Applied<T>['emptied'] {
  if (shown.length > 0 || of === 0) return null;
  const counts = [...Map.groupBy(hidden, ({ rule }) => rule)].map(([rule, list]) => ({
    rule,
    hidden: list.length,
    of,
  }));
  return counts.reduce((most, each) => (each.hidden > most.hidden ? each : most), {
    rule: '',
    hidden: 0,
    of,
  });
}
