import type { Db, Pool } from '../../platform/db.ts';
import type { StreamFile, StreamKind } from '../../streams/kind.ts';
import { titlesOf } from '../media/index.ts';
import { linksOfMatches, linksOfPacks } from './link-files.ts';
import { matchFiles } from './match-files.ts';
import { streamRows } from './queries/answers.ts';
import { linksOfStream } from './queries/offers.ts';
import { dropOtherLinks, keepFiles } from './queries/parts.ts';
import { lockStreams, updateStreams } from './queries/streams.ts';
import { type LinkTarget, StreamInput } from './schemas.ts';
import { factsOf } from './stream-columns.ts';
import { writeParts } from './stream-parts.ts';
import { wholeVideos } from './whole-videos.ts';

type Deps = { db: Pool; kinds: { get(kind: string): StreamKind | undefined } };

/** Links read of one stream; a pack of a long series has hundreds. */
const MAX_LINKS = 2000;

/**
 * Writes what is inside a stored stream, once its kind has looked: the files in place of what was only guessed, the subtitles among
 * them, each episode linked to its file, and a film to another file where its own is none any more.
 */
export async function noteInside(
  { db, kinds }: Deps,
  streamId: number,
  files: readonly StreamFile[],
): Promise<void> {
  if (files.length === 0) return;
  await db.transaction(async (tx) => {
    await lockStreams(tx);
    const [row] = await streamRows(tx, [streamId]);
    const kind = row === undefined ? undefined : kinds.get(row.kind);
    if (row === undefined || kind === undefined) return;
    const links = await linksInside(tx, streamId, { name: row.name, files });
    const input = StreamInput.parse({ kind: row.kind, name: row.name });
    const described = { name: null, sizeBytes: null, contentType: null, files, trackers: [] };
    const member = { input, kind, detail: null, described, links };
    await keepFiles(
      tx,
      streamId,
      files.map(({ index }) => index),
    );
    await writeParts(tx, [
      { members: [member], first: member, facts: factsOf(input, null), streamId, isNew: false },
    ]);
    await dropOtherLinks(
      tx,
      streamId,
      links.map(({ mediaId, episodeId = null, fileIndex = null }) => ({ mediaId, episodeId, fileIndex })),
    );
    const sizes = files.map(({ sizeBytes }) => sizeBytes ?? 0);
    await updateStreams(tx, [
      { streamId, given: { size_bytes: sizes.reduce((sum, size) => sum + size, 0) }, found: {} },
    ]);
  });
}

async function linksInside(
  tx: Db,
  streamId: number,
  inside: { name: string; files: readonly StreamFile[] },
): Promise<LinkTarget[]> {
  const stored = await linksOfStream(tx, streamId, MAX_LINKS);
  const titles = await titlesOf(tx, [...new Set(stored.map(({ mediaId }) => mediaId))]);
  const isSeries = new Map(titles.map(({ mediaId, kind }) => [mediaId, kind === 'series']));
  const series = titles.filter(({ kind }) => kind === 'series');
  const packs = await linksOfPacks(
    tx,
    series.map(({ mediaId }) => ({ mediaId, inside })),
  );
  const videos = new Set(wholeVideos(inside.files).map(({ index }) => index));
  const films = titles.filter(({ kind }) => kind !== 'series');
  const lost = films.filter(({ mediaId }) =>
    stored.some((link) => link.mediaId === mediaId && link.fileIndex !== null && !videos.has(link.fileIndex)),
  );
  const found = await linksOfMatches(
    tx,
    lost.map(({ mediaId, names, year, kind }) => ({
      mediaId,
      matches: matchFiles(
        { ...{ kind, titles: names, year }, season: undefined, episode: undefined, fileIndex: undefined },
        inside,
      ),
    })),
  );
  // Written again they take the name and the size their file has now.
  const kept = stored
    .filter(
      ({ mediaId, fileIndex }) =>
        isSeries.get(mediaId) === false && fileIndex !== null && videos.has(fileIndex),
    )
    .map(({ mediaId, episodeId, fileIndex }) => ({ mediaId, episodeId, fileIndex, confidence: 0 }));
  return [...packs.flat(), ...found.flat(), ...kept];
}
