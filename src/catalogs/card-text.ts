import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Card } from './catalog.ts';

/** What a card is cut from; `queries.ts` writes it. */
const FIELDS = 13;

/**
 * The cards of `count` titles out of one text: the fields of each in their order, all with `separator` between. Null: there is a separator in
 * one of the fields.
 */
export function cutCards(text: string, separator: string, count: number): readonly Card[] | null {
  if (count === 0) return [];
  const fields = text.split(separator);
  // One that is part of a title makes them more.
  if (fields.length !== count * FIELDS) return null;
  const cards: Card[] = [];
  for (let at = 0; at < fields.length; at += FIELDS) {
    const field = (index: number) => fields[at + index] ?? '';
    cards.push({
      canonicalId: field(0),
      title: field(1),
      overview: textOrNull(field(2)),
      year: numberOrNull(field(3)),
      releaseDate: field(4) || null,
      endDate: field(5) || null,
      runtimeMinutes: numberOrNull(field(6)),
      posterUrl: textOrNull(field(7)),
      backgroundUrl: textOrNull(field(8)),
      logoUrl: textOrNull(field(9)),
      genres: genresOf(field(10)),
      rating: numberOrNull(field(11)),
      imdbId: textOrNull(field(12)),
    });
  }
  return cards;
}

const numberOrNull = (field: string) => (field === '' ? null : Number(field));
const textOrNull = (field: string) => (field === '' ? null : field.slice(1));

/** Titles share few sets of genres, and what is made of a set is made once. */
const sets = new LRUCache<string, readonly string[]>({ max: 4000 });
const Genres = z.array(z.string());

function genresOf(json: string): readonly string[] {
  const known = sets.get(json);
  if (known !== undefined) return known;
  const genres = Object.freeze(Genres.parse(JSON.parse(json)));
  // A copy: the field is a view into the text of its whole page, which would stay as long.
  sets.set(JSON.stringify(genres), genres);
  return genres;
}
