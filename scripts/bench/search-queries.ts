import { Client } from 'pg';
import { z } from 'zod';

export type SearchQuery = { what: string; text: string; kind: 'movie' | 'series'; wanted: string };

const Title = z.object({
  id: z.string(),
  kind: z.enum(['movie', 'series']),
  title: z.string(),
  aliases: z.array(z.string()),
});
type Title = z.infer<typeof Title>;

/** Half of the wanted titles are among the best known, half are any. Each is asked for once. */
const TITLES = `
  SELECT m.canonical_id AS id, m.kind, m.title, ARRAY(SELECT a.title FROM media_alias a WHERE a.media_id = m.id ORDER BY 1) AS aliases
  FROM ((SELECT id FROM media ORDER BY rank DESC LIMIT 3000) UNION (SELECT id FROM media WHERE id % 97 = 0 LIMIT 6000)) p JOIN media m USING (id)
  WHERE m.kind IN ('movie', 'series') ORDER BY hashint8extended(m.id, 5)`;

const isLatin = (text: string) => /^[\p{scx=Latn}\d ]+$/u.test(text);
const isChinese = (text: string) => /^\p{scx=Han}+$/u.test(text);
const longestWord = (text: string) =>
  text.split(' ').reduce((longest, word) => (word.length > longest.length ? word : longest), '');
const inWord = (text: string, word: string, wrong: string) => text.replace(word, wrong);
const swapped = (word: string) => `${word.slice(0, 2)}${word[3]}${word[2]}${word.slice(4)}`;
const without = (word: string, place: number) => word.slice(0, place) + word.slice(place + 1);

/** What is typed for a title, or null where such a title is not meant. */
const WAYS: readonly { what: string; count: number; typed(title: Title): string | null }[] = [
  { what: 'the whole title', count: 50, typed: ({ title }) => title },
  {
    what: 'the title, its end not yet typed',
    count: 50,
    typed: ({ title }) => (title.length > 12 ? title.slice(0, Math.ceil(title.length * 0.75)) : null),
  },
  {
    what: 'an alias in another script',
    count: 60,
    typed: ({ title, aliases }) =>
      (isLatin(title) ? aliases.find((alias) => !isLatin(alias) && alias.length > 3) : undefined) ?? null,
  },
  {
    what: 'a Latin alias',
    count: 30,
    typed: ({ aliases }) => aliases.find((alias) => isLatin(alias) && alias.includes(' ')) ?? null,
  },
  {
    what: 'Chinese from the middle',
    count: 30,
    typed: ({ title, aliases }) =>
      [title, ...aliases].find((name) => isChinese(name) && name.length > 5)?.slice(1, 5) ?? null,
  },
  {
    what: 'two letters swapped',
    count: 30,
    typed: ({ title }) =>
      longestWord(title).length > 6 ? inWord(title, longestWord(title), swapped(longestWord(title))) : null,
  },
  {
    what: 'a letter left out of the first word',
    count: 30,
    typed: ({ title }) => {
      const [first = ''] = title.split(' ');
      return first.length > 6 && title.includes(' ') ? inWord(title, first, without(first, 3)) : null;
    },
  },
  {
    what: 'another first letter',
    count: 20,
    typed: ({ title }) => (/^[A-Z]\w{5}/.test(title) && title.includes(' ') ? `x${title.slice(1)}` : null),
  },
];

/** 300 things people type, and the title each of them means. */
export async function searchQueries(url: string): Promise<SearchQuery[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const titles = z.array(Title).parse((await client.query(TITLES)).rows);
  await client.end();
  const queries: SearchQuery[] = [];
  for (const { what, count, typed } of WAYS) {
    for (let left = count; left > 0; ) {
      const title = titles.pop();
      if (title === undefined) throw new Error(`too few titles for ${what}`);
      const text = typed(title);
      if (text === null) continue;
      queries.push({ what, text, kind: title.kind, wanted: title.id });
      left -= 1;
    }
  }
  return queries;
}
