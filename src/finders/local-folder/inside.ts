import { realpath } from 'node:fs/promises';
import { bytesOfPath } from '../listed-name.ts';

const SLASH = 0x2f;

/** A folder of LOCAL_FOLDERS without links in its path, as bytes: names need not be UTF-8. Throws what the file system throws. */
export async function realRoot(root: string): Promise<Buffer> {
  return await realpath(root, { encoding: 'buffer' });
}

/** Where a path of segments leads, links followed; null: out of the root. Throws what the file system throws. */
export async function realInside(root: Buffer, path: string): Promise<Buffer | null> {
  const real = path === '' ? root : await realpath(joined(root, bytesOfPath(path)), { encoding: 'buffer' });
  return isInside(root, real) ? real : null;
}

/** Whether a path without links is the root or lies in it. */
export function isInside(root: Buffer, real: Buffer): boolean {
  if (!real.subarray(0, root.length).equals(root)) return false;
  return real.length === root.length || root.at(-1) === SLASH || real[root.length] === SLASH;
}

export function joined(folder: Buffer, name: Buffer): Buffer {
  return folder.at(-1) === SLASH
    ? Buffer.concat([folder, name])
    : Buffer.concat([folder, Buffer.of(SLASH), name]);
}
