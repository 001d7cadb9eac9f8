import { z } from 'zod';
import { Conflict, NotFound } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import type { Log } from '../../platform/log.ts';
import type { Notify } from '../../platform/notify.ts';
import type { KindStorage, StoredTorrent } from '../../streams/storage.ts';
import {
  deleteStored,
  oneTorrent,
  pausedTorrents,
  pauseStored,
  resumeStored,
  settleFound,
} from './queries.ts';
import { storeIdOf } from './store-id.ts';
import { createStoredWriter } from './stored-writer.ts';

export type TorrentStorage = {
  /** The mark of this instance's folder. */
  readonly store: string;
  note(reports: readonly StoredTorrent[]): void;
  /** From now on the owner's pauses reach the engine. */
  begin(engine: KindStorage): Promise<void>;
  /** Brings the rows in line with what is found on disk; what the engine told since the start it knows better. */
  reconcile(): Promise<void>;
  /** On all instances. Throw `torrent.not_found` where nothing is known of it. */
  pause(infoHash: string): Promise<void>;
  resume(infoHash: string): Promise<void>;
  /** Throws `torrent.playing` (409) where somebody reads it and it is not forced. */
  remove(infoHash: string, isForced: boolean): Promise<void>;
  /** What may be kept here, with the disk as full as it is; null: the disk does not say. */
  limitBytes(usedBytes: number): Promise<number | null>;
  close(): Promise<void>;
};

export type TorrentStorageDeps = {
  db: Pool;
  notify: Notify;
  log: Log;
  pieceCache: { folder: string; maxBytes: number };
};

const CHANNEL = 'torrents';
const Message = z.object({ action: z.enum(['pause', 'resume', 'remove']), infoHash: z.string() });
type Message = z.infer<typeof Message>;

/** What lies on disk of torrents, as rows; and the owner's hand on it. */
export async function createTorrentStorage(deps: TorrentStorageDeps): Promise<TorrentStorage> {
  const { db, notify, log, pieceCache } = deps;
  const store = await storeIdOf(pieceCache);
  const writer = createStoredWriter({ db, store, log });
  const paused = new Set<string>();
  /** By this instance, which hears its own message. */
  const removing = new Set<string>();
  let engine: KindStorage | null = null;
  let unsubscribe = () => {};

  /** After a message that may have been missed, the table is right. */
  async function reload(): Promise<void> {
    try {
      const now = new Set(await pausedTorrents(db));
      for (const infoHash of [...paused]) if (!now.has(infoHash)) setPaused(infoHash, false);
      for (const infoHash of now) setPaused(infoHash, true);
    } catch (error) {
      log.warn({ err: error }, 'which torrents are paused could not be read');
    }
  }

  function setPaused(infoHash: string, isPaused: boolean): void {
    if (isPaused) {
      paused.add(infoHash);
      engine?.pause(infoHash);
    } else {
      paused.delete(infoHash);
      engine?.resume(infoHash);
    }
  }

  function heed({ action, infoHash }: Message): void {
    if (action !== 'remove') setPaused(infoHash, action === 'pause');
    else if (removing.has(infoHash)) return;
    else
      removeHere(infoHash, true).catch((error: unknown) =>
        log.warn({ err: error, infoHash }, 'a torrent could not be removed'),
      );
  }

  /** First the bytes, then the row: what is told of it in between is not written after. */
  async function removeHere(infoHash: string, isForced: boolean): Promise<boolean> {
    if (!((await engine?.remove(infoHash, isForced)) ?? true)) return false;
    paused.delete(infoHash);
    writer.forget(infoHash);
    await writer.settled();
    await deleteStored(db, [infoHash], store);
    return true;
  }

  async function tell(message: Message): Promise<void> {
    heed(message);
    await notify.publish(CHANNEL, JSON.stringify(message));
  }

  return {
    store,
    note: writer.note,
    async begin(begun) {
      engine = begun;
      unsubscribe = notify.subscribe(CHANNEL, {
        onMessage: (payload) => heed(Message.parse(JSON.parse(payload))),
        onGap: () => void reload(),
      });
      await reload();
    },
    async reconcile() {
      const found = (await engine?.found()) ?? [];
      await settleFound(db, store, found, writer.hasHeardOf);
      writer.forgetHeard();
    },
    async pause(infoHash) {
      if (!(await pauseStored(db, infoHash))) throw notFound();
      await tell({ action: 'pause', infoHash });
    },
    async resume(infoHash) {
      if (!(await resumeStored(db, infoHash))) throw notFound();
      await tell({ action: 'resume', infoHash });
    },
    async remove(infoHash, isForced) {
      const known = await oneTorrent(db, infoHash);
      if (known === null) throw notFound();
      if (!isForced && known.readers > 0) throw playing();
      if (!(await removeHere(infoHash, isForced))) throw playing();
      await deleteStored(db, [infoHash], null);
      removing.add(infoHash);
      try {
        await notify.publish(CHANNEL, JSON.stringify({ action: 'remove', infoHash } satisfies Message));
      } finally {
        // Or what another instance removes later would stay here.
        removing.delete(infoHash);
      }
    },
    limitBytes: async (usedBytes) => await (engine?.limitBytes(usedBytes).catch(() => null) ?? null),
    async close() {
      unsubscribe();
      await writer.settled();
    },
  };
}

export function notFound(): NotFound {
  return new NotFound('torrent.not_found', 'Nothing of this torrent is kept here.');
}

function playing(): Conflict {
  return new Conflict(
    'torrent.playing',
    'Somebody is watching this torrent. Ask again with force=true to remove it all the same.',
  );
}
