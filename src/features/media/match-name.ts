import { findTitles } from '../../catalogs/search/index.ts';
import { matchConfidence, type ReadTitle, SURE } from '../../kit/match-confidence.ts';
import type { Db } from '../../platform/db.ts';
import { type Called, mediaCalled } from './queries/match.ts';
import { upsertTitle } from './upsert-titles.ts';

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
  const nameAlone = { kind, title, ...(year === undefined ? {} : { year }) };
  const added = await upsertTitle(db, nameAlone, { guessed: [likeliest?.confidence ?? 0] });
  // The doubt is the title's: the release is surely of what was made from its name.
  return { ...added, confidence: matchConfidence(named, { kind, names: [title], year: year ?? null }) };
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
