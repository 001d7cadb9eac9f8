import { SURE, titleConfidence } from '../../kit/match-confidence.ts';
import type { IdOwner, Standing } from '../media/index.ts';
import type { Guess } from './identify.ts';
import type { Merged } from './merge-answers.ts';
import type { Doubt } from './queries/doubts.ts';
import type { StoredTitle } from './queries/titles.ts';
import { soundIds, soundPoster } from './sound-fields.ts';
import { isFromName } from './write-merged.ts';

/** What a title is held for after its providers were heard. */
export type Judged = Pick<Standing, 'status' | 'confidence'> & {
  doubt: Doubt | null;
  /** It is another title here: nothing of what was told is written. */
  isOther: boolean;
  /** It was made from a name, and these ids of another title here say for sure that it is that one. */
  twinIds: Readonly<Record<string, string>> | null;
};

type Standings = Omit<Judged, 'twinIds'>;

/** A hit less like than this is no candidate for a title that somebody named on purpose. */
const WORTH_A_LOOK = 0.5;

/** Whether what was found is this title: sure, for a person, or another title here. `owners`: who has the ids that `foundIds` gives. */
export function judge(
  stored: StoredTitle,
  merged: Merged,
  { guess, isKnown, owners }: { guess: Guess | null; isKnown: boolean; owners: readonly IdOwner[] },
): Judged {
  const twin = guess === null ? null : twinOf(stored, owners);
  if (guess === null || twin === null)
    return { ...standingOf(stored, merged, guess, isKnown), twinIds: null };
  const isSure = isFromName(stored) && guess.confidence >= SURE;
  return { ...twinDoubt(guess, twin), twinIds: isSure ? foundIds(guess, merged) : null };
}

/** The ids of what a name was found to mean, as those who know it tell them. */
export function foundIds(guess: Guess, merged: Merged): Record<string, string> {
  return soundIds({ ...guess.hit.ids, ...merged.ids });
}

/** Another title here that a name turned out to mean. */
function twinOf(stored: StoredTitle, owners: readonly IdOwner[]): string | null {
  const twin = owners.find(({ mediaId }) => mediaId !== stored.mediaId);
  return twin === undefined ? null : `${twin.provider} ${twin.value}`;
}

function twinDoubt({ provider, hit, confidence }: Guess, twin: string): Standings {
  const doubt: Doubt = {
    ...{ provider, kind: 'match', ids: hit.ids, title: hit.title, year: hit.year ?? null, confidence },
    posterUrl: soundPoster(hit.poster),
    reason: `By its name it is the title here that has ${twin}.`,
  };
  return { status: 'flagged', confidence, doubt, isOther: true };
}

function standingOf(stored: StoredTitle, merged: Merged, guess: Guess | null, isKnown: boolean): Standings {
  if (guess !== null) return judged(stored, guess);
  return isFromName(stored) ? nameMade(stored, merged, isKnown) : named(stored, isKnown);
}

/** Asked about by its ids; its name may still be of another title. */
function nameMade(stored: StoredTitle, merged: Merged, isKnown: boolean): Standings {
  const stays = { status: stored.status, confidence: stored.confidence, doubt: null, isOther: false };
  // A person, or a provider's own list, said what it is.
  if ((stored.confidence ?? 0) >= SURE) return isKnown ? { ...stays, status: 'completed' } : stays;
  if (!isKnown) return { ...stays, status: 'flagged' };
  const title = merged.owned.get('title')?.value;
  const confidence = typeof title === 'string' ? likenessOf(stored, title, merged) : 0;
  return { ...stays, status: confidence >= SURE ? 'completed' : 'flagged', confidence };
}

/** Somebody named it; what had been in doubt is so no longer when it is known by its ids. */
function named({ status, confidence }: StoredTitle, isKnown: boolean): Standings {
  const stays = { status, confidence, doubt: null, isOther: false };
  if (status === 'flagged' && isKnown) return { ...stays, status: 'completed', confidence: null };
  // One of a provider's own list, which says for sure what it is, waits until somebody knows it.
  const waits = confidence !== null && !isKnown;
  return status === 'pending' && !waits ? { ...stays, status: 'completed' } : stays;
}

function likenessOf(stored: StoredTitle, title: string, merged: Merged): number {
  const year = merged.owned.get('year')?.value;
  return titleConfidence(
    { title: stored.title, year: stored.year ?? undefined },
    { title, names: merged.aliases, year: typeof year === 'number' ? year : undefined },
  );
}

/** Found by name: sure enough, or for a person; a title somebody named on purpose is not bothered with hits unlike it, nor put in doubt once approved. */
function judged(stored: StoredTitle, { provider, hit, confidence }: Guess): Standings {
  const stays = { status: stored.status, confidence: stored.confidence, doubt: null, isOther: false };
  const isApproved = stored.status === 'approved';
  if (confidence >= SURE) return { ...stays, status: isApproved ? 'approved' : 'completed', confidence };
  if (!isFromName(stored) && confidence < WORTH_A_LOOK) return named(stored, false);
  const percent = Math.round(confidence * 100);
  const doubt: Doubt = {
    ...{ provider, kind: 'match', ids: hit.ids, title: hit.title, year: hit.year ?? null, confidence },
    posterUrl: soundPoster(hit.poster),
    reason: `Found by its name, which is ${percent} % alike.`,
  };
  return isApproved ? { ...stays, doubt } : { status: 'flagged', confidence, doubt, isOther: false };
}
