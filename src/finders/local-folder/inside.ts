import { realpath } from 'node:fs/promises';
import { isInside, joined } from '../../kit/byte-paths.ts';
import { bytesOfPath } from '../listed-name.ts';

/** A folder of LOCAL_FOLDERS without links in its path, as bytes: names need not be UTF-8. Throws what the file system throws. */
export async function realRoot(root: string): Promise<Buffer> {
  return await realpath(root, { encoding: 'buffer' });
}

/** Where a path of segments leads, links followed; null: out of the root. Throws what the file system throws. */
export async function realInside(root: Buffer, path: string): Promise<Buffer | null> {
  const real = path === '' ? root : await realpath(joined(root, bytesOfPath(path)), { encoding: 'buffer' });
  return isInside(root, real) ? real : null;
}
