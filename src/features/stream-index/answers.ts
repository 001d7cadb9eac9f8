import { absoluteUrl } from '../../kit/asset-url.ts';
import { NotFound } from '../../kit/errors.ts';
import { UUID } from '../../kit/uuid.ts';
import type { Db } from '../../platform/db.ts';
import { answerLinks, streamIdsOfTitle, streamRows } from './queries/answers.ts';
import { streamIdOf } from './queries/streams.ts';
import type { StreamAnswer } from './schemas.ts';

/** Links shown in one answer; a pack of a long series has thousands. */
const MAX_LINKS = 2000;

/** The row number of a stream by our uuid, or null. */
export async function findStream(db: Db, publicId: string): Promise<number | null> {
  return UUID.test(publicId) ? await streamIdOf(db, publicId) : null;
}

/** As `findStream`; throws NotFound. */
export async function requireStream(db: Db, publicId: string): Promise<number> {
  const streamId = await findStream(db, publicId);
  if (streamId === null) throw new NotFound('streams.not_found', 'No stream has this id.');
  return streamId;
}

/** Streams as the API answers them, in their order; links to one title only when `mediaId` is given. */
export async function streamAnswers(
  db: Db,
  streamIds: readonly number[],
  { mediaId, baseUrl }: { mediaId: number | null; baseUrl: string },
): Promise<StreamAnswer[]> {
  if (streamIds.length === 0) return [];
  const [streams, links] = await Promise.all([
    streamRows(db, streamIds),
    answerLinks(db, streamIds, mediaId, MAX_LINKS),
  ]);
  const byStream = Map.groupBy(links, (link) => link.rowId);
  return streams.map(({ rowId, subtitles, ...stream }) => ({
    ...stream,
    subtitles: subtitles.map(({ url, ...subtitle }) => ({
      ...subtitle,
      url: url === null ? null : absoluteUrl(baseUrl, url),
    })),
    links: (byStream.get(rowId) ?? []).map(({ rowId: _rowId, ...link }) => link),
  }));
}

/** One page of the streams of a title, hidden ones too. `cursor` is the uuid of the last stream of the page before. */
export async function streamPage(
  db: Db,
  query: {
    mediaId: number;
    episodeId: number | null;
    cursor: string | undefined;
    limit: number;
    baseUrl: string;
  },
): Promise<{ streams: StreamAnswer[]; nextCursor: string | null }> {
  const afterId = query.cursor === undefined ? 0 : await requireStream(db, query.cursor);
  const ids = await streamIdsOfTitle(db, query, afterId, query.limit);
  const streams = await streamAnswers(db, ids, query);
  const last = streams.at(-1);
  return { streams, nextCursor: last === undefined || ids.length < query.limit ? null : last.streamId };
}
