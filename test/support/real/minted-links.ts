import { z } from 'zod';
import type { FamilyRoom } from '../family-room.ts';

/** An address that the product handed out; `label` says of which stream and what of it. */
export type Minted = { label: string; url: string };

const Offered = z.object({
  streams: z.array(
    z.looseObject({
      name: z.string(),
      description: z.string(),
      url: z.string().optional(),
      subtitles: z.array(z.object({ url: z.string() })).default([]),
    }),
  ),
});
const Subtitles = z.object({ subtitles: z.array(z.object({ url: z.string() })) });
const MOST_DEPTH = 4;
/** What a film gives besides its bytes. */
const FILM_PARTS = ['thumbnail.jpg', 'remux/index.m3u8', 'remux/init.mp4', 'remux/0.m4s'];

export type MintOptions = {
  /** Names of the forms of streams, as they stand in the names of releases with a dash. */
  forms: readonly string[];
  /** With pictures and remuxes, each of them a run of ffmpeg. */
  hasFilmParts: boolean;
};

/** What a stream answer says word for word, and every address in it. */
export async function mintAt(
  { ask }: Pick<FamilyRoom, 'ask'>,
  { base, id }: { base: string; id: string },
  { forms, hasFilmParts }: MintOptions,
) {
  const { body, text } = await ask('GET', `${base}/stream/${id}.json`);
  const minted: Minted[] = [];
  for (const stream of Offered.parse(body).streams) {
    const said = JSON.stringify(stream);
    const form = forms.find((one) => said.includes(one.replace(' ', '-'))) ?? stream.name;
    for (const subtitle of stream.subtitles) minted.push({ label: `${form}: subtitle`, url: subtitle.url });
    if (stream.url !== undefined) minted.push(...(await linksBelow(form, stream.url, hasFilmParts)));
  }
  const listed = await ask('GET', `${base}/subtitles/${id}.json`);
  for (const { url } of Subtitles.parse(listed.body).subtitles) minted.push({ label: 'subtitles', url });
  return { minted, text };
}

/** A play link with what is made of it: pictures, a remux, and the parts of a presentation. */
async function linksBelow(form: string, url: string, hasFilmParts: boolean): Promise<Minted[]> {
  const place = url.split('/').slice(0, 6).join('/');
  const isFile = hasFilmParts && !/hls|dash/.test(form);
  const parts = isFile
    ? FILM_PARTS.map((part) => ({ label: `${form}: ${part}`, url: `${place}/${part}` }))
    : [];
  const asHls = form.includes('dash') ? await partsOf(`${form} as HLS`, `${url}?as=hls`) : [];
  return [...(await partsOf(form, url)), ...parts, ...asHls];
}

/** A link and, where it is a playlist or a manifest, two of the parts that each level of it names. */
async function partsOf(label: string, url: string, depth = 0): Promise<Minted[]> {
  const found = [{ label, url }];
  const text = await manifestAt(url);
  if (text === null || depth === MOST_DEPTH) return found;
  const children = text.startsWith('#EXTM3U') ? inPlaylist(text) : inMpd(text);
  for (const [index, child] of children.entries())
    found.push(...(await partsOf(`${label} › ${index}`, new URL(child, url).href, depth + 1)));
  return found;
}

async function manifestAt(url: string): Promise<string | null> {
  const answer = await fetch(url);
  if (/mpegurl|dash\+xml/.test(answer.headers.get('content-type') ?? '')) return await answer.text();
  await answer.body?.cancel();
  return null;
}

/** Keys, initialisations and renditions, then the first two lines that are addresses. */
function inPlaylist(text: string): string[] {
  const quoted = [...text.matchAll(/URI="([^"]*)"/g)].map(([, uri = '']) => uri);
  const lines = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
  return [...new Set([...quoted.slice(0, 2), ...lines.slice(0, 2)])];
}

/** The initialisation and the first segment of the first representation, below the manifest's own base. */
function inMpd(text: string): string[] {
  const [, base = ''] = /<BaseURL>([^<]+)<\/BaseURL>/.exec(text) ?? [];
  return ['init-stream0.m4s', 'chunk-stream0-00001.m4s'].map((name) => base.replaceAll('&amp;', '&') + name);
}
