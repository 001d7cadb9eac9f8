import * as z from 'zod/mini';
import { ask, send } from './api.ts';

const OwnTitle = z.object({
  ...{ id: z.string(), kind: z.string(), title: z.string(), year: z.nullable(z.number()) },
  ...{ posterUrl: z.nullable(z.string()), isPublic: z.boolean() },
});
export type OwnTitle = z.infer<typeof OwnTitle>;
const OwnTitles = z.object({ titles: z.array(OwnTitle), nextCursor: z.nullable(z.string()) });

const Stream = z.object({
  ...{ streamId: z.string(), kind: z.string(), name: z.string(), state: z.string() },
  ...{ sizeBytes: z.nullable(z.number()), isActive: z.boolean(), isBlocked: z.boolean() },
  links: z.array(z.object({ season: z.nullable(z.number()), episode: z.nullable(z.number()) })),
});
export type Stream = z.infer<typeof Stream>;
const Streams = z.object({ streams: z.array(Stream) });

type Signal = AbortSignal;
const pathOf = (id: string) => `/api/own-titles/${encodeURIComponent(id)}`;

export async function fetchOwnTitles(cursor: string | null, signal: Signal) {
  const after = cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`;
  const { titles, nextCursor } = await ask(OwnTitles, `/api/own-titles${after}`, { signal });
  return { items: titles, nextCursor };
}

export type NewTitle = {
  kind: 'movie' | 'series';
  title: string;
  year?: number;
  overview?: string;
  seasons?: { number: number; episodes: { number: number }[] }[];
};

export async function addOwnTitle(title: NewTitle, signal: Signal): Promise<void> {
  await send('/api/own-titles', { signal, method: 'POST', body: title });
}

export async function removeOwnTitle(id: string, signal: Signal): Promise<void> {
  await send(pathOf(id), { signal, method: 'DELETE' });
}

export async function fetchOwnStreams(id: string, signal: Signal): Promise<Stream[]> {
  return (await ask(Streams, `${pathOf(id)}/streams`, { signal })).streams;
}

export type NewStream = { url: string; name?: string; season?: number; episode?: number };

/** The server asks whoever is behind the link what it is. */
export async function addOwnStream(id: string, stream: NewStream, signal: Signal): Promise<void> {
  await send(`${pathOf(id)}/streams`, { signal, method: 'POST', body: stream, deadlineMs: 30_000 });
}

export async function takeOffStream(id: string, streamId: string, signal: Signal): Promise<void> {
  await send(`${pathOf(id)}/streams/${encodeURIComponent(streamId)}`, { signal, method: 'DELETE' });
}
