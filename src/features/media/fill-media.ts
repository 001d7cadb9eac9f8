import type { Db } from '../../platform/db.ts';
import { externalIds } from './external-ids.ts';
import { idsOf, lockTitles, mediaWithIds, setStanding } from './queries/match.ts';
import { keepProviderImages, type ProviderImageRow, putProviderImages } from './queries/texts.ts';
import { insertIds, titlesOf, updateTitles } from './queries/titles.ts';
import type { MediaPatch, TitleInput } from './schemas.ts';
import { canonicalLanguage, columnsOf } from './title-columns.ts';
import { writeLists } from './write-lists.ts';

export type Standing = {
  status: 'pending' | 'completed' | 'flagged' | 'approved' | 'rejected';
  /** That it is what it was taken for, 0 to 1; null: nobody guessed. */
  confidence: number | null;
  isAdult: boolean;
  isPublished: boolean;
};

/** What outside providers tell of a title. */
export type Fill = {
  patch: Omit<MediaPatch, 'ids' | 'images'>;
  /** By provider; only added. */
  ids: Readonly<Record<string, string>>;
  /** Of each provider named, all it has; the first provider's come first, after those a person gave. */
  images: readonly { provider: string; images: NonNullable<MediaPatch['images']> }[];
};

/** An id that was not written: another title here has it, or this one has another of that provider (C1). */
export type Refused = { provider: string; value: string; why: 'taken' | 'other' };

/** Images a person gave keep the first places. */
const PLACES_OF_A_PROVIDER = 1000;

/**
 * Writes to a title what outside providers tell, in the caller's transaction. Ids are only ever added; those that contradict are answered.
 * Null: there is no such title any more.
 */
export async function fillMedia(tx: Db, mediaId: number, fill: Fill): Promise<{ refused: Refused[] } | null> {
  await lockTitles(tx);
  const [title] = await titlesOf(tx, [mediaId]);
  if (title === undefined) return null;
  const refused = await addIds(tx, mediaId, externalIds(title.kind, fill.ids));
  await updateTitles(tx, [{ id: mediaId, columns: columnsOf(fill.patch) }]);
  await writeLists(tx, [{ mediaId, lists: fill.patch }]);
  await writeImages(tx, mediaId, fill.images);
  return { refused };
}

/** Who holds these ids of a title of this kind. */
export async function ownersOfIds(
  db: Db,
  kind: TitleInput['kind'],
  ids: Readonly<Record<string, string>>,
): Promise<readonly { provider: string; value: string; mediaId: number }[]> {
  const given = externalIds(kind, ids).map((id, index) => ({ ...id, index }));
  const owners = given.length === 0 ? [] : await mediaWithIds(db, given);
  return owners.flatMap(({ index, mediaId }) => {
    const id = given[index];
    return id === undefined ? [] : [{ provider: id.provider, value: id.externalId, mediaId }];
  });
}

/** How sure it is what a title is, whether it is for adults only, and whether it is shown. */
export async function setMediaStanding(db: Db, mediaId: number, standing: Partial<Standing>): Promise<void> {
  await setStanding(db, mediaId, standing);
}

async function addIds(db: Db, mediaId: number, given: ReturnType<typeof externalIds>): Promise<Refused[]> {
  if (given.length === 0) return [];
  const held = await idsOf(db, [mediaId]);
  const owners = await mediaWithIds(
    db,
    given.map((id, index) => ({ ...id, index })),
  );
  const refused: Refused[] = [];
  const free = given.filter((id, index) => {
    const own = held.find(({ provider, ns }) => provider === id.provider && ns === id.ns);
    const isTaken = owners.some((owner) => owner.index === index && owner.mediaId !== mediaId);
    const isOther = own !== undefined && own.externalId !== id.externalId;
    if (isTaken || isOther)
      refused.push({ provider: id.provider, value: id.externalId, why: isTaken ? 'taken' : 'other' });
    return own === undefined && !isTaken;
  });
  if (free.length > 0)
    await insertIds(
      db,
      free.map((id) => ({ ...id, mediaId })),
    );
  return refused;
}

async function writeImages(db: Db, mediaId: number, given: Fill['images']): Promise<void> {
  if (given.length === 0) return;
  const byKey = new Map<string, ProviderImageRow>();
  for (const [place, { provider, images }] of given.entries())
    for (const [index, { type, url, language }] of images.entries())
      byKey.set(`${provider} ${type} ${url}`, {
        provider,
        type,
        url,
        language: language === undefined ? null : canonicalLanguage(language),
        position: PLACES_OF_A_PROVIDER * (place + 1) + index,
      });
  const providers = given.map(({ provider }) => provider);
  const wanted = [...byKey.values()];
  await keepProviderImages(db, mediaId, providers, wanted);
  await putProviderImages(db, mediaId, wanted);
}
