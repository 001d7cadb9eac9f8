import type { Client } from 'pg';
import type { MediaKind } from '../../src/catalogs/catalog.ts';

export type SmallTitle = {
  title: string;
  /** Default `movie`. */
  kind?: MediaKind;
  popularity?: number;
  original?: string;
  aliases?: readonly string[];
  /** Title by language; `overviews` likewise. */
  translations?: Readonly<Record<string, string>>;
  overview?: string;
  overviews?: Readonly<Record<string, string>>;
  genres?: readonly string[];
  isPublished?: boolean;
  isPublic?: boolean;
  isAdult?: boolean;
  /** Its streams, each an open one or not, and when it came. */
  streams?: readonly { isOpen: boolean; addedAt?: string }[];
};

/** Writes titles as an import would, by plain statements, and lets the triggers do the rest. Answers their ids in order. */
export async function addTitles(client: Client, titles: readonly SmallTitle[]): Promise<number[]> {
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO media (kind, title, original_title, popularity, overview, is_published, is_public, is_adult)
     SELECT coalesce(t.kind, 'movie'), t.title, t.original, coalesce(t.popularity, 0), t.overview,
       coalesce(t."isPublished", true), coalesce(t."isPublic", true), coalesce(t."isAdult", false)
     FROM jsonb_to_recordset($1) AS t(kind text, title text, original text, popularity real, overview text,
       "isPublished" boolean, "isPublic" boolean, "isAdult" boolean)
     RETURNING id`,
    [JSON.stringify(titles)],
  );
  const ids = rows.map(({ id }) => Number(id));
  for (const [index, title] of titles.entries()) await addParts(client, ids[index] ?? 0, title);
  return ids;
}

async function addParts(client: Client, id: number, title: SmallTitle): Promise<void> {
  for (const alias of title.aliases ?? [])
    await client.query('INSERT INTO media_alias VALUES ($1, $2)', [id, alias]);
  const languages = new Set([
    ...Object.keys(title.translations ?? {}),
    ...Object.keys(title.overviews ?? {}),
  ]);
  for (const language of languages) {
    await client.query(
      'INSERT INTO media_translation (media_id, language, title, overview) VALUES ($1, $2, $3, $4)',
      [id, language, title.translations?.[language] ?? null, title.overviews?.[language] ?? null],
    );
  }
  for (const genre of title.genres ?? []) await addGenre(client, id, genre);
  for (const stream of title.streams ?? []) await addStream(client, id, stream);
}

async function addGenre(client: Client, id: number, name: string): Promise<void> {
  const slug = `genre-${Buffer.from(name).toString('hex')}`;
  await client.query('INSERT INTO genre (slug, name) VALUES ($1, $2) ON CONFLICT DO NOTHING', [slug, name]);
  await client.query('INSERT INTO media_genre SELECT $1, id FROM genre WHERE name = $2', [id, name]);
}

async function addStream(
  client: Client,
  mediaId: number,
  { isOpen, addedAt }: { isOpen: boolean; addedAt?: string },
): Promise<void> {
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO stream (kind, name, licence_code, created_at) VALUES ('youtube', 'Stream', $1, coalesce($2::timestamptz, now())) RETURNING id`,
    [isOpen ? 'CC-BY-4.0' : null, addedAt ?? null],
  );
  await client.query('INSERT INTO stream_media_link (stream_id, media_id) VALUES ($1, $2)', [
    rows[0]?.id,
    mediaId,
  ]);
}
