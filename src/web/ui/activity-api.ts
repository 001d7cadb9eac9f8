import * as z from 'zod/mini';
import { ask, send } from './api.ts';

const ListedTitle = z.object({
  ...{ id: z.string(), kind: z.string(), title: z.string() },
  ...{ year: z.nullable(z.number()), posterUrl: z.nullable(z.string()) },
});
export type ListedTitle = z.infer<typeof ListedTitle>;

const Entry = z.object({
  ...{ entryId: z.string(), title: ListedTitle, playedAt: z.string() },
  ...{ season: z.nullable(z.number()), episode: z.nullable(z.number()) },
  ...{ episodeTitle: z.nullable(z.string()), progressPercent: z.nullable(z.number()) },
  ...{ isWatched: z.boolean(), isCompleted: z.boolean() },
});
export type Entry = z.infer<typeof Entry>;
const HistoryPage = z.object({ entries: z.array(Entry), nextCursor: z.nullable(z.string()) });

const Mark = z.object({ title: ListedTitle, addedAt: z.string() });
export type Mark = z.infer<typeof Mark>;
const MarkPage = z.object({ titles: z.array(Mark), nextCursor: z.nullable(z.string()) });

/** The lists of a profile, as their routes are called. */
export type ListName = 'watchlist' | 'favorites' | 'library';
type Signal = AbortSignal;
type Page<Item> = { items: readonly Item[]; nextCursor: string | null };

const PAGE = 24;
const pathOf = (profileId: string, part: string) => `/api/profiles/${encodeURIComponent(profileId)}/${part}`;
const pagePath = (profileId: string, part: string, cursor: string | null) =>
  `${pathOf(profileId, part)}?limit=${PAGE}${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;

export async function fetchHistory(
  profileId: string,
  cursor: string | null,
  signal: Signal,
): Promise<Page<Entry>> {
  const { entries, nextCursor } = await ask(HistoryPage, pagePath(profileId, 'history', cursor), { signal });
  return { items: entries, nextCursor };
}

export async function forgetEntry(profileId: string, entryId: string, signal: Signal): Promise<void> {
  const path = pathOf(profileId, `history/${encodeURIComponent(entryId)}`);
  await send(path, { signal, method: 'DELETE' });
}

export async function forgetHistory(profileId: string, signal: Signal): Promise<void> {
  await send(pathOf(profileId, 'history'), { signal, method: 'DELETE' });
}

export async function fetchList(
  profileId: string,
  list: ListName,
  cursor: string | null,
  signal: Signal,
): Promise<Page<Mark>> {
  const { titles, nextCursor } = await ask(MarkPage, pagePath(profileId, list, cursor), { signal });
  return { items: titles, nextCursor };
}

/** By our id or an outside one; twice is once. */
export async function putIntoList(
  profileId: string,
  list: ListName,
  mediaId: string,
  signal: Signal,
): Promise<void> {
  const path = pathOf(profileId, `${list}/${encodeURIComponent(mediaId)}`);
  await send(path, { signal, method: 'PUT' });
}

export async function takeFromList(
  profileId: string,
  list: ListName,
  mediaId: string,
  signal: Signal,
): Promise<void> {
  const path = pathOf(profileId, `${list}/${encodeURIComponent(mediaId)}`);
  await send(path, { signal, method: 'DELETE' });
}
