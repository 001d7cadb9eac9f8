import { findTitlesCalled, titlesCalledSo } from '../../catalogs/search/index.ts';
import { matchConfidence, type ReadTitle, SURE } from '../../kit/match-confidence.ts';
import type { Db } from '../../platform/db.ts';
import { type Called, mediaCalled } from './queries/match.ts';
import { upsertTitles } from './upsert-titles.ts';

/** What the name of a release tells of its title, and of its first episode. */
export type NamedTitle = {
  kind: 'movie' | 'series';
  title: string;
  year?: number | undefined;
  season?: number | undefined;
  episode?: number | undefined;
};

/** `confidence` 0–1: how sure it is that the release is of this title. */
export type TitleMatch = { mediaId: number; isNew: boolean; confidence: number };

/**
 * The title a release is of: the likeliest of those called so in any language, when it is at least 0.80 sure (C4). Else it is added from
 * the name alone, hidden and flagged for review with the confidence of the likeliest, which is what it may turn out to be (F3).
 */
export async function titleForName(db: Db, named: NamedTitle): Promise<TitleMatch> {
  const [match] = await titlesForNames(db, [named]);
  if (match === undefined) throw new Error('a name has a title, or one was made of it');
  return match;
}

/**
 * As `titleForName` for many releases, in their order: two of one new title are one. The titles of all of them are added in one transaction.
 */
export async function titlesForNames(db: Db, named: readonly NamedTitle[]): Promise<TitleMatch[]> {
  if (named.length === 0) return [];
  const likeliest = await likeliestTitles(db, named);
  const unsure = [...named.keys()].filter((n) => (likeliest[n]?.confidence ?? 0) < SURE);
  const added = await upsertTitles(
    db,
    unsure.flatMap((n) => nameAlone(named[n])),
    { guessed: unsure.map((n) => likeliest[n]?.confidence ?? 0) },
  );
  const places = new Map(unsure.map((n, place) => [n, added[place]]));
  return named.map((one, n) => {
    const known = likeliest[n];
    const made = places.get(n);
    if (made !== undefined)
      return { mediaId: made.mediaId, isNew: made.outcome === 'new', confidence: ownConfidence(one) };
    if (known == null) throw new Error('a name has a title, or one was made of it');
    return { mediaId: known.mediaId, isNew: false, confidence: known.confidence / (1 + known.rivals) };
  });
}

function nameAlone(named: NamedTitle | undefined) {
  if (named === undefined) return [];
  const { kind, title, year } = named;
  return [{ kind, title, ...(year === undefined ? {} : { year }) }];
}

/** The doubt is the title's: the release is surely of what was made from its name. */
function ownConfidence(named: NamedTitle): number {
  const { kind, title, year = null } = named;
  return matchConfidence(named, { kind, names: [title], year });
}

type Likely = { mediaId: number; confidence: number /** Others that are as likely. */; rivals: number };

/** More of those that somebody who types it would find are not compared. */
const MOST_FOUND = 40;
const LOOKS_AT_ONCE = 4;

/** Of each name; among equally likely ones the most popular; null: none is called anything like it. */
async function likeliestTitles(db: Db, named: readonly NamedTitle[]): Promise<(Likely | null)[]> {
  const called = await titlesCalledSo(
    db,
    named.map(({ kind, title }) => ({ kind, name: title })),
  );
  const likeliest = await likeliestOf(db, named, called);
  // What is called just so is likelier than what is nearly called so.
  const open = [...named.keys()].filter((n) => (likeliest[n]?.confidence ?? 0) < SURE);
  if (open.length === 0) return likeliest;
  const places = new Map(open.map((n, index) => [n, index]));
  const found = called.flatMap(({ index, mediaId }) => {
    const place = places.get(index);
    return place === undefined ? [] : [{ index: place, mediaId }];
  });
  const names = open.flatMap((n) => named[n] ?? []);
  const waiting = [...names.entries()];
  const look = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, one] = next;
      found.push(...(await titlesLike(db, one)).map((mediaId) => ({ index, mediaId })));
    }
  };
  await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, look));
  const again = await likeliestOf(db, names, found);
  return likeliest.map((known, n) => {
    const place = places.get(n);
    return place === undefined ? known : (again[place] ?? null);
  });
}

/** What somebody who types its name would find. */
async function titlesLike(db: Db, { kind, title }: NamedTitle): Promise<readonly number[]> {
  // In names it is often written "&", or left out.
  const text = title.replace(/\band\b/gi, ' ');
  return (await findTitlesCalled(db, { text, kind, audience: 'owner' })).slice(0, MOST_FOUND);
}

async function likeliestOf(
  db: Db,
  named: readonly NamedTitle[],
  likely: readonly { index: number; mediaId: number }[],
): Promise<(Likely | null)[]> {
  const called = Map.groupBy(await mediaCalled(db, named, likely), ({ index }) => index);
  return named.map((read, index) => mostLikely(read, called.get(index) ?? []));
}

function mostLikely(read: ReadTitle, titles: readonly Called[]): Likely | null {
  const scored = titles.map((known) => ({
    mediaId: known.mediaId,
    confidence: matchConfidence(read, known),
  }));
  const confidence = Math.max(...scored.map((each) => each.confidence));
  const [first, ...rivals] = scored.filter((each) => each.confidence === confidence);
  return first === undefined ? null : { ...first, rivals: rivals.length };
}
