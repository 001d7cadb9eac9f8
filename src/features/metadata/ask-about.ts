import type { AppError } from '../../kit/errors.ts';
import { SURE } from '../../kit/match-confidence.ts';
import type { MetadataProvider } from '../../providers/provider.ts';
import { type Collected, collectAnswers } from './collect-answers.ts';
import { type Guess, type Identified, identify } from './identify.ts';
import type { KeptAnswer } from './queries/answers.ts';
import type { StoredTitle } from './queries/titles.ts';

/** A title anybody is asked about. */
type AskableTitle = StoredTitle & { kind: 'movie' | 'series' };

/** What providers told of a title, to be written. */
export type Asked = {
  stored: AskableTitle;
  /** What its name was found to mean; null: it was asked for by its ids, or nobody knows such a name. */
  guess: Guess | null;
  collected: Collected;
  failures: readonly AppError[];
};

/** Names of genres are keys here and in English; translations come along in the same answers. */
const LANGUAGE = 'en';
const NOTHING: Collected = { answers: [], fetched: [], doubts: [], failures: [] };

/** Not asked about: what is private, rejected, or of a kind nobody is asked about. */
export function isAskable(stored: StoredTitle): stored is AskableTitle {
  const { kind, isPrivate, status } = stored;
  return (kind === 'movie' || kind === 'series') && !isPrivate && status !== 'rejected';
}

/** Asks the providers, given in the order in which their word counts, about one title. Writes nothing. */
export async function askAbout(
  providers: readonly MetadataProvider[],
  stored: AskableTitle,
  kept: readonly KeptAnswer[],
  signal: AbortSignal,
): Promise<Asked> {
  const { guess, failures } = await whichTitle(providers, stored, signal);
  const collected =
    guess !== null && guess.confidence < SURE
      ? NOTHING
      : await collectAnswers({
          ...{ providers, kind: stored.kind, kept, signal, language: LANGUAGE },
          ids: { ...guess?.hit.ids, ...stored.ids },
        });
  return { stored, guess, collected, failures: [...failures, ...collected.failures] };
}

/** A title none of whose ids anybody can be asked by is looked for by its name. */
async function whichTitle(
  providers: readonly MetadataProvider[],
  { kind, title, year, ids }: AskableTitle,
  signal: AbortSignal,
): Promise<Identified> {
  const canAsk = providers.some(({ idProviders }) => idProviders.some((name) => name in ids));
  if (canAsk) return { guess: null, failures: [] };
  return identify(providers, { kind, title, ...(year === null ? {} : { year }) }, LANGUAGE, signal);
}
