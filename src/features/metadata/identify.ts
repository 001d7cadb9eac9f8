import { AppError } from '../../kit/errors.ts';
import { SURE, titleConfidence } from '../../kit/match-confidence.ts';
import type { MetadataProvider, SearchHit } from '../../providers/provider.ts';

export type Wanted = { kind: 'movie' | 'series'; title: string; year?: number };
export type Guess = { provider: string; hit: SearchHit; confidence: number };
export type Identified = {
  /** The best that was found, with how sure it is; null: nobody knows such a name. */
  guess: Guess | null;
  failures: readonly AppError[];
};

/** Hits past these are other titles. */
const HITS_LOOKED_AT = 20;

/** Which title a name means: providers are asked in order until one has it for sure. */
export async function identify(
  providers: readonly MetadataProvider[],
  wanted: Wanted,
  language: string,
  signal: AbortSignal,
): Promise<Identified> {
  const failures: AppError[] = [];
  let best: Guess | null = null;
  for (const provider of providers) {
    if (provider.search === undefined) continue;
    try {
      const hits = await provider.search({ ...wanted, language }, signal);
      const guess = bestOf(provider.name, hits, wanted);
      if (guess !== null && guess.confidence > (best?.confidence ?? 0)) best = guess;
    } catch (error) {
      failures.push(expected(error, signal));
    }
    if (best !== null && best.confidence >= SURE) break;
  }
  return { guess: best, failures };
}

/** A provider's failure is one of the expected kind; everything else is ours. */
export function expected(error: unknown, signal: AbortSignal): AppError {
  signal.throwIfAborted();
  if (error instanceof AppError) return error;
  throw error;
}

function bestOf(provider: string, hits: readonly SearchHit[], wanted: Wanted): Guess | null {
  const guesses = hits
    .filter(({ kind }) => kind === wanted.kind)
    .slice(0, HITS_LOOKED_AT)
    .map((hit) => {
      const names = [...(hit.originalTitle === undefined ? [] : [hit.originalTitle]), ...(hit.aliases ?? [])];
      return { provider, hit, confidence: titleConfidence(wanted, { ...hit, names }) };
    });
  return (
    guesses.toSorted(
      (a, b) => b.confidence - a.confidence || yearsApart(a, wanted) - yearsApart(b, wanted),
    )[0] ?? null
  );
}

function yearsApart({ hit }: Guess, wanted: Wanted): number {
  return hit.year === undefined || wanted.year === undefined ? 1 : Math.abs(hit.year - wanted.year);
}
