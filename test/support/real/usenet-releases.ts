import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeRar } from '../rar-writer.ts';

/** Files as they are posted: a film, whole or in what people put films into. */
export type ReleaseShape = 'plain' | 'RAR4' | 'RAR5' | 'obfuscated RAR5' | 'split';
export const SHAPES: readonly ReleaseShape[] = ['plain', 'RAR4', 'RAR5', 'obfuscated RAR5', 'split'];

type Named = { name: string; bytes: Buffer };

function filesOf(shape: ReleaseShape, film: Named, volumeBytes: number): Named[] {
  const inside = [{ path: film.name, bytes: film.bytes }];
  switch (shape) {
    case 'plain':
      return [film];
    case 'RAR4':
      return writeRar(inside, { version: 4, volumeBytes, naming: 'old' });
    case 'RAR5':
      return writeRar(inside, { version: 5, volumeBytes });
    case 'obfuscated RAR5':
      return writeRar(inside, { version: 5, volumeBytes, naming: 'random' });
    case 'split':
      return Array.from({ length: Math.ceil(film.bytes.length / volumeBytes) }, (_, index) => ({
        name: `${film.name}.${String(index + 1).padStart(3, '0')}`,
        bytes: film.bytes.subarray(index * volumeBytes, (index + 1) * volumeBytes),
      }));
  }
}

/** Writes a release into a folder of its own; the paths, in the order in which they are posted. */
export async function writeRelease(
  dir: string,
  shape: ReleaseShape,
  film: Named,
  volumeBytes: number,
): Promise<string[]> {
  const folder = join(dir, `${shape} of ${film.name}`);
  await mkdir(folder, { recursive: true });
  const files = filesOf(shape, film, volumeBytes);
  for (const { name, bytes } of files) await writeFile(join(folder, name), bytes);
  return files.map(({ name }) => join(folder, name));
}
