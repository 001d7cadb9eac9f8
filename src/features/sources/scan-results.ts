import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { bytesOfSegment, isListedSegment, namedBy } from '../../finders/listed-name.ts';
import type { WalkedFile } from '../../finders/lister.ts';
import { instantOf } from '../../kit/instant.ts';
import { pathBelow } from '../../kit/url-below.ts';
import type { Pool } from '../../platform/db.ts';
import { noteResults } from './queries/scans.ts';
import type { StoredSource } from './queries/sources.ts';
import { stageSubtitles, stageVideos } from './queries/staging.ts';
import { sortFiles } from './sort-files.ts';

const Path = z.string().min(1).max(8192);
const File = z.union([
  Path,
  z.looseObject({
    /** An address below the base of the source, or a path from it. */
    path: Path.optional(),
    url: Path.optional(),
    /** What is no size or time, or none that can be, counts as not told. */
    sizeBytes: z.number().nullish(),
    size: z.number().nullish(),
    modifiedAt: z.string().max(100).nullish(),
  }),
]);

/** `POST /api/sources/:id/scan-results`. */
export const ScanResults = z.object({ files: z.array(File).min(1).max(5000) });
export type ScanResults = z.infer<typeof ScanResults>;

/** `invalid`: no video, or not below the base; `skipped`: known already. Subtitles are linked and count as no video. */
export const ScanResultsAnswer = z.object({
  batch_id: z.uuid(),
  inserted: z.int(),
  skipped: z.int(),
  invalid: z.int(),
  total: z.int(),
});

/** Stages what somebody else has scanned, as a scan of our own does. */
export async function takeResults(
  db: Pool,
  source: StoredSource,
  { files }: ScanResults,
): Promise<z.infer<typeof ScanResultsAnswer>> {
  const batchId = randomUUID();
  const below = files.flatMap((file) => walkedFile(source.baseUrl, file) ?? []);
  const sorted = sortFiles(below);
  const videos = [...new Map(sorted.videos.map((video) => [video.path, video])).values()];
  const batch = { source, batchId, isHeld: false };
  const { inserted, extras } = await db.transaction(async (tx) => {
    const staged = await stageVideos(tx, batch, videos);
    const added = await stageSubtitles(tx, batch, sorted.subtitles);
    const invalid = files.length - sorted.videos.length - sorted.subtitles.length;
    await noteResults(
      tx,
      { sourceId: source.id, batchId },
      {
        ...staged,
        ...{ folders: 0, files: videos.length, subtitles: added, invalid },
        skipped: videos.length - staged.inserted - staged.extras,
      },
    );
    return staged;
  });
  const total = files.length;
  const invalid = total - sorted.videos.length + extras;
  return { batch_id: batchId, inserted, invalid, skipped: total - invalid - inserted, total };
}

/** Null: it lies elsewhere, or its name is refused. Compared by origin and path segments: `http://nas.evil.example/` is not below `http://nas`. */
function walkedFile(baseUrl: string, file: z.infer<typeof File>): WalkedFile | null {
  const given = typeof file === 'string' ? file : (file.path ?? file.url ?? '');
  const path = segmentsBelow(baseUrl, given);
  const named = path === null ? null : namedBy(bytesOfSegment(path.slice(path.lastIndexOf('/') + 1)));
  if (path === null || named === null) return null;
  const told = typeof file === 'string' ? {} : file;
  return {
    ...{ path, name: named.name, sizeBytes: told.sizeBytes ?? told.size ?? null },
    modifiedMs: instantOf(told.modifiedAt ?? '')?.getTime() ?? null,
  };
}

function segmentsBelow(baseUrl: string, given: string): string | null {
  const rest = isAddress(baseUrl, given) ? restOfUrl(baseUrl, given) : given.replace(/^\/+/, '');
  if (rest === null) return null;
  const segments = rest.split('/').map((segment) => namedBy(bytesOfSegment(segment))?.segment ?? '');
  return segments.every(isListedSegment) ? segments.join('/') : null;
}

/** With a colon alone it may be a name: `Alien: Romulus/film.mkv`. */
function isAddress(baseUrl: string, given: string): boolean {
  return baseUrl.startsWith('local:') ? given.startsWith('local:') : /^[a-z][a-z\d+.-]*:\/\//i.test(given);
}

function restOfUrl(baseUrl: string, given: string): string | null {
  if (baseUrl.startsWith('local:')) return given.startsWith(baseUrl) ? given.slice(baseUrl.length) : null;
  const url = URL.parse(given);
  if (url === null || url.search !== '' || url.hash !== '') return null;
  return pathBelow(new URL(baseUrl), url);
}
