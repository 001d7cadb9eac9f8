import { statfs } from 'node:fs/promises';

/** How much may be kept on disk: what the owner allows, and less where the disk itself runs short. */
export type DiskRoom = {
  limitBytes(): number;
  /** Asks the disk; `usedBytes` is what is kept there now. */
  measure(usedBytes: number): Promise<void>;
};

const GIB = 1024 ** 3;
/** Left to everything else on the disk: the database lies there too. A disk too small for that is shared half and half. */
const [RESERVE_BYTES, RESERVE_SHARE] = [2 * GIB, 0.05];

export function reserveOf(diskBytes: number): number {
  return Math.min(diskBytes / 2, Math.max(RESERVE_BYTES, diskBytes * RESERVE_SHARE));
}

export function createDiskRoom(folder: string, maxBytes: number, reserve = reserveOf): DiskRoom {
  let limit = maxBytes;
  return {
    limitBytes: () => limit,
    async measure(usedBytes) {
      const { bavail, blocks, bsize } = await statfs(folder);
      const ours = usedBytes + bavail * bsize - reserve(blocks * bsize);
      limit = Math.max(0, Math.min(maxBytes, ours));
    },
  };
}

/** The limit as it is now. */
export async function limitOf(
  { folder, maxBytes }: { folder: string; maxBytes: number },
  usedBytes: number,
): Promise<number> {
  const room = createDiskRoom(folder, maxBytes);
  if (maxBytes > 0) await room.measure(usedBytes);
  return room.limitBytes();
}
