import { languageOf } from '../../kit/language.ts';
import type { Db } from '../../platform/db.ts';
import { type Fill, fillTitles, type Refused, type Standing, storedSeasons } from '../media/index.ts';
import type { Merged } from './merge-answers.ts';
import { type StoredSeason, seasonsToWrite } from './merge-seasons.ts';
import { type FieldOrigin, fieldOrigins, putFieldOrigins, putWatchOffers } from './queries/origins.ts';
import { fieldPrints, type StoredTitle } from './queries/titles.ts';
import { OwnedFields } from './sound-fields.ts';

/** Texts of an import file have at most so many. */
const MOST_ALIASES = 200;

/** What is to be written of a title; `before` is what they told the last time. */
export type Told = { stored: StoredTitle; merged: Merged; before: Merged; standing: Partial<Standing> };

type Fields = ReturnType<typeof datesInOrder>;
type Planned = { told: Told; owned: Merged['owned']; fields: Fields; fill: Fill };

/**
 * Writes what providers tell of titles, in the caller's transaction: a field is filled where nothing stands, and changed where the providers
 * wrote it themselves; what a person or an import wrote stays. Answers ids that were refused, by title; one that is gone is left out.
 */
export async function writeMerged(
  tx: Db,
  titles: readonly Told[],
): Promise<ReadonlyMap<number, readonly Refused[]>> {
  const mediaIds = titles.map(({ stored }) => stored.mediaId);
  const prints = await fieldPrints(tx, mediaIds);
  const origins = Map.groupBy(await fieldOrigins(tx, mediaIds), ({ mediaId }) => mediaId);
  const seasons = await seasonsOf(tx, titles);
  const planned = titles.map((told): Planned => {
    const { mediaId } = told.stored;
    const known = { prints: prints.get(mediaId) ?? {}, origins: origins.get(mediaId) ?? [] };
    return planOf(told, known, seasons.get(mediaId) ?? []);
  });
  const filled = await fillTitles(
    tx,
    planned.map(({ fill }) => fill),
  );
  const written = planned.filter(({ fill }) => filled.has(fill.mediaId));
  await noteOrigins(tx, written);
  await putWatchOffers(
    tx,
    written.map(({ told: { merged }, fill: { mediaId } }) => ({
      ...{ mediaId, offers: merged.watch },
      providers: merged.images.map(({ provider }) => provider),
    })),
  );
  return filled;
}

/** Of those titles only of whose seasons something was told. */
async function seasonsOf(
  tx: Db,
  titles: readonly Told[],
): Promise<ReadonlyMap<number, readonly StoredSeason[]>> {
  const told = titles.filter(({ merged }) => merged.seasons.length > 0);
  if (told.length === 0) return new Map();
  const stored = await storedSeasons(
    tx,
    told.map(({ stored: { mediaId } }) => mediaId),
  );
  return Map.groupBy(stored, ({ mediaId }) => mediaId);
}

type Known = { prints: Readonly<Record<string, string>>; origins: readonly FieldOrigin[] };

function planOf(told: Told, known: Known, storedSeasons: readonly StoredSeason[]): Planned {
  const { stored, merged, before, standing } = told;
  const owned = new Map([...merged.owned].filter(([field]) => mayWrite(stored, field, known)));
  const values = Object.fromEntries([...owned].map(([field, { value }]) => [field, value]));
  const fields = datesInOrder(OwnedFields.parse(values), stored);
  const seasons = seasonsToWrite(storedSeasons, merged.seasons, before.seasons);
  const patch = {
    ...fields,
    aliases: aliasesOf(stored, merged, fields.title),
    translations: translationsToWrite(stored, merged, before),
    ratings: merged.ratings,
    ...(seasons.length === 0 ? {} : { seasons }),
  };
  const fill = { mediaId: stored.mediaId, patch, ids: merged.ids, images: merged.images, standing };
  return { told, owned, fields, fill };
}

/** Who gave what now stands in the fields that were written. */
async function noteOrigins(tx: Db, planned: readonly Planned[]): Promise<void> {
  const after = await fieldPrints(
    tx,
    planned.map(({ fill }) => fill.mediaId),
  );
  const written = planned.flatMap(({ owned, fields, fill: { mediaId } }) =>
    [...owned].flatMap(([field, { provider }]): FieldOrigin[] => {
      const fingerprint = after.get(mediaId)?.[field];
      return fingerprint === undefined || !(field in fields)
        ? []
        : [{ mediaId, field, provider, fingerprint }];
    }),
  );
  if (written.length > 0) await putFieldOrigins(tx, written);
}

/** What a release name called a title and its year gives way to its real name. */
function mayWrite(stored: StoredTitle, field: string, { prints, origins }: Known): boolean {
  const print = prints[field];
  if (print === undefined) return true;
  const origin = origins.find((one) => one.field === field);
  if (origin !== undefined) return origin.fingerprint === print;
  return (field === 'title' || field === 'year') && isFromName(stored);
}

/** It was made from a name, and nobody has looked at it. */
export function isFromName({ isFromName: isNobodysWord, status }: StoredTitle): boolean {
  return isNobodysWord && (status === 'flagged' || status === 'pending');
}

/** A title does not end before it was released, whoever said which. */
function datesInOrder({ releaseDate, endDate, ...rest }: OwnedFields, stored: StoredTitle): OwnedFields {
  const begin = releaseDate ?? stored.releaseDate;
  const end = endDate ?? stored.endDate;
  if (begin !== null && end !== null && begin > end) return rest;
  return {
    ...rest,
    ...(releaseDate === undefined ? {} : { releaseDate }),
    ...(endDate === undefined ? {} : { endDate }),
  };
}

/** Its names stay, and what it was called before its real name. */
function aliasesOf(stored: StoredTitle, merged: Merged, title: string | undefined): string[] {
  const shown = title ?? stored.title;
  const told = merged.owned.get('title')?.value;
  const names = [
    ...stored.aliases,
    stored.title,
    ...(typeof told === 'string' ? [told] : []),
    ...merged.aliases,
  ];
  return [...new Set(names)].filter((name) => name !== shown).slice(0, MOST_ALIASES);
}

type Translations = Merged['translations'];
const TEXTS = ['title', 'overview', 'tagline'] as const;

function translationsToWrite(
  stored: StoredTitle,
  { translations }: Merged,
  before: Merged,
): Translations[number][] {
  const last = byLanguage(before.translations);
  const held = new Map(stored.translations.map((entry) => [entry.language, entry]));
  return [...byLanguage(translations)].flatMap(([language, given]) => {
    const now = held.get(language);
    const then = last.get(language);
    const texts = TEXTS.flatMap((text) => {
      const value = given[text];
      const own = now?.[text] ?? null;
      const isOpen = own === null || own === then?.[text];
      return value === undefined || !isOpen || own === value ? [] : [[text, value] as const];
    });
    return texts.length === 0 ? [] : [{ language, ...Object.fromEntries(texts) }];
  });
}

/** As they are stored: `de-DE` and `de-AT` are `de`, of which the first counts. */
function byLanguage(list: Translations): Map<string, Translations[number]> {
  const found = new Map<string, Translations[number]>();
  for (const entry of list) {
    const language = languageOf(entry.language)?.code ?? entry.language;
    if (!found.has(language)) found.set(language, entry);
  }
  return found;
}
