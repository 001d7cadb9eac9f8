import type { Db } from '../../platform/db.ts';
import { externalIds } from './external-ids.ts';
import { type ExternalId, idsOf, lockTitles, mediaWithIds, setStandings } from './queries/match.ts';
import { keepProviderImages, type ProviderImageRow, putProviderImages } from './queries/texts.ts';
import { holdCards, insertIds, titlesOf, updateTitles, writeCards } from './queries/titles.ts';
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
  mediaId: number;
  patch: Omit<MediaPatch, 'ids' | 'images'>;
  /** By provider; only added. */
  ids: Readonly<Record<string, string>>;
  /** Of each provider named, all it has; the first provider's come first, after those a person gave. */
  images: readonly { provider: string; images: NonNullable<MediaPatch['images']> }[];
  /** What is left out stays. */
  standing: Partial<Standing>;
};

/** An id that was not written: another title here has it, or this one has another of that provider (C1). */
export type Refused = { provider: string; value: string; why: 'taken' | 'other' };

/** Images a person gave keep the first places. */
const PLACES_OF_A_PROVIDER = 1000;

/**
 * Writes to titles what outside providers tell, each title once, in the caller's transaction; some 40 statements however many titles. Ids are
 * only ever added: those that contradict are answered, by title. A title that is gone is not in the answer.
 */
export async function fillTitles(
  tx: Db,
  given: readonly Fill[],
): Promise<ReadonlyMap<number, readonly Refused[]>> {
  if (given.length === 0) return new Map();
  await lockTitles(tx);
  const known = await titlesOf(
    tx,
    given.map(({ mediaId }) => mediaId),
  );
  const kinds = new Map(known.map(({ mediaId, kind }) => [mediaId, kind]));
  const fills = given.filter(({ mediaId }) => kinds.has(mediaId));
  await holdCards(
    tx,
    fills.map(({ mediaId }) => mediaId),
  );
  const refused = await addIds(
    tx,
    fills.flatMap(({ mediaId, ids }) =>
      externalIds(kinds.get(mediaId) ?? 'movie', ids).map((id) => ({ ...id, mediaId })),
    ),
  );
  await updateTitles(
    tx,
    fills.map(({ mediaId, patch, standing }) => ({
      id: mediaId,
      columns: { ...columnsOf(patch), ...standingColumns(standing) },
    })),
  );
  await writeLists(
    tx,
    fills.map(({ mediaId, patch }) => ({ mediaId, lists: patch })),
  );
  await writeImages(tx, fills);
  await writeCards(
    tx,
    fills.map(({ mediaId }) => mediaId),
  );
  return new Map(fills.map(({ mediaId }) => [mediaId, refused.get(mediaId) ?? []]));
}

function standingColumns({ status, confidence, isAdult, isPublished }: Partial<Standing>) {
  return {
    ...(status === undefined ? {} : { enrichment_status: status }),
    ...(confidence === undefined ? {} : { match_confidence: confidence }),
    ...(isAdult === undefined ? {} : { is_adult: isAdult }),
    ...(isPublished === undefined ? {} : { is_published: isPublished }),
  };
}

type Kind = TitleInput['kind'];

type Ids = Readonly<Record<string, string>>;
export type IdOwner = { provider: string; value: string; mediaId: number };

/** Who holds these ids of a title of this kind. */
export async function ownersOfIds(db: Db, kind: Kind, ids: Ids): Promise<readonly IdOwner[]> {
  const [owners = []] = await ownersOfEach(db, [{ kind, ids }]);
  return owners;
}

/** The same for each of many titles, in their order; one statement. */
export async function ownersOfEach(
  db: Db,
  titles: readonly { kind: Kind; ids: Ids }[],
): Promise<readonly (readonly IdOwner[])[]> {
  const given = titles.flatMap(({ kind, ids }, place) =>
    externalIds(kind, ids).map((id) => ({ ...id, place })),
  );
  const found: IdOwner[][] = titles.map(() => []);
  if (given.length === 0) return found;
  for (const { index, mediaId } of await mediaWithIds(
    db,
    given.map((id, index) => ({ ...id, index })),
  )) {
    const id = given[index];
    if (id !== undefined) found[id.place]?.push({ provider: id.provider, value: id.externalId, mediaId });
  }
  return found;
}

/** How sure it is what titles are, whether they are for adults only, and whether they are shown; what is left out stays. */
export async function setMediaStandings(
  db: Db,
  standings: readonly (Partial<Standing> & { mediaId: number })[],
): Promise<void> {
  if (standings.length > 0) await setStandings(db, standings);
}

type GivenId = ExternalId & { mediaId: number };

/** Of two titles that claim one id the first has it. */
async function addIds(db: Db, given: readonly GivenId[]): Promise<ReadonlyMap<number, Refused[]>> {
  const refused = new Map<number, Refused[]>();
  if (given.length === 0) return refused;
  const held = new Map(
    (await idsOf(db, [...new Set(given.map(({ mediaId }) => mediaId))])).map((id) => [slotOf(id), id]),
  );
  const owners = await mediaWithIds(
    db,
    given.map((id, index) => ({ ...id, index })),
  );
  const takenBy = new Map(owners.map(({ index, mediaId }) => [given[index], mediaId]));
  const claimed = new Map<string, number>();
  const free = given.filter((id) => {
    const { mediaId, provider, ns, externalId: value } = id;
    const own = held.get(slotOf(id));
    const key = `${provider} ${ns} ${value}`;
    const owner = takenBy.get(id) ?? claimed.get(key) ?? mediaId;
    const isOther = own !== undefined && own.externalId !== value;
    if (owner !== mediaId || isOther) {
      const list = refused.get(mediaId) ?? [];
      refused.set(mediaId, list);
      list.push({ provider, value, why: owner === mediaId ? 'other' : 'taken' });
    }
    const isFree = own === undefined && owner === mediaId;
    if (isFree) claimed.set(key, mediaId);
    return isFree;
  });
  if (free.length > 0) await insertIds(db, free);
  return refused;
}

/** Of one provider a title has one id of each namespace. */
function slotOf({ mediaId, provider, ns }: Pick<GivenId, 'mediaId' | 'provider' | 'ns'>): string {
  return `${mediaId} ${provider} ${ns}`;
}

async function writeImages(db: Db, fills: readonly Fill[]): Promise<void> {
  const owners = fills.flatMap(({ mediaId, images }) =>
    images.map(({ provider }) => ({ mediaId, provider })),
  );
  if (owners.length === 0) return;
  const wanted = fills.flatMap(imagesOf);
  await keepProviderImages(db, owners, wanted);
  if (wanted.length > 0) await putProviderImages(db, wanted);
}

function imagesOf({ mediaId, images: given }: Fill): ProviderImageRow[] {
  const byKey = new Map<string, ProviderImageRow>();
  for (const [place, { provider, images }] of given.entries())
    for (const [index, { type, url, language }] of images.entries())
      byKey.set(`${provider} ${type} ${url}`, {
        ...{ mediaId, provider, type, url },
        language: language === undefined ? null : canonicalLanguage(language),
        position: PLACES_OF_A_PROVIDER * (place + 1) + index,
      });
  return [...byKey.values()];
}
