import type { AppError } from '../../kit/errors.ts';
import type { MetadataProvider, ProvidedTitle } from '../../providers/provider.ts';
import { expected } from './identify.ts';
import type { Answer } from './merge-answers.ts';
import type { FetchedAnswer, KeptAnswer } from './queries/answers.ts';
import type { Doubt } from './queries/doubts.ts';
import { posterOf, soundIds } from './sound-fields.ts';

export type Collected = {
  /** In the order in which their word counts. */
  answers: readonly Answer[];
  /** Asked anew; null: it does not know the title. */
  fetched: readonly FetchedAnswer[];
  /** Answers whose ids contradict what is known; nothing of them is in `answers`. */
  doubts: readonly Doubt[];
  failures: readonly AppError[];
};

export type CollectOptions = {
  /** In the order in which their word counts. */
  providers: readonly MetadataProvider[];
  kind: 'movie' | 'series';
  /** Known ids by provider. */
  ids: Readonly<Record<string, string>>;
  kept: readonly KeptAnswer[];
  language: string;
  signal: AbortSignal;
};

/**
 * Asks every provider that can be asked by a known id, all at once; what they tell of other ids lets the next ones be asked. An answer that gives an
 * id another value than is known is of another title, or wrong: it goes to a person (C1).
 */
export async function collectAnswers(options: CollectOptions): Promise<Collected> {
  const known = new Map(Object.entries(options.ids));
  const told: Told[] = [];
  const doubts: Doubt[] = [];
  const answers = new Map<string, Answer>();
  let waiting = [...options.providers];
  for (let round = askable(waiting, known); round.length > 0; round = askable(waiting, known)) {
    waiting = waiting.filter((provider) => !round.includes(provider));
    const heard = await Promise.all(round.map((provider) => tell(provider, known, options)));
    told.push(...heard);
    for (const { provider, data } of heard) {
      if (data === null) continue;
      const doubt = contradiction(provider.name, data, known);
      if (doubt === null) answers.set(provider.name, learn(provider.name, data, known));
      else doubts.push(doubt);
    }
  }
  return {
    // Not in the order in which they could be asked.
    answers: options.providers.flatMap(({ name }) => answers.get(name) ?? []),
    fetched: told.flatMap(({ provider, data, isNew }) =>
      isNew ? [{ provider: provider.name, data, days: daysFor(provider, data) }] : [],
    ),
    doubts,
    failures: told.flatMap(({ failure }) => failure ?? []),
  };
}

type Told = {
  provider: MetadataProvider;
  data: ProvidedTitle | null;
  failure: AppError | null;
  isNew: boolean;
};

function askable(providers: readonly MetadataProvider[], known: ReadonlyMap<string, string>) {
  return providers.filter(({ idProviders }) => idProviders.some((name) => known.has(name)));
}

/** What was kept while that is fresh, and when it cannot be asked. */
async function tell(
  provider: MetadataProvider,
  ids: ReadonlyMap<string, string>,
  { kept, kind, language, signal }: CollectOptions,
): Promise<Told> {
  const last = kept.find((answer) => answer.provider === provider.name);
  if (last?.isFresh) return { provider, data: last.data, failure: null, isNew: false };
  try {
    const data = await askedBy(provider, ids, { kind, language }, signal);
    return { provider, data, failure: null, isNew: true };
  } catch (error) {
    return { provider, data: last?.data ?? null, failure: expected(error, signal), isNew: false };
  }
}

function learn(provider: string, title: ProvidedTitle, known: Map<string, string>): Answer {
  for (const [name, value] of Object.entries(soundIds(title.ids))) known.set(name, value);
  return { provider, title };
}

/** By the first of its ids that it knows. */
async function askedBy(
  provider: MetadataProvider,
  ids: ReadonlyMap<string, string>,
  about: { kind: 'movie' | 'series'; language: string },
  signal: AbortSignal,
): Promise<ProvidedTitle | null> {
  for (const name of provider.idProviders) {
    const value = ids.get(name);
    const answer = value === undefined ? null : await provider.byId({ provider: name, value }, about, signal);
    if (answer !== null) return answer;
  }
  return null;
}

/** What it does not know today it may know tomorrow. */
function daysFor({ keepDays }: MetadataProvider, data: ProvidedTitle | null): number {
  return Math.max(1, Math.round(data === null ? Math.min(keepDays, 1) : keepDays));
}

function contradiction(
  provider: string,
  title: ProvidedTitle,
  known: ReadonlyMap<string, string>,
): Doubt | null {
  const ids = soundIds(title.ids);
  for (const [name, value] of Object.entries(ids)) {
    const held = known.get(name);
    if (held === undefined || held === value) continue;
    const reason = `It has ${name} ${held} here, ${provider} says ${value}.`;
    return {
      provider,
      kind: 'ids',
      ids,
      title: title.title,
      year: title.year ?? null,
      posterUrl: posterOf(title),
      confidence: null,
      reason,
    };
  }
  return null;
}
