import { randomUUID } from 'node:crypto';
import { BadInput } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import type { StreamKind } from '../../streams/kind.ts';
import { unlinkTrackers } from '../trackers/index.ts';
import { leavePrivate, OWN_ORIGIN, openOwn } from './queries/own-streams.ts';
import {
  insertStreams,
  licenceCodes,
  lockStreams,
  publicIdsOf,
  touchStreams,
  updateStreams,
} from './queries/streams.ts';
import type { LinkTarget, StreamInput } from './schemas.ts';
import { scoreStreams } from './score-streams.ts';
import { factsOf } from './stream-columns.ts';
import { type PreparedStream, type StreamGroup, writeParts } from './stream-parts.ts';

export type SaveDeps = {
  db: Db;
  kinds: { get(kind: string): StreamKind | undefined };
};
export type SaveOptions = {
  /** The bytes were seen just now: `last_seen_at` moves, and what had run out is offered again. */
  isSeen: boolean;
  /** Who found it, for `stream.origin`. */
  origin?: string | undefined;
};
export type SavedStream = { streamId: number; publicId: string; outcome: 'new' | 'changed' | 'same' };

/** The kind of a stream and its parsed detail; BadInput when the kind is unknown or the input is not one of it. */
export function prepareStream(
  { kinds }: Pick<SaveDeps, 'kinds'>,
  input: StreamInput,
): Pick<PreparedStream, 'input' | 'kind' | 'detail'> {
  const kind = kinds.get(input.kind);
  if (kind === undefined) {
    throw new BadInput('streams.unknown_kind', `Streams of kind ${input.kind} are not supported yet.`, [
      { path: 'kind', message: 'is not supported yet' },
    ]);
  }
  return { input, kind, detail: kind.parse(input) };
}

/** Parses, saves and links one stream. The same bytes again update the stream we have. */
export async function saveStream(
  deps: SaveDeps,
  input: StreamInput,
  link: LinkTarget,
  options: SaveOptions = { isSeen: true },
): Promise<{ streamId: number; publicId: string; isNew: boolean }> {
  const prepared = { ...prepareStream(deps, input), described: null, links: [link] };
  const [saved] = await saveStreams(deps, [prepared], options);
  if (saved === undefined) throw new Error('one stream has one answer');
  return { streamId: saved.streamId, publicId: saved.publicId, isNew: saved.outcome === 'new' };
}

/**
 * Saves and links streams, found again by their bytes, so that one info hash is one stream with many links (C5).
 * Answers one result a stream, in order. One transaction: a dozen statements for all, and for kinds without
 * `findAll` and `saveAll` two a stream.
 */
export async function saveStreams(
  deps: SaveDeps,
  streams: readonly PreparedStream[],
  options: SaveOptions,
): Promise<SavedStream[]> {
  if (streams.length === 0) return [];
  const looked = await Promise.all(streams.map(lookInside));
  return deps.db.transaction(async (tx) => {
    await lockStreams(tx);
    await requireLicences(
      tx,
      streams.flatMap(({ input }) => input.licence?.code ?? []),
    );
    const saved = await writeGroups(tx, looked, options);
    return looked.flatMap((stream) => saved.get(stream) ?? []);
  });
}

/** Whose own text says what is inside, without a connection; other kinds are looked at by who adds them. */
const TELLING_KINDS: ReadonlySet<string> = new Set(['torrent', 'usenet']);

async function lookInside(stream: PreparedStream): Promise<PreparedStream> {
  if (stream.described !== null || !TELLING_KINDS.has(stream.kind.kind)) return stream;
  return { ...stream, described: await stream.kind.describe(stream.detail, AbortSignal.timeout(10_000)) };
}

/** Throws BadInput `streams.unknown_licence` for a code that is no row of `licence`. */
export async function requireLicences(db: Db, codes: readonly string[]): Promise<void> {
  if (codes.length === 0) return;
  const known = await licenceCodes(db);
  const unknown = codes.find((code) => !known.has(code));
  if (unknown === undefined) return;
  throw new BadInput(
    'streams.unknown_licence',
    `The licence ${unknown} is not known here. Known are: ${[...known].join(', ')}.`,
    [{ path: 'licence.code', message: 'is not a known licence' }],
  );
}

type FreshGroup = Omit<StreamGroup, 'streamId' | 'isNew'>;

async function writeGroups(
  db: Db,
  streams: readonly PreparedStream[],
  options: SaveOptions,
): Promise<Map<PreparedStream, SavedStream>> {
  const known: StreamGroup[] = [];
  const fresh: FreshGroup[] = [];
  const given = groupsOf(streams);
  const ids = await findAll(db, given);
  for (const group of given) {
    const streamId = ids.get(group) ?? null;
    if (streamId === null) fresh.push(group);
    else known.push({ ...group, streamId, isNew: false });
  }
  const groups = [...known, ...(fresh.length === 0 ? [] : await insertFresh(db, fresh, options))];
  // Before what the finder gave is written: saving keeps what it is not told anew.
  const opened = known.length === 0 ? [] : await openKnown(db, known, options);
  await saveAll(db, groups);
  const changed = new Set(known.length === 0 ? [] : await updateKnown(db, known, options));
  for (const streamId of await writeParts(db, groups)) changed.add(streamId);
  // After the new links: a stream without any would be gone.
  if (opened.length > 0) await leavePrivate(db, opened, null);
  const torrents = groups.filter(({ first }) => first.kind.kind === 'torrent');
  await scoreStreams(
    db,
    torrents.map(({ streamId }) => streamId),
  );
  return answersOf(db, groups, changed);
}

type Group = Pick<FreshGroup, 'first'>;
const byKind = <G extends Group>(groups: readonly G[]) => Map.groupBy(groups, ({ first }) => first.kind);

/** Streams that have the bytes of these groups. */
async function findAll(db: Db, groups: readonly Group[]): Promise<ReadonlyMap<Group, number | null>> {
  const ids = new Map<Group, number | null>();
  for (const [kind, members] of byKind(groups)) {
    const details = members.map(({ first }) => first.detail);
    const found = (await kind.findAll?.(db, details)) ?? [];
    for (const [place, member] of members.entries()) {
      const isAsked = kind.findAll !== undefined;
      ids.set(member, isAsked ? (found[place] ?? null) : await kind.find(db, member.first.detail));
    }
  }
  return ids;
}

async function saveAll(db: Db, groups: readonly StreamGroup[]): Promise<void> {
  for (const [kind, members] of byKind(groups)) {
    const saved = members.map(({ streamId, first: { detail, place } }) => ({ streamId, detail, place }));
    if (kind.saveAll !== undefined) await kind.saveAll(db, saved);
    else for (const { streamId, detail, place } of saved) await kind.save(db, streamId, detail, place);
  }
}

function groupsOf(streams: readonly PreparedStream[]): FreshGroup[] {
  const byBytes = Map.groupBy(streams, ({ kind, detail }) => `${kind.kind} ${kind.resource(detail)}`);
  return [...byBytes.values()].flatMap((members) =>
    members.slice(0, 1).map((first) => ({ members, first, facts: factsOf(first.input, first.described) })),
  );
}

async function insertFresh(
  db: Db,
  fresh: readonly FreshGroup[],
  options: SaveOptions,
): Promise<StreamGroup[]> {
  const byUuid = new Map<string, FreshGroup>(fresh.map((group) => [randomUUID(), group]));
  const inserted = await insertStreams(
    db,
    [...byUuid].map(([publicId, { first, facts }]) => ({
      publicId,
      kind: first.kind.kind,
      name: facts.name,
      origin: options.origin ?? null,
      given: facts.given,
      found: facts.found,
      told: facts.told,
    })),
  );
  return inserted.flatMap(({ streamId, publicId }) => {
    const group = byUuid.get(publicId);
    return group === undefined ? [] : [{ ...group, streamId, isNew: true }];
  });
}

/** Of these, what users added for titles of their own; it is everybody's from now on, without what only they may use of it. */
async function openKnown(
  db: Db,
  known: readonly StreamGroup[],
  { origin }: SaveOptions,
): Promise<readonly number[]> {
  if (origin === OWN_ORIGIN) return [];
  const streamIds = known.map(({ streamId }) => streamId);
  const opened = await openOwn(db, streamIds, origin ?? null);
  if (opened.length === 0) return opened;
  for (const kind of new Set(known.map(({ first }) => first.kind))) await kind.forgetAccess?.(db, opened);
  await unlinkTrackers(db, opened);
  return opened;
}

async function updateKnown(
  db: Db,
  known: readonly StreamGroup[],
  { isSeen }: SaveOptions,
): Promise<readonly number[]> {
  const streamIds = known.map((group) => group.streamId);
  const updated = await updateStreams(
    db,
    known.map(({ streamId, facts }) => ({
      ...{ streamId, given: facts.given, found: facts.found, told: facts.told },
    })),
  );
  if (isSeen) await touchStreams(db, streamIds);
  return updated.map((row) => row.streamId);
}

async function answersOf(
  db: Db,
  groups: readonly StreamGroup[],
  changed: ReadonlySet<number>,
): Promise<Map<PreparedStream, SavedStream>> {
  const named = await publicIdsOf(
    db,
    groups.map((group) => group.streamId),
  );
  const publicIds = new Map(named.map((row) => [row.streamId, row.publicId]));
  return new Map(
    groups.flatMap(({ members, streamId, isNew }) => {
      const outcome = isNew ? 'new' : changed.has(streamId) ? 'changed' : 'same';
      const saved: SavedStream = { streamId, publicId: publicIds.get(streamId) ?? '', outcome };
      return members.map((member): [PreparedStream, SavedStream] => [member, saved]);
    }),
  );
}
