import { hash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

const FORM = /^[A-Za-z0-9_-]{16}$/;

/**
 * The mark of a folder of pieces, made once and kept in it: rows follow the disk, whatever machine mounts it. A folder that
 * cannot be written to, or is not used, goes by its place.
 */
export async function storeIdOf({ folder, maxBytes }: { folder: string; maxBytes: number }): Promise<string> {
  const byPlace = hash('sha256', `${hostname()} ${folder}`, 'base64url').slice(0, 16);
  if (maxBytes === 0) return byPlace;
  const file = join(folder, 'store-id');
  const known = () => readFile(file, 'utf8').catch(() => '');
  try {
    await mkdir(folder, { recursive: true });
    // Of two that come at once the first one's mark stays.
    if (!FORM.test(await known()))
      await writeFile(file, randomBytes(12).toString('base64url'), { flag: 'wx', mode: 0o600 }).catch(
        () => {},
      );
  } catch {
    return byPlace;
  }
  const id = await known();
  return FORM.test(id) ? id : byPlace;
}
