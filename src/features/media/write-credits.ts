import { randomUUID } from 'node:crypto';
import type { Db } from '../../platform/db.ts';
import { entriesOf, type Owned } from './owned-lists.ts';
import type { Touched } from './queries/labels.ts';
import {
  addCredits,
  type CreditRow,
  fillPersonIds,
  insertPeople,
  keepCredits,
  type PersonRow,
  peopleKnown,
} from './queries/people.ts';

type Named = { name: string; imdb?: string | undefined; tmdb?: string | undefined };
type Entry = Omit<CreditRow, 'personId'> & { person: PersonRow };

/** Cast and crew of titles: people first, then who did what. */
export async function writeCredits(db: Db, titles: readonly Owned[]): Promise<readonly Touched[]> {
  const cast = entriesOf(
    titles,
    (lists) => lists.cast,
    (entry, mediaId, position) => creditOf(mediaId, 'cast', position, entry, { character: entry.character }),
    entryKey,
  );
  const crew = entriesOf(
    titles,
    (lists) => lists.crew,
    (entry, mediaId, position) =>
      creditOf(mediaId, 'crew', position, entry, { department: entry.department, job: entry.job }),
    entryKey,
  );
  const owners = [
    ...cast.owners.map((mediaId) => ({ mediaId, type: 'cast' as const })),
    ...crew.owners.map((mediaId) => ({ mediaId, type: 'crew' as const })),
  ];
  if (owners.length === 0) return [];
  const credits = await withPeople(db, [...cast.entries, ...crew.entries]);
  const gone = await keepCredits(db, owners, credits);
  return credits.length === 0 ? gone : [...gone, ...(await addCredits(db, credits))];
}

function creditOf(
  mediaId: number,
  type: 'cast' | 'crew',
  position: number,
  person: Named,
  role: { department?: string | undefined; job?: string | undefined; character?: string | undefined },
): Entry {
  return {
    mediaId,
    type,
    position,
    department: role.department ?? null,
    job: role.job ?? null,
    character: role.character ?? null,
    person: {
      name: person.name,
      imdb: person.imdb ?? null,
      tmdb: person.tmdb === undefined ? null : Number(person.tmdb),
    },
  };
}

function entryKey(entry: Entry): string {
  return JSON.stringify([entry.type, personKey(entry.person), entry.department, entry.job, entry.character]);
}

/** Two spellings of one name that differ in case or accents only are one person, as in the database. */
function personKey({ name, imdb, tmdb }: PersonRow): string {
  if (imdb !== null) return imdb;
  if (tmdb !== null) return String(tmdb);
  return name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Credits with the numbers of their people, who are made when they are new. Two entries may turn out to be one person. */
async function withPeople(db: Db, entries: readonly Entry[]): Promise<CreditRow[]> {
  const people = new Map<string, PersonRow>();
  for (const { person } of entries) if (!people.has(personKey(person))) people.set(personKey(person), person);
  const ids = await personIds(db, people);
  const credits = entries.flatMap(({ person, ...credit }) => {
    const personId = ids.get(personKey(person));
    return personId === undefined ? [] : [{ ...credit, personId }];
  });
  const unique = new Map(
    credits.map((c) => [
      JSON.stringify([c.mediaId, c.personId, c.type, c.department, c.job, c.character]),
      c,
    ]),
  );
  return [...unique.values()];
}

async function personIds(db: Db, people: ReadonlyMap<string, PersonRow>): Promise<Map<string, number>> {
  if (people.size === 0) return new Map();
  const ids = await knownIds(db, people);
  await fillIds(db, people, ids);
  const missing = [...people]
    .filter(([key]) => !ids.has(key))
    .map(([key, person]) => ({ ...person, key, publicId: randomUUID() }));
  if (missing.length === 0) return ids;
  const keyOf = new Map<string, string>(missing.map(({ publicId, key }) => [publicId, key]));
  for (const { personId, publicId } of await insertPeople(db, missing)) {
    ids.set(keyOf.get(publicId) ?? '', personId);
  }
  return ids;
}

async function knownIds(db: Db, people: ReadonlyMap<string, PersonRow>): Promise<Map<string, number>> {
  const entries = [...people];
  const ids = new Map<string, number>();
  const claimed = new Set<number>();
  for (const { index, byId, byName } of await peopleKnown(db, [...people.values()])) {
    const [key = '', person] = entries[index] ?? [];
    const personId = byId ?? namesake(byName, person, claimed);
    if (personId !== null) ids.set(key, personId);
  }
  return ids;
}

/** Of two people with ids of their own only one can be the namesake without. */
function namesake(byName: number | null, person: PersonRow | undefined, claimed: Set<number>): number | null {
  const hasIds = person !== undefined && (person.imdb !== null || person.tmdb !== null);
  if (byName === null || (hasIds && claimed.has(byName))) return null;
  if (hasIds) claimed.add(byName);
  return byName;
}

/** People known by name or by one id learn the other. */
async function fillIds(
  db: Db,
  people: ReadonlyMap<string, PersonRow>,
  ids: ReadonlyMap<string, number>,
): Promise<void> {
  const known = [...ids].flatMap(([key, personId]) => {
    const person = people.get(key);
    return person === undefined || (person.imdb === null && person.tmdb === null)
      ? []
      : [{ personId, imdb: person.imdb, tmdb: person.tmdb }];
  });
  if (known.length > 0) await fillPersonIds(db, known);
}
