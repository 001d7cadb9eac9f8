import { z } from 'zod';
import { contentTypeOf } from '../../kit/content-type.ts';
import { NotFound } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { healthOf } from '../health-of.ts';
import type { KindDeps, StreamKind, StreamRef } from '../kind.ts';
import { streamIdsOf, targetsOf } from '../listing.ts';
import type { SavedDetail } from '../many-at-once.ts';
import { resourceKey } from '../resource.ts';
import { createBuffers, openLocal } from './open.ts';
import { moveLocal, offeredLocal, saveLocalRows, storedLocal, streamsOfFiles } from './queries.ts';

/** Folder name of the files shipped with the product. */
const SHIPPED = 'starter';

/** A path below a folder, `/` between its parts. Refused: absolute ones, `..` in any spelling, backslashes, NUL. */
const RelativePath = z.string().min(1).max(4096).refine(isInside, 'leads out of its folder');
const FolderName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'is not a folder name');

const LocalDetail = z.object({ folder: FolderName, path: RelativePath });
type LocalDetail = z.infer<typeof LocalDetail>;

const LocalInput = z.union([
  LocalDetail,
  z
    .object({ file: z.string().regex(/^[^/]+\/./, 'needs the form folder/path') })
    .transform(({ file }) => ({
      folder: file.slice(0, file.indexOf('/')),
      path: file.slice(file.indexOf('/') + 1),
    }))
    .pipe(LocalDetail),
]);

/** Files in folders the owner named, and those shipped with the product (`starter/…`). */
export function localKind({ db, localFolders, shippedFolder }: KindDeps): StreamKind {
  const buffers = createBuffers();

  async function open(ref: StreamRef) {
    const { folder, path } = 'detail' in ref ? LocalDetail.parse(ref.detail) : await stored(ref.streamId);
    const root = folder === SHIPPED ? shippedFolder : localFolders.get(folder);
    if (root === undefined)
      throw new NotFound('stream.folder_missing', 'The folder of this file is no longer in LOCAL_FOLDERS.');
    return await openLocal(root, path, buffers);
  }

  async function stored(streamId: number): Promise<LocalDetail> {
    const row = await storedLocal(db, streamId);
    if (row === null) throw new NotFound('stream.not_found', 'This stream does not exist any more.');
    return row;
  }

  return {
    kind: 'local',
    parse: (input) => parseInput(LocalInput, input, 'The file'),
    resource: (detail) => resourceOf(LocalDetail.parse(detail)),
    find: async (on, detail) => (await findAll(on, [detail]))[0] ?? null,
    findAll,
    save: (on, streamId, detail, place) => saveAll(on, [{ streamId, detail, place }]),
    saveAll,
    async describe(detail) {
      const source = await open({ detail, fileIndex: null });
      await source.close();
      const name = LocalDetail.parse(detail).path.split('/').at(-1) ?? null;
      return { name, sizeBytes: source.size, contentType: source.contentType, files: [], trackers: [] };
    },
    targets,
    move: async (on, moved) =>
      await moveLocal(
        on,
        moved.map(({ detail, ...rest }) => ({ ...rest, ...LocalDetail.parse(detail) })),
      ),
    async beside(streamId, address) {
      const row = await storedLocal(db, streamId);
      const detail = LocalInput.safeParse({ file: address.replace(/^local:/, '') });
      if (row === null || !detail.success || detail.data.folder !== row.folder) return null;
      return await open({ detail: detail.data, fileIndex: null });
    },
    open: (ref) => open(ref),
    check: (ref) => healthOf(async () => await (await open(ref)).close()),
  };
}

function findAll(on: Db, details: readonly unknown[]): Promise<(number | null)[]> {
  return streamsOfFiles(
    on,
    details.map((detail) => LocalDetail.parse(detail)),
  );
}

async function saveAll(on: Db, saved: readonly SavedDetail[]): Promise<void> {
  await saveLocalRows(
    on,
    saved.map(({ streamId, detail, place = null }) => ({ ...LocalDetail.parse(detail), streamId, place })),
  );
}

const targets: StreamKind['targets'] = async (db, refs) => {
  const offered = await offeredLocal(db, streamIdsOf(refs));
  return targetsOf(refs, offered, (offer, { fileIndex }) => {
    return { via: 'play', fileIndex, resource: resourceOf(offer), contentType: contentTypeOf(offer.path) };
  });
};

function resourceOf({ folder, path }: LocalDetail): string {
  return resourceKey('local', `${folder}/${path}`);
}

/** Nothing here decodes percent signs, but who writes `%2e%2e` means no film. */
function isInside(path: string): boolean {
  return [path, decoded(path)].every(
    (form) =>
      !/[\0\\]/.test(form) && form.split('/').every((part) => part !== '' && part !== '.' && part !== '..'),
  );
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
