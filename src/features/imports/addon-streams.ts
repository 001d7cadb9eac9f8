import { z } from 'zod';
import { isWebUrl } from './addon-shapes.ts';
import type { ImportStream } from './schemas.ts';

const loose = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
const Text = loose(z.string());
const Stream = z.looseObject({
  ...{ url: Text, infoHash: Text, ytId: Text, externalUrl: Text, name: Text, title: Text, description: Text },
  fileIdx: loose(z.int().min(0).max(65_535)),
  sources: loose(z.array(z.string())),
  behaviorHints: loose(
    z.looseObject({
      filename: Text,
      videoSize: loose(z.int().min(0)),
      proxyHeaders: loose(z.looseObject({ request: loose(z.record(z.string(), z.string())) })),
    }),
  ),
});

/** A stream as the import format has it; null for one of a sort we do not know. */
export function streamOf(value: unknown): ImportStream | null {
  const parsed = Stream.safeParse(value).data;
  if (parsed === undefined) return null;
  const hints = parsed.behaviorHints;
  const common = commonFields(parsed);
  if (parsed.infoHash !== undefined) return { ...common, ...torrentFields(parsed.infoHash, parsed) };
  if (parsed.ytId !== undefined) return { ...common, kind: 'youtube', videoId: parsed.ytId };
  if (parsed.url !== undefined && isWebUrl(parsed.url)) {
    const headers = hints?.proxyHeaders?.request;
    return { ...common, kind: 'http', url: parsed.url, ...(headers === undefined ? {} : { headers }) };
  }
  if (parsed.externalUrl !== undefined && isWebUrl(parsed.externalUrl))
    return { ...common, kind: 'external', url: parsed.externalUrl };
  return null;
}

function commonFields({ behaviorHints: hints, description, title, name }: z.infer<typeof Stream>) {
  const text = hints?.filename ?? (description ?? title)?.split('\n', 1)[0] ?? name;
  const called = text?.trim().slice(0, 1000);
  return {
    ...(called ? { name: called } : {}),
    ...(hints?.videoSize ? { sizeBytes: hints.videoSize } : {}),
  };
}

function torrentFields(infoHash: string, { fileIdx, sources = [] }: z.infer<typeof Stream>): ImportStream {
  const trackers = sources.flatMap((source) => (source.startsWith('tracker:') ? [source.slice(8)] : []));
  return {
    ...{ kind: 'torrent', infoHash: infoHash.toLowerCase(), trackers: trackers.slice(0, 50) },
    ...(fileIdx === undefined ? {} : { fileIndex: fileIdx }),
  };
}
