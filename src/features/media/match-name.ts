import { titlesCalledSo, titlesNearlyCalled } from '../../catalogs/search/index.ts';
import { bareTitle, matchConfidence, type ReadTitle, SURE } from '../../kit/match-confidence.ts';
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
  const first = firstOfEach(named, unsure);
  const made = [...new Set(first.values())];
  const added = await upsertTitles(
    db,
    made.flatMap((n) => nameAlone(named[n])),
    { guessed: made.map((n) => likeliest[n]?.confidence ?? 0) },
  );
  const places = new Map(made.map((n, place) => [n, added[place]]));
  return named.map((one, n) => {
    const known = likeliest[n];
    const own = first.get(n) ?? n;
    const title = places.get(own);
    if (title !== undefined) {
      const isNew = own === n && title.outcome === 'new';
      return { mediaId: title.mediaId, isNew, confidence: confidenceOf(one, named[own] ?? one) };
    }
    if (known == null) throw new Error('a name has a title, or one was made of it');
    return { mediaId: known.mediaId, isNew: false, confidence: known.confidence / (1 + known.rivals) };
  });
}

/**
 * For each of these names the first of them that surely means its title, mostly itself: taken one after the other the later one would find what was
 * made from the earlier. Only names of one spelling, or of one kind and year, can.
 */
function firstOfEach(named: readonly NamedTitle[], places: readonly number[]): ReadonlyMap<number, number> {
  const first = new Map<number, number>();
  const before = new Map<string, number[]>();
  for (const n of places) {
    const one = named[n];
    if (one === undefined) continue;
    const keys = [`${one.kind} ${one.year ?? ''}`, `${one.kind} =${bareTitle(one.title)}`];
    const alike = keys.flatMap((key) => before.get(key) ?? []);
    const same = alike.find((other) => confidenceOf(one, named[other] ?? one) >= SURE);
    first.set(n, same ?? n);
    if (same === undefined) for (const key of keys) before.set(key, [...(before.get(key) ?? []), n]);
  }
  return first;
}

function nameAlone(named: NamedTitle | undefined) {
  if (named === undefined) return [];
  const { kind, title, year } = named;
  return [{ kind, title, ...(year === undefined ? {} : { year }) }];
}

/** How surely a release is of the title that was made from the name of `made`; the doubt is the title's. */
function confidenceOf(named: NamedTitle, made: NamedTitle): number {
  const { kind, title, year = null } = made;
  return matchConfidence(named, { kind, names: [title], year });
}

type Likely = { mediaId: number; confidence: number /** Others that are as likely. */; rivals: number };

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
  found.push(
    ...(await titlesNearlyCalled(
      db,
      // In names it is often written "&", or left out.
      names.map(({ kind, title, year = null }) => ({ kind, name: title.replace(/\band\b/gi, ' '), year })),
    )),
  );
  const again = await likeliestOf(db, names, found);
  return likeliest.map((known, n) => {
    const place = places.get(n);
    return place === undefined ? known : (again[place] ?? null);
  });
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
