import { findTitles } from '../../catalogs/search/index.ts';
import { matchConfidence, type ReadTitle, SURE } from '../../kit/match-confidence.ts';
import type { Db } from '../../platform/db.ts';
import { type Called, mediaCalled } from './queries/match.ts';
import { upsertTitle, upsertTitles } from './upsert-titles.ts';

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
  const likeliest = await likeliestTitle(db, named);
  if (likeliest !== null && likeliest.confidence >= SURE) {
    const { mediaId, confidence, rivals } = likeliest;
    return { mediaId, isNew: false, confidence: confidence / (1 + rivals) };
  }
  const { kind, title, year } = named;
  const alone = { kind, title, ...(year === undefined ? {} : { year }) };
  const added = await upsertTitle(db, alone, { guessed: [likeliest?.confidence ?? 0] });
  return { ...added, confidence: ownConfidence(named) };
}

/**
 * As `titleForName` for many releases, in their order: two of one new title are one. The titles of all of them are added in one transaction.
 */
export async function titlesForNames(db: Db, named: readonly NamedTitle[]): Promise<TitleMatch[]> {
  const likeliest = new Map<number, Likely | null>();
  const waiting = [...named.keys()];
  const look = async () => {
    for (let n = waiting.shift(); n !== undefined; n = waiting.shift()) {
      const one = named[n];
      if (one !== undefined) likeliest.set(n, await likeliestTitle(db, one));
    }
  };
  await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, look));
  const isSure = (n: number) => (likeliest.get(n)?.confidence ?? 0) >= SURE;
  const unsure = [...named.keys()].filter((n) => !isSure(n));
  const added = await upsertTitles(
    db,
    unsure.flatMap((n) => nameAlone(named[n])),
    { guessed: unsure.map((n) => likeliest.get(n)?.confidence ?? 0) },
  );
  const places = new Map(unsure.map((n, place) => [n, added[place]]));
  return named.map((one, n) => {
    const known = likeliest.get(n);
    const made = places.get(n);
    if (made !== undefined)
      return { mediaId: made.mediaId, isNew: made.outcome === 'new', confidence: ownConfidence(one) };
    if (known == null) throw new Error('a name has a title, or one was made of it');
    return { mediaId: known.mediaId, isNew: false, confidence: known.confidence / (1 + known.rivals) };
  });
}

const LOOKS_AT_ONCE = 4;

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

/** Among equally likely ones the most popular; null: none is called anything like it. */
async function likeliestTitle(db: Db, named: NamedTitle): Promise<Likely | null> {
  // In names it is often written "&", or left out.
  const text = named.title.replace(/\band\b/gi, ' ');
  const found = await findTitles(db, { text, kind: named.kind, audience: 'owner' });
  return likeliestOf(named, await mediaCalled(db, named, found.slice(0, MOST_FOUND)));
}

function likeliestOf(read: ReadTitle, titles: readonly Called[]): Likely | null {
  const scored = titles.map((known) => ({
    mediaId: known.mediaId,
    confidence: matchConfidence(read, known),
  }));
  const confidence = Math.max(...scored.map((each) => each.confidence));
  const [first, ...rivals] = scored.filter((each) => each.confidence === confidence);
  return first === undefined ? null : { ...first, rivals: rivals.length };
}
