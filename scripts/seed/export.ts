import { open, rename, rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { MEDIA_KINDS, type MediaKind } from '../../src/catalogs/catalog.ts';
import { exportTitles } from '../../src/features/imports/index.ts';
import { AppError } from '../../src/kit/errors.ts';
import type { Importer, ImportWork } from './importer.ts';
import { badUsage, onlyArgument } from './usage.ts';

/** The catalogue as an import file; written beside its name first, so that a stopped export leaves no half file. */
export const exporter: Importer = {
  name: 'export',
  usage: [
    'FILE.json  writes all titles and streams as an import file; nothing that is sealed',
    `FILE.json --kind movie  only of this kind (${MEDIA_KINDS.join(', ')}); may be given several times`,
  ],
  async run(args, work) {
    const { path, kinds } = asked(args);
    const part = `${path}.part`;
    try {
      const titles = await write(part, kinds, work);
      await rename(part, path);
      return { titles, file: path };
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  },
};

function asked(args: readonly string[]): { path: string; kinds: readonly MediaKind[] } {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      options: { kind: { type: 'string', multiple: true } },
      allowPositionals: true,
    });
    const kinds = values.kind?.map((kind) => MEDIA_KINDS.find((known) => known === kind));
    if (kinds?.includes(undefined) === true) throw badUsage(`The kinds are ${MEDIA_KINDS.join(', ')}.`);
    const given = kinds?.filter((kind) => kind !== undefined) ?? MEDIA_KINDS;
    return { path: onlyArgument(positionals, 'the path of the file to write'), kinds: given };
  } catch (error) {
    throw error instanceof TypeError ? badUsage(error.message) : error;
  }
}

async function write(
  path: string,
  kinds: readonly MediaKind[],
  { context, signal, progress }: ImportWork,
): Promise<number> {
  const file = await open(path, 'w').catch(() => {
    throw new AppError('seed.not_writable', `The file ${path} cannot be written.`, { status: 400 });
  });
  try {
    progress.begin('export', 'titles', null);
    await file.write('{"version":1,"titles":[');
    let count = 0;
    for await (const title of exportTitles(context.database.db, { kinds, signal })) {
      await file.write(`${count === 0 ? '\n' : ',\n'}${title}`);
      count += 1;
      progress.add(1);
    }
    await file.write('\n]}\n');
    return count;
  } finally {
    await file.close();
  }
}
