import { existsSync } from 'node:fs';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FoundTorrent } from '../../storage.ts';

/** A piece as a file: `<folder>/<info hash>/<index>`. */
export type DiskPiece = { index: number; bytes: number; usedAt: number };
export type DiskTorrent = {
  infoHash: string;
  /** Longest unused first. */
  pieces: readonly DiskPiece[];
  /** Epoch ms. */
  accessedAt: number;
};

/** A piece half written is somebody else's until it is this old: instances may share the folder. */
const LEFT_BEHIND_MS = 3_600_000;
const INFO_HASH = /^[0-9a-f]{40}$/;
/** Its own time of change is when the torrent was read last. */
const ACCESSED = 'accessed';
/** Fifty gigabytes are fifty thousand files; Node has four threads to ask for them. */
const AT_ONCE = 64;

/** Every torrent that has something below `folder`. What an earlier run left half written goes. */
export async function* torrentsOnDisk(folder: string): AsyncGenerator<DiskTorrent> {
  for (const infoHash of (await readdir(folder)).filter((name) => INFO_HASH.test(name))) {
    const names = await readdir(join(folder, infoHash)).catch(() => []);
    const found: DiskPiece[] = [];
    for (let at = 0; at < names.length; at += AT_ONCE)
      found.push(
        ...(
          await Promise.all(names.slice(at, at + AT_ONCE).map((name) => look(join(folder, infoHash), name)))
        ).flat(),
      );
    const pieces = found.filter(({ index }) => index >= 0).sort((a, b) => a.usedAt - b.usedAt);
    const accessedAt = found.reduce((last, { usedAt }) => Math.max(last, usedAt), 0);
    if (pieces.length > 0) yield { infoHash, pieces, accessedAt };
  }
}

/** As the owner is shown it. */
export async function foundIn({
  folder,
  maxBytes,
}: {
  folder: string;
  maxBytes: number;
}): Promise<FoundTorrent[]> {
  const found: FoundTorrent[] = [];
  if (maxBytes === 0 || !existsSync(folder)) return found;
  for await (const { infoHash, pieces, accessedAt } of torrentsOnDisk(folder)) {
    const bytesOnDisk = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
    found.push({ infoHash, piecesHeld: pieces.length, bytesOnDisk, accessedAt: Math.round(accessedAt) });
  }
  return found;
}

/** The piece of that name, -1 for the mark of the last access; nothing where it is neither, or has just gone. */
async function look(folder: string, name: string): Promise<DiskPiece[]> {
  const path = join(folder, name);
  const facts = await stat(path).catch(() => null);
  if (facts === null) return [];
  const { size: bytes, mtimeMs: usedAt } = facts;
  if (name === ACCESSED) return [{ index: -1, bytes, usedAt }];
  if (/^\d+$/.test(name)) return [{ index: Number(name), bytes, usedAt }];
  if (Date.now() - usedAt > LEFT_BEHIND_MS) await rm(path, { force: true });
  return [];
}

/** The order of access outlives a restart. */
export async function markAccessed(folder: string, infoHash: string, at: number): Promise<void> {
  const mark = await open(join(folder, infoHash, ACCESSED), 'w', 0o600);
  try {
    await mark.utimes(at / 1000, at / 1000);
  } finally {
    await mark.close();
  }
}

export async function forgetMark(folder: string): Promise<void> {
  await rm(join(folder, ACCESSED), { force: true }).catch(() => {});
}
