import type { Db } from '../../platform/db.ts';
import type { MediaKind } from '../catalog.ts';
import { isTooFew, searchWords } from './find-titles.ts';
import { type FoundForName, type NameAsked, titlesOfWords } from './queries/called.ts';
import { type LikeWords, type TypedWord, typedWords } from './queries/typed.ts';
import { similarWords, withoutShortWords } from './similar-words.ts';

/** Titles of one name that are compared by whoever asks. */
const MOST_FOUND = 40;

/**
 * For each name (`index`: its place) titles that are called nearly so, hidden ones too and adult ones not: by its words, then, where that
 * is nothing (or less than five by a single word), by words like them, at last without the short ones. Four statements at most, however many names.
 */
export async function titlesNearlyCalled(
  db: Db,
  names: readonly { kind: MediaKind; name: string; year: number | null }[],
): Promise<readonly FoundForName[]> {
  const asked = names.flatMap(({ name, ...one }, index): NameAsked[] => {
    const text = searchWords(name);
    return text === null ? [] : [{ ...one, index, name: text, like: null }];
  });
  const found = [...(await look(db, asked))];
  const counts = countOf(found);
  const open = asked.filter(({ index, name }) => isTooFew(name, counts.get(index) ?? 0));
  if (open.length === 0) return found;
  const words = await wordsOf(db, open);
  const isNothing = ({ index }: NameAsked) => !counts.has(index);
  const like = withLike(open, (one) => {
    const typed = words.get(one.index) ?? [];
    return isNothing(one) || typed.length === 1 ? similarWords(typed) : null;
  });
  const alike = await look(db, like);
  found.push(...alike);
  const known = countOf(alike);
  const still = open.filter((one) => isNothing(one) && !known.has(one.index));
  found.push(
    ...(await look(
      db,
      withLike(still, ({ index }) => withoutShortWords(words.get(index) ?? [])),
    )),
  );
  return found;
}

async function look(db: Db, asked: readonly NameAsked[]): Promise<readonly FoundForName[]> {
  return asked.length === 0 ? [] : titlesOfWords(db, asked, MOST_FOUND);
}

function countOf(found: readonly FoundForName[]): ReadonlyMap<number, number> {
  return new Map([...Map.groupBy(found, ({ index }) => index)].map(([index, { length }]) => [index, length]));
}

/** By the index of each name. */
async function wordsOf(
  db: Db,
  asked: readonly NameAsked[],
): Promise<ReadonlyMap<number | undefined, readonly TypedWord[]>> {
  const words = await typedWords(
    db,
    asked.map(({ name }) => name),
  );
  return Map.groupBy(words, ({ index }) => asked[index]?.index);
}

function withLike(asked: readonly NameAsked[], likeOf: (one: NameAsked) => LikeWords | null): NameAsked[] {
  return asked.flatMap((one) => {
    const like = likeOf(one);
    return like === null ? [] : [{ ...one, like }];
  });
}
