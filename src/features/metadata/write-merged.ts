import { languageOf } from '../../kit/language.ts';
import type { Db } from '../../platform/db.ts';
import { fillMedia, mediaDetail, type Refused } from '../media/index.ts';
import type { Merged } from './merge-answers.ts';
import { seasonsToWrite } from './merge-seasons.ts';
import { type FieldOrigin, fieldOrigins, putFieldOrigins, putWatchOffers } from './queries/origins.ts';
import { fieldPrints, type StoredTitle } from './queries/titles.ts';
import { OwnedFields } from './sound-fields.ts';

/** Texts of an import file have at most so many. */
const MOST_ALIASES = 200;

/**
 * Writes what providers tell, in the caller's transaction: a field is filled where nothing stands, and changed where the providers wrote it
 * themselves; what a person or an import wrote stays. `before` is what they told the last time. Null: the title is gone.
 */
export async function writeMerged(
  tx: Db,
  stored: StoredTitle,
  merged: Merged,
  before: Merged | null,
): Promise<{ refused: Refused[] } | null> {
  const { mediaId } = stored;
  const [prints, origins] = await Promise.all([fieldPrints(tx, mediaId), fieldOrigins(tx, mediaId)]);
  const owned = new Map([...merged.owned].filter(([field]) => mayWrite(stored, field, prints, origins)));
  const values = Object.fromEntries([...owned].map(([field, { value }]) => [field, value]));
  const fields = datesInOrder(OwnedFields.parse(values), stored);
  const detail = merged.seasons.length === 0 ? null : await mediaDetail(tx, mediaId, 'en');
  const seasons = seasonsToWrite(detail?.seasons ?? [], merged.seasons, before?.seasons ?? []);
  const filled = await fillMedia(tx, mediaId, {
    patch: {
      ...fields,
      aliases: aliasesOf(stored, merged, fields.title),
      translations: translationsToWrite(stored, merged, before),
      ratings: merged.ratings,
      ...(seasons.length === 0 ? {} : { seasons }),
    },
    ids: merged.ids,
    images: merged.images,
  });
  if (filled === null) return null;
  const after = await fieldPrints(tx, mediaId);
  const written = [...owned].flatMap(([field, { provider }]): FieldOrigin[] => {
    const fingerprint = after[field];
    return fingerprint === undefined || !(field in fields) ? [] : [{ field, provider, fingerprint }];
  });
  if (written.length > 0) await putFieldOrigins(tx, mediaId, written);
  const providers = merged.images.map(({ provider }) => provider);
  await putWatchOffers(tx, mediaId, providers, merged.watch);
  return filled;
}

/** What a release name called a title and its year gives way to its real name. */
function mayWrite(
  stored: StoredTitle,
  field: string,
  prints: Readonly<Record<string, string>>,
  origins: readonly FieldOrigin[],
): boolean {
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
  before: Merged | null,
): Translations[number][] {
  const last = byLanguage(before?.translations ?? []);
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
