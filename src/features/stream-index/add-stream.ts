import { z } from 'zod';
import { BadInput, NotFound } from '../../kit/errors.ts';
import type { Db, Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import type { Net } from '../../platform/net.ts';
import type { Described, StreamKind } from '../../streams/kind.ts';
import {
  episodeNumbersOf,
  parseApiMediaId,
  resolveMediaId,
  TitleInput,
  titleInput,
  titlesOf,
  upsertTitle,
} from '../media/index.ts';
import { withTorrentFile } from './fetch-torrent.ts';
import { linksOfMatches } from './link-files.ts';
import { filesOf, placeRelease } from './link-release.ts';
import { matchFiles } from './match-files.ts';
import { prepareStream, saveStreams } from './save-streams.ts';
import { type LinkTarget, STREAM_KINDS, StreamInput, streamShape } from './schemas.ts';
import type { PreparedStream } from './stream-parts.ts';
import { sourceOf } from './stream-source.ts';

export type AddStreamDeps = {
  db: Pool;
  net: Net;
  kinds: { get(kind: string): StreamKind | undefined };
};

/** Body of `POST /api/streams`; the fields of a kind stand beside these. */
export const AddStreamBody = z.looseObject({
  /** Our uuid or an outside id; `tt…:1:2` names the episode too. Without it and `media` the name tells the title. */
  mediaId: z.string().max(128).optional(),
  /** Instead of `mediaId`: the title itself, added when it is new. */
  media: TitleInput.optional(),
  season: z.int().min(0).max(9999).optional(),
  episode: z.int().min(0).max(99_999).optional(),
  kind: z.enum(STREAM_KINDS).optional(),
  url: z.string().max(32_768).optional(),
  fileIndex: z.int().min(0).max(65_535).optional(),
  filename: titleInput.text(1000).optional(),
  ...streamShape,
});
export type AddStreamBody = z.infer<typeof AddStreamBody>;

/** Looking inside may ask the origin once. */
const DESCRIBE_TIMEOUT_MS = 20_000;

/** Analyses, saves and links what the body names; `signal` ends the looking when the client has gone. */
export async function addStream(
  deps: AddStreamDeps,
  body: AddStreamBody,
  signal: AbortSignal,
): Promise<{ streamId: number; isNew: boolean }> {
  const { stream, links } = await lookAtStream(deps, body, signal);
  const saved = await deps.db.transaction(async (tx) => {
    const placed = links ?? (await placeByName(tx, body, stream));
    return saveStreams({ ...deps, db: tx }, [{ ...stream, links: placed }], { isSeen: true, origin: 'api' });
  });
  const [only] = saved;
  if (only === undefined) throw new Error('one stream has one answer');
  return { streamId: only.streamId, isNew: only.outcome === 'new' };
}

/** Analyses what the body names, by its kind; `links` null: only its name tells of which title it is. */
export async function lookAtStream(
  deps: AddStreamDeps,
  body: AddStreamBody,
  signal: AbortSignal,
): Promise<{ stream: Looked; links: readonly LinkTarget[] | null }> {
  const place = isNamedOnly(body) ? null : await placeOf(deps.db, body);
  const { mediaId: _mediaId, media: _media, season: _s, episode: _e, filename, fileIndex, ...given } = body;
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(DESCRIBE_TIMEOUT_MS)]);
  const source = await withTorrentFile(deps.net, sourceOf(given, body.kind), bounded);
  const input = parseInput(
    StreamInput,
    { ...source.fields, name: body.name ?? filename, kind: source.kind },
    'The stream',
  );
  const { kind, detail, ...rest } = prepareStream(deps, input);
  const prepared = { ...rest, kind, detail: (await kind.complete?.(detail, bounded)) ?? detail };
  const described = await prepared.kind.describe(prepared.detail, bounded);
  const stream = { ...prepared, described };
  const links = place === null ? null : await linksOf(deps.db, { ...place, fileIndex }, stream);
  return { stream, links };
}

type Looked = Omit<PreparedStream, 'links' | 'described'> & { described: Described };

async function linksOf(
  db: Db,
  asked: Parameters<typeof matchFiles>[0] & { mediaId: number },
  stream: Looked,
) {
  const { input, described } = stream;
  const name = input.name ?? described.name ?? '';
  const matches = matchFiles(asked, { name, files: filesOf(input, described) });
  const [links = []] = await linksOfMatches(db, [{ mediaId: asked.mediaId, matches }]);
  return links;
}

/** Nobody says of which title it is: its name does, as with the releases an importer reads. */
function isNamedOnly({ mediaId, media }: AddStreamBody): boolean {
  return mediaId === undefined && media === undefined;
}

/** Kinds whose own text says what they are called; an address does not. */
const TELLING_KINDS: ReadonlySet<string> = new Set(['torrent', 'usenet']);

async function placeByName(db: Db, { season, episode, fileIndex }: AddStreamBody, stream: Looked) {
  const { input, described, kind } = stream;
  const name = input.name ?? (TELLING_KINDS.has(kind.kind) ? described.name : null);
  if (name === null) throw whichTitle();
  const { links } = await placeRelease(db, stream, { season, episode, fileIndex });
  return links;
}

function whichTitle(): BadInput {
  return new BadInput(
    'streams.which_title',
    'Give mediaId (an id of a title), media (the title itself), or the name of the release, which tells the title.',
    [{ path: 'mediaId', message: 'is needed, or media or name instead' }],
  );
}

/** The title with what is known of it, and the episode the body or its id names. */
async function placeOf(db: Pool, body: AddStreamBody) {
  const { mediaId, named } = await titleOf(db, body);
  const [title] = await titlesOf(db, [mediaId]);
  if (title === undefined) throw new NotFound('media.not_found', 'No title has this id.');
  const season = body.season ?? named.season;
  const episode = body.episode ?? named.episode;
  if (episode !== undefined && season === undefined) {
    throw new BadInput('streams.no_season', 'Give the season of this episode too.', [
      { path: 'season', message: 'is needed beside episode' },
    ]);
  }
  return {
    ...{ mediaId, kind: title.kind, season, episode },
    ...{ titles: title.names, year: title.year },
    catalogue: title.kind === 'series' ? await episodeNumbersOf(db, [mediaId]) : [],
  };
}

type Numbers = { season?: number | undefined; episode?: number | undefined };

async function titleOf(db: Pool, body: AddStreamBody): Promise<{ mediaId: number; named: Numbers }> {
  if (body.mediaId !== undefined && body.media !== undefined) throw whichTitle();
  if (body.media !== undefined) return { mediaId: (await upsertTitle(db, body.media)).mediaId, named: {} };
  const { season, episode, ...id } = parseApiMediaId(body.mediaId ?? '');
  const found = await resolveMediaId(db, id);
  if (found === null)
    throw new NotFound('media.not_found', 'No title has this id. Add it by POST /api/media first.');
  return {
    mediaId: found.mediaId,
    named: { season: season ?? (episode === undefined ? undefined : 1), episode },
  };
}
