import type { AppError } from '../../kit/errors.ts';
import { SURE } from '../../kit/match-confidence.ts';
import { wavesOf } from '../../kit/waves.ts';
import type { Db } from '../../platform/db.ts';
import {
  lockTitles,
  mergeWithOwner,
  ownersOfEach,
  type Refused,
  type Standing,
  setMediaStandings,
} from '../media/index.ts';
import type { Asked } from './ask-about.ts';
import type { Collected } from './collect-answers.ts';
import { foundIds, type Judged, judge } from './judge-match.ts';
import { type Merged, mergeAnswers } from './merge-answers.ts';
import { type KeptAnswer, keepAnswers, keptAnswers } from './queries/answers.ts';
import { type Doubt, dropDoubts, putDoubts } from './queries/doubts.ts';
import { posterOf } from './sound-fields.ts';
import { writeMerged } from './write-merged.ts';

export type Outcome = {
  mediaId: number;
  /** `skipped`: gone, private, rejected, or of a kind nobody is asked about. */
  outcome: 'enriched' | 'unknown' | 'doubtful' | 'failed' | 'skipped';
  /** What kept some of it away: it is tried again. */
  failure: AppError | null;
};

type Told = Asked & { merged: Merged };
type Weighed = Told & { judged: Judged };

/**
 * Writes what providers told of titles, each of which stands in the list once; what is doubtful goes to a person. One transaction of the
 * caller's; some 60 statements however many titles. Answers one outcome a title.
 */
export async function writeAsked(tx: Db, asked: readonly Asked[]): Promise<Outcome[]> {
  const heard = asked.filter((one) => !isUnheard(one));
  const ends = asked.filter(isUnheard).map((one) => endOf(one, 'failed'));
  if (heard.length === 0) return ends;
  await lockTitles(tx);
  const told = heard.map((one): Told => ({ ...one, merged: mergeAnswers(one.collected.answers) }));
  for (const wave of wavesOf(told, keysOf)) ends.push(...(await writeWave(tx, wave)));
  return ends;
}

/** Nobody could be asked. */
function isUnheard({ guess, collected, failures }: Asked): boolean {
  return collected.answers.length === 0 && failures.length > 0 && guess === null;
}

/** Ids it has or may get: two titles of one id are one, which only the second of them can find. */
function keysOf({ stored, guess, merged }: Told): string[] {
  const ids = { ...guess?.hit.ids, ...merged.ids };
  return [...Object.entries(stored.ids), ...Object.entries(ids)].map(
    ([provider, id]) => `${stored.kind} ${provider} ${id}`,
  );
}

function endOf({ stored, failures }: Asked, outcome: Outcome['outcome']): Outcome {
  return { mediaId: stored.mediaId, outcome, failure: failures[0] ?? null };
}

async function writeWave(tx: Db, wave: readonly Told[]): Promise<Outcome[]> {
  const { same, others } = await mergeTwins(tx, await judgeAll(tx, wave));
  const written = await writeAnswers(
    tx,
    others.filter(({ judged, collected }) => !judged.isOther && collected.answers.length > 0),
  );
  // A title that is gone has nothing that was written.
  const left = others.filter(({ stored }) => written.get(stored.mediaId) !== null);
  const doubts = new Map(left.map((one) => [one.stored.mediaId, doubtsOf(one, written)]));
  await writeDoubts(tx, left, doubts);
  await setMediaStandings(
    tx,
    left.flatMap((one) => {
      const { mediaId } = one.stored;
      return written.has(mediaId) ? [] : [{ mediaId, ...standingOf(one) }];
    }),
  );
  return [
    ...same.map((one) => endOf(one, 'enriched')),
    ...others.map((one) => {
      const { mediaId } = one.stored;
      const answers = one.collected.answers.length;
      return endOf(one, outcomeOf(doubts.get(mediaId)?.length ?? null, answers));
    }),
  ];
}

/** `doubts` null: it is gone. */
function outcomeOf(doubts: number | null, answers: number): Outcome['outcome'] {
  if (doubts === null) return 'skipped';
  if (doubts > 0) return 'doubtful';
  return answers > 0 ? 'enriched' : 'unknown';
}

async function judgeAll(tx: Db, wave: readonly Told[]): Promise<Weighed[]> {
  const owners = await ownersOfEach(
    tx,
    wave.map(({ stored: { kind }, guess, merged }) => ({
      kind,
      ids: guess === null ? {} : foundIds(guess, merged),
    })),
  );
  return wave.map((one, place) => {
    const { stored, merged, guess, collected } = one;
    const isKnown = collected.answers.length > 0;
    return { ...one, judged: judge(stored, merged, { guess, isKnown, owners: owners[place] ?? [] }) };
  });
}

/** Those that are another title here for sure become that one; they are few. */
async function mergeTwins(tx: Db, wave: readonly Weighed[]): Promise<{ same: Weighed[]; others: Weighed[] }> {
  const same = new Set<Weighed>();
  for (const one of wave) {
    const { twinIds } = one.judged;
    if (twinIds !== null && (await mergeWithOwner(tx, one.stored, twinIds)) !== null) same.add(one);
  }
  return { same: [...same], others: wave.filter((one) => !same.has(one)) };
}

type Written = ReadonlyMap<number, readonly Refused[] | null>;

/** What the providers tell, how titles stand by now, and the answers for the next time. Null: the title is gone. */
async function writeAnswers(tx: Db, told: readonly Weighed[]): Promise<Written> {
  if (told.length === 0) return new Map();
  const mediaIds = told.map(({ stored }) => stored.mediaId);
  const kept = Map.groupBy(await keptAnswers(tx, mediaIds), ({ mediaId }) => mediaId);
  const written = await writeMerged(
    tx,
    told.map((one) => ({
      ...{ stored: one.stored, merged: one.merged, standing: standingOf(one) },
      before: mergeKept(one.collected.answers, kept.get(one.stored.mediaId) ?? []),
    })),
  );
  const fetched = told.flatMap(({ stored: { mediaId }, collected }) =>
    written.has(mediaId) ? collected.fetched.map((answer) => ({ ...answer, mediaId })) : [],
  );
  if (fetched.length > 0) await keepAnswers(tx, fetched);
  return new Map(mediaIds.map((mediaId) => [mediaId, written.get(mediaId) ?? null]));
}

async function writeDoubts(
  tx: Db,
  told: readonly Weighed[],
  doubts: ReadonlyMap<number, readonly Doubt[]>,
): Promise<void> {
  const agreed = told.flatMap(({ stored: { mediaId }, collected }) =>
    agreeing(collected, doubts.get(mediaId) ?? []).map((provider) => ({ mediaId, provider })),
  );
  if (agreed.length > 0) await dropDoubts(tx, agreed);
  const own = [...doubts].flatMap(([mediaId, list]) =>
    lastOfEach(list).map((doubt) => ({ ...doubt, mediaId })),
  );
  if (own.length > 0) await putDoubts(tx, own);
}

/** Of one kind a provider has one doubt of a title. */
function lastOfEach(doubts: readonly Doubt[]): Doubt[] {
  return [...new Map(doubts.map((doubt) => [`${doubt.kind} ${doubt.provider}`, doubt])).values()];
}

function doubtsOf({ stored, collected, merged, judged }: Weighed, written: Written): Doubt[] {
  const refused = refusals(merged, collected.answers, written.get(stored.mediaId) ?? []);
  return [...collected.doubts, ...refused, ...(judged.doubt === null ? [] : [judged.doubt])];
}

/** While somebody could not be asked a title stays due. What was made from a name is shown from the moment on that it is sure enough (F3). */
function standingOf({ stored, judged, merged, failures }: Weighed): Partial<Standing> {
  const { status, confidence, isOther } = judged;
  const stillDue = stored.status === 'flagged' ? 'pending' : stored.status;
  const isFoundOut = stored.isFromName && !isOther && isSure(confidence) && !isSure(stored.confidence);
  return {
    status: failures.length > 0 && status === 'completed' ? stillDue : status,
    confidence,
    ...(merged.isAdult ? { isAdult: true } : {}),
    ...(isFoundOut ? { isPublished: true } : {}),
  };
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
