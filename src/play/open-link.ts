import { hash } from 'node:crypto';
import { NotFound } from '../kit/errors.ts';
import type { PlayLink } from '../platform/links.ts';
import type { ByteSource, StreamKind, StreamRef } from '../streams/kind.ts';
import type { PlayDeps } from './deps.ts';
import type { OpenFile } from './presentations.ts';
import { refused } from './refused.ts';

export type Openable = { kind: string; open(signal: AbortSignal): Promise<ByteSource> };

/** How a link's bytes are opened; throws NotFound where there are none, or none any more. */
export function openableOf(
  {
    kinds,
    isPlayable,
    mayWatch,
    isPublicClosed,
  }: Pick<PlayDeps, 'kinds' | 'isPlayable' | 'mayWatch' | 'isPublicClosed'>,
  link: PlayLink,
): Openable | Promise<Openable> {
  const { streamId, detail, fileIndex } = link;
  const kind: StreamKind | undefined = kinds.get(link.kind ?? '');
  if (kind?.open === undefined)
    throw new NotFound('play.no_bytes', 'Streams of this kind cannot be played here.');
  const ref: StreamRef = streamId === undefined ? { detail, fileIndex } : { streamId, fileIndex };
  const { open } = kind;
  const openable: Openable = { kind: kind.kind, open: (signal) => open(ref, signal) };
  const isClosed = link.subject === 'public' && isPublicClosed();
  if (isClosed === true) throw refused();
  const allowed = allowedBy(isClosed, () => (link.viewer === undefined ? null : mayWatch(link)));
  if (streamId === undefined) return allowed === null ? openable : allowed.then(() => openable);
  const answer = (isIt: boolean) => {
    if (isIt) return openable;
    throw new NotFound(
      'play.taken_down',
      'This stream has been taken down or switched off. Choose another one.',
    );
  };
  if (allowed === null) return isPlayable(streamId).then(answer);
  return Promise.all([isPlayable(streamId), allowed]).then(([isIt]) => answer(isIt));
}

/** Where it is not known at once whether the public is shut out, once that is known. */
function allowedBy(
  isClosed: false | Promise<boolean>,
  mayWatch: () => Promise<void> | null,
): Promise<void> | null {
  if (isClosed === false) return mayWatch();
  return isClosed.then((is) => {
    if (is) throw refused();
    return mayWatch() ?? undefined;
  });
}

type Keyed = Pick<PlayLink, 'streamId' | 'detail' | 'fileIndex'>;

/** An opened link is remembered as the very object, so each is hashed once and not once a range. */
const detailKeys = new WeakMap<Keyed, string>();

/** Not `:resource`: links to the same bytes may carry different credentials, and one must not profit from the other's. */
export function sourceKey(kind: string, link: Keyed): string {
  const { streamId, detail, fileIndex } = link;
  if (streamId !== undefined) return `${streamId}:${fileIndex ?? ''}`;
  const known =
    detailKeys.get(link) ?? hash('sha256', JSON.stringify([kind, detail, fileIndex]), 'base64url');
  detailKeys.set(link, known);
  return known;
}

/** Parts that are too large to keep are files of the same kind, by their own address. */
export function fileOpener({ kinds, sources }: PlayDeps, link: PlayLink, signal: AbortSignal): OpenFile {
  return async ({ url, headers, allowsPrivate = false }) => {
    const kind = kinds.get(link.kind ?? '');
    if (kind?.open === undefined)
      throw new NotFound('play.no_bytes', 'Streams of this kind cannot be played here.');
    const { open } = kind;
    const detail = kind.parse({ url, headers, format: 'progressive' });
    const ref = { detail, fileIndex: null, allowsPrivate };
    const key = `${sourceKey(kind.kind, ref)}${allowsPrivate ? ' private' : ''}`;
    return await sources.take(key, (until) => open(ref, until), signal);
  };
}
