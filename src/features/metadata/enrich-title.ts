import type { AppError } from '../../kit/errors.ts';
import { SURE } from '../../kit/match-confidence.ts';
import type { Db, Pool } from '../../platform/db.ts';
import type { MetadataProvider } from '../../providers/provider.ts';
import { mergeWithOwner, type Refused, setMediaStanding } from '../media/index.ts';
import { type Collected, collectAnswers } from './collect-answers.ts';
import { type Guess, type Identified, identify } from './identify.ts';
import { type Judged, judge } from './judge-match.ts';
import { type Merged, mergeAnswers } from './merge-answers.ts';
import { type KeptAnswer, keepAnswers, keptAnswers, providerPriorities } from './queries/answers.ts';
import { type Doubt, dropDoubts, putDoubts } from './queries/doubts.ts';
import { type StoredTitle, storedTitle } from './queries/titles.ts';
import { posterOf } from './sound-fields.ts';
import { writeMerged } from './write-merged.ts';

export type EnrichDeps = { db: Pool; providers: readonly MetadataProvider[] };

export type Outcome = {
  /** `skipped`: gone, private, rejected, or of a kind nobody is asked about. */
  outcome: 'enriched' | 'unknown' | 'doubtful' | 'failed' | 'skipped';
  /** What kept some of it away: it is tried again. */
  failure: AppError | null;
};

/** Names of genres are keys here and in English; translations come along in the same answers. */
const LANGUAGE = 'en';

/** Asks the providers about one title and writes what they tell; what is doubtful goes to a person. */
export async function enrichTitle(deps: EnrichDeps, mediaId: number, signal: AbortSignal): Promise<Outcome> {
  const { db } = deps;
  const stored = await storedTitle(db, mediaId);
  if (stored === null || stored.isPrivate || stored.status === 'rejected')
    return { outcome: 'skipped', failure: null };
  const { kind } = stored;
  if (kind !== 'movie' && kind !== 'series') return { outcome: 'skipped', failure: null };
  const providers = await inOrder(deps);
  const found = await whichTitle(providers, { ...stored, kind }, signal);
  const isDoubtful = found.guess !== null && !isSure(found.guess.confidence);
  const collected = isDoubtful
    ? NOTHING
    : await collectAnswers({
        ...{ providers, kind, signal, language: LANGUAGE },
        ids: { ...found.guess?.hit.ids, ...stored.ids },
        kept: await keptAnswers(db, mediaId),
      });
  const failures = [...found.failures, ...collected.failures];
  const outcome = await write(db, stored, found.guess, collected, failures);
  return { outcome, failure: failures[0] ?? null };
}

const NOTHING: Collected = { answers: [], fetched: [], doubts: [], failures: [] };

/** By `metadata_provider.priority`. */
async function inOrder({ db, providers }: EnrichDeps): Promise<MetadataProvider[]> {
  const places = new Map((await providerPriorities(db)).map(({ name, priority }) => [name, priority]));
  return providers.toSorted((a, b) => (places.get(a.name) ?? 1000) - (places.get(b.name) ?? 1000));
}

/** A title none of whose ids anybody can be asked by is looked for by its name. */
async function whichTitle(
  providers: readonly MetadataProvider[],
  stored: StoredTitle & { kind: 'movie' | 'series' },
  signal: AbortSignal,
): Promise<Identified> {
  const canAsk = providers.some(({ idProviders }) => idProviders.some((name) => name in stored.ids));
  if (canAsk) return { guess: null, failures: [] };
  const { kind, title, year } = stored;
  return identify(providers, { kind, title, ...(year === null ? {} : { year }) }, LANGUAGE, signal);
}

async function write(
  db: Pool,
  stored: StoredTitle,
  guess: Guess | null,
  collected: Collected,
  failures: readonly AppError[],
): Promise<Outcome['outcome']> {
  const { answers } = collected;
  if (answers.length === 0 && failures.length > 0 && guess === null) return 'failed';
  const merged = mergeAnswers(answers);
  return db.transaction(async (tx) => {
    const judged = await judge(tx, stored, merged, { guess, isKnown: answers.length > 0 });
    if (judged.twinIds !== null && (await mergeWithOwner(tx, stored, judged.twinIds)) !== null)
      return 'enriched';
    const refused =
      judged.isOther || answers.length === 0 ? [] : await writeAnswers(tx, stored, merged, collected);
    if (refused === null) return 'skipped';
    const own = judged.doubt === null ? [] : [judged.doubt];
    const doubts = [...collected.doubts, ...refusals(merged, answers, refused), ...own];
    await dropDoubts(tx, stored.mediaId, agreeing(collected, doubts));
    const { mediaId } = stored;
    if (doubts.length > 0)
      await putDoubts(
        tx,
        doubts.map((doubt) => ({ ...doubt, mediaId })),
      );
    await settle(tx, stored, judged, { isAdult: merged.isAdult, isIncomplete: failures.length > 0 });
    return outcomeOf(doubts.length, answers.length);
  });
}

function outcomeOf(doubts: number, answers: number): Outcome['outcome'] {
  if (doubts > 0) return 'doubtful';
  return answers > 0 ? 'enriched' : 'unknown';
}

/** What the providers tell, and their answers for the next time. Null: the title is gone. */
async function writeAnswers(
  tx: Db,
  stored: StoredTitle,
  merged: Merged,
  { answers, fetched }: Collected,
): Promise<Refused[] | null> {
  const kept = await keptAnswers(tx, stored.mediaId);
  const written = await writeMerged(tx, stored, merged, mergeKept(answers, kept));
  if (written === null) return null;
  if (fetched.length > 0) await keepAnswers(tx, stored.mediaId, fetched);
  return written.refused;
}

/** While somebody could not be asked a title stays due. What was made from a name is shown from the moment on that it is sure enough (F3). */
async function settle(
  tx: Db,
  stored: StoredTitle,
  { status, confidence, isOther }: Judged,
  { isAdult, isIncomplete }: { isAdult: boolean; isIncomplete: boolean },
): Promise<void> {
  const stillDue = stored.status === 'flagged' ? 'pending' : stored.status;
  const isFoundOut = stored.isFromName && !isOther && isSure(confidence) && !isSure(stored.confidence);
  await setMediaStanding(tx, stored.mediaId, {
    status: isIncomplete && status === 'completed' ? stillDue : status,
    confidence,
    ...(isAdult ? { isAdult } : {}),
    ...(isFoundOut ? { isPublished: true } : {}),
  });
}

function isSure(confidence: number | null): boolean {
  return confidence !== null && confidence >= SURE;
}

/** What the same providers told the last time. */
function mergeKept(answers: readonly { provider: string }[], kept: readonly KeptAnswer[]): Merged {
  return mergeAnswers(
    answers.flatMap(({ provider }) => {
      const data = kept.find((answer) => answer.provider === provider)?.data ?? null;
      return data === null ? [] : [{ provider, title: data }];
    }),
  );
}

/** Ids that another title here has already (C1). */
function refusals(merged: Merged, answers: Collected['answers'], refused: readonly Refused[]): Doubt[] {
  const [first] = refused;
  if (first === undefined) return [];
  const teller = answers.find(({ title }) => title.ids[first.provider] === first.value) ?? answers[0];
  if (teller === undefined) return [];
  const reason =
    first.why === 'taken'
      ? `${first.provider} ${first.value} belongs to another title here.`
      : `It has another ${first.provider} id here than ${first.value}.`;
  const { title, year } = teller.title;
  return [
    {
      provider: teller.provider,
      kind: 'ids',
      ids: merged.ids,
      title,
      year: year ?? null,
      posterUrl: posterOf(teller.title),
      confidence: null,
      reason,
    },
  ];
}

/** Providers that were heard and say nothing doubtful. */
function agreeing({ answers }: Collected, doubts: readonly Doubt[]): string[] {
  const names = answers.map(({ provider }) => provider);
  return names.filter((name) => !doubts.some(({ provider }) => provider === name));
}
