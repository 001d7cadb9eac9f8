import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { openTempDir, runProcess } from './processes.ts';

export type SmallDisk = AsyncDisposable & {
  path: string;
  /** Takes all that is left but `leaveBytes`. */
  fill(leaveBytes?: number): Promise<void>;
  /** Gives it back. */
  free(): Promise<void>;
};

const BLOCK = 4096;

/** A file system of its own of `sizeMib` in memory; root only. Unmounted on disposal, whatever still holds it. */
export async function openSmallDisk(sizeMib: number): Promise<SmallDisk> {
  const dir = await openTempDir();
  const filler = join(dir.path, 'filler');
  await runProcess({
    command: 'mount',
    args: ['-t', 'tmpfs', '-o', `size=${sizeMib}m,mode=0700`, 'tributary-test', dir.path],
  });
  return {
    path: dir.path,
    async fill(leaveBytes = 0) {
      const file = await open(filler, 'a');
      try {
        const { bavail, bsize } = await statfs(dir.path);
        const chunk = Buffer.alloc(BLOCK);
        for (let left = bavail * bsize - leaveBytes; left >= BLOCK; left -= BLOCK) await file.write(chunk);
      } catch (error) {
        // Others write there too: full is full.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      } finally {
        await file.close();
      }
    },
    free: () => rm(filler, { force: true }),
    async [Symbol.asyncDispose]() {
      await runProcess({ command: 'umount', args: ['--lazy', dir.path] });
      await dir.remove();
    },
  };
}
