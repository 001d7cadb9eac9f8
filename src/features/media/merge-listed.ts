import type { Db } from '../../platform/db.ts';
import { addToSearch } from './queries/insert-staged.ts';
import { insertListed, type Listed, lookUpListed, updateListed } from './queries/listed.ts';
import { lockTitles } from './queries/match.ts';
import { writeTitles, writeWholeTitles } from './queries/merge-titles.ts';

export type MergedList = { newTitles: number; changedTitles: number; sameTitles: number; namesakes: number };

/**
 * Brings the catalogue to what TMDB's list says of these titles, each of which stands in it once: new ones wait for their details. One that
 * may be a title here which has no TMDB id yet is left out (`namesakes`): a list has no year to tell. One transaction of the caller's.
 */
export async function mergeListed(tx: Db, { kind, titles }: Listed): Promise<MergedList> {
  await lockTitles(tx);
  await writeTitles(tx);
  const looked = new Map((await lookUpListed(tx, { kind, titles })).map((found) => [found.id, found]));
  const known = titles.filter(({ id }) => looked.get(id)?.isKnown === true);
  const fresh = titles.filter(
    ({ id }) => looked.get(id)?.isKnown === false && looked.get(id)?.isNamesake === false,
  );
  const changed = known.length === 0 ? [] : await updateListed(tx, { kind, titles: known });
  if (fresh.length > 0) {
    await writeWholeTitles(tx);
    const { mediaIds } = await insertListed(tx, { kind, titles: fresh });
    await addToSearch(tx, mediaIds);
  }
  return {
    newTitles: fresh.length,
    changedTitles: changed.length,
    sameTitles: known.length - changed.length,
    namesakes: titles.length - known.length - fresh.length,
  };
}
