import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { importRelease, type ReleaseOutcome } from '../../src/features/imports/index.ts';
import { StreamInput } from '../../src/features/stream-index/index.ts';
import { AppError, BadInput } from '../../src/kit/errors.ts';
import { importDeps } from '../context.ts';
import type { Importer, ImportWork, Summary } from './importer.ts';
import { badUsage, onlyArgument } from './usage.ts';

/** One release with what it is called in the list of those that were refused. */
type Release = { label: string; read(): Promise<StreamInput> };

/** A list of magnet links, one a line; blank lines and lines that begin with # are passed over. */
export const magnets: Importer = {
  name: 'magnets',
  usage: ['FILE.txt  magnet links, one a line; titles are found or made by their names, nobody is asked'],
  async run(args, work) {
    const path = onlyArgument(args, 'the path of a file of magnet links');
    const found = await stat(path).catch(() => null);
    if (found === null || !found.isFile()) throw noFile(path);
    return importReleases('magnets', magnetsIn(path), null, work);
  },
};

export const torrents: Importer = {
  name: 'torrents',
  usage: ['PATH …  .torrent files, or folders of them'],
  run: (args, work) =>
    importFiles({ name: 'torrents', ending: '.torrent', wanted: /\.torrent$/i }, args, work, (bytes) =>
      StreamInput.parse({ kind: 'torrent', torrent: bytes }),
    ),
};

export const nzbs: Importer = {
  name: 'nzbs',
  usage: ['PATH …  .nzb or .nzb.gz files, or folders of them'],
  run: (args, work) =>
    importFiles(
      { name: 'nzbs', ending: '.nzb or .nzb.gz', wanted: /\.nzb(\.gz)?$/i },
      args,
      work,
      (bytes, nzbName) => StreamInput.parse({ kind: 'usenet', nzb: bytes, nzbName }),
    ),
};

/** Larger is neither a `.torrent` nor an NZB we take. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_LINE_CHARS = 32_768;
const MAX_FILES = 1_000_000;
const MAX_REFUSED = 20;
const HIDDEN = 'hidden until a source of metadata, or you on the page Review, say what they are';

async function* magnetsIn(path: string): AsyncGenerator<Release> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  for await (const line of lines) {
    number += 1;
    const magnet = line.trim();
    if (magnet === '' || magnet.startsWith('#')) continue;
    yield {
      label: `line ${number}`,
      async read() {
        if (magnet.length > MAX_LINE_CHARS) throw new BadInput('seed.too_long', 'The line is too long.');
        return StreamInput.parse({ kind: 'torrent', magnet });
      },
    };
  }
}

async function importFiles(
  { name, ending, wanted }: { name: string; ending: string; wanted: RegExp },
  paths: readonly string[],
  work: ImportWork,
  inputOf: (bytes: Uint8Array, fileName: string) => StreamInput,
): Promise<Summary> {
  if (paths.length === 0) throw badUsage('Give files or folders.');
  const files = (await Promise.all(paths.map((path) => filesIn(path, wanted)))).flat().slice(0, MAX_FILES);
  // Most likely it is another folder that was meant.
  if (files.length === 0)
    throw new BadInput('seed.no_file', `There is no file that ends in ${ending} in ${paths.join(', ')}.`);
  const releases = files.map((path) => ({
    label: basename(path),
    async read() {
      const { size } = await stat(path);
      if (size > MAX_FILE_BYTES) throw new BadInput('seed.too_large', 'The file is larger than 64 MiB.');
      return inputOf(await readFile(path), basename(path));
    },
  }));
  return importReleases(name, releases, files.length, work);
}

async function filesIn(path: string, wanted: RegExp): Promise<string[]> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw noFile(path);
  if (!found.isDirectory()) return [path];
  const names = await readdir(path, { recursive: true });
  return names
    .filter((name) => wanted.test(name))
    .sort()
    .map((name) => join(path, name));
}

function noFile(path: string): BadInput {
  return new BadInput('seed.no_file', `There is no readable file ${path}.`);
}

async function importReleases(
  name: string,
  releases: Iterable<Release> | AsyncIterable<Release>,
  total: number | null,
  { context, signal, progress }: ImportWork,
): Promise<Summary> {
  const deps = await importDeps(context);
  const told = tally();
  try {
    progress.begin('import', name, total);
    for await (const { label, read } of releases) {
      signal.throwIfAborted();
      told.add(label, await taken(read, (input) => importRelease(deps, input, { origin: name, signal })));
      progress.add(1);
    }
    return told.summary();
  } finally {
    await deps.close();
  }
}

function tally() {
  const counts = { releases: 0, newStreams: 0, changedStreams: 0, newTitles: 0, refused: 0 };
  const reasons: string[] = [];
  return {
    add(label: string, outcome: ReleaseOutcome): void {
      counts.releases += 1;
      if (outcome.outcome === 'refused') {
        counts.refused += 1;
        if (reasons.length < MAX_REFUSED) reasons.push(`${label}: ${outcome.reason}`);
        return;
      }
      if (outcome.outcome === 'new') counts.newStreams += 1;
      if (outcome.outcome === 'changed') counts.changedStreams += 1;
      if (outcome.isNewTitle) counts.newTitles += 1;
    },
    summary: (): Summary => ({
      ...counts,
      ...(counts.newTitles === 0 ? {} : { theyAre: HIDDEN }),
      reasons,
    }),
  };
}

async function taken(
  read: Release['read'],
  imported: (input: StreamInput) => Promise<ReleaseOutcome>,
): Promise<ReleaseOutcome> {
  try {
    return await imported(await read());
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { outcome: 'refused', reason: error.message };
  }
}
