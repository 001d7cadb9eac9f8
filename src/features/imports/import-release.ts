import { AppError } from '../../kit/errors.ts';
import { parseReleaseName } from '../../kit/release-name.ts';
import type { Described } from '../../streams/kind.ts';
import { episodeNumbersOf, titleForName, titlesOf } from '../media/index.ts';
import {
  linksOfMatches,
  matchFiles,
  type PreparedStream,
  prepareStream,
  type StreamInput,
  saveStreams,
} from '../stream-index/index.ts';
import type { ImportDeps } from './import-titles.ts';

/** What came of one release. `reason`: a sentence without its name. */
export type ReleaseOutcome =
  | { outcome: 'new' | 'changed' | 'same'; mediaId: number; isNewTitle: boolean }
  | { outcome: 'refused'; reason: string };

const DESCRIBE_TIMEOUT_MS = 20_000;

/**
 * Adds a torrent or post by what it says of itself, as POST /api/streams does, with nobody asked: its name is read for the title, which is
 * added where none is called so, and its files are linked to the film or the episodes they tell. One transaction.
 */
export async function importRelease(
  deps: ImportDeps,
  input: StreamInput,
  { origin, signal }: { origin: string; signal: AbortSignal },
): Promise<ReleaseOutcome> {
  try {
    const prepared = prepareStream(deps, input);
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(DESCRIBE_TIMEOUT_MS)]);
    const described = await prepared.kind.describe(prepared.detail, bounded);
    return await deps.db.transaction((tx) =>
      linkRelease({ ...deps, db: tx }, { ...prepared, described }, origin),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AppError)) throw error;
    return { outcome: 'refused', reason: error.message };
  }
}

type Looked = Omit<PreparedStream, 'links'> & { described: Described };

async function linkRelease(
  deps: Omit<ImportDeps, 'db'> & { db: Parameters<typeof titleForName>[0] },
  release: Looked,
  origin: string,
): Promise<ReleaseOutcome> {
  const { db } = deps;
  const name = release.input.name ?? release.described.name ?? '';
  const named = await titleForName(db, titleIn(name, release.described));
  const { mediaId, isNew: isNewTitle } = named;
  const [title] = await titlesOf(db, [mediaId]);
  if (title === undefined) throw new Error('the title was there in this transaction');
  const matches = matchFiles(
    {
      ...{ kind: title.kind, season: undefined, episode: undefined, fileIndex: undefined },
      ...{ titles: title.names, year: title.year },
      catalogue: title.kind === 'series' ? await episodeNumbersOf(db, [mediaId]) : [],
    },
    { name, files: filesOf(release) },
  );
  const [links = []] = await linksOfMatches(db, [{ mediaId, matches }]);
  const sure = links.map((link) => ({
    ...link,
    confidence: Math.min(link.confidence ?? 1, named.confidence),
  }));
  const [saved] = await saveStreams(deps, [{ ...release, links: sure }], { isSeen: false, origin });
  if (saved === undefined) throw new Error('one stream has one answer');
  return { outcome: saved.outcome, mediaId, isNewTitle };
}

/** By the release's own name, else by that of its largest file. */
function titleIn(name: string, { files }: Described) {
  const [largest] = files.toSorted((a, b) => (b.sizeBytes ?? 0) - (a.sizeBytes ?? 0));
  const told = [name, ...(largest === undefined ? [] : [largest.name])].map(parseReleaseName);
  const parsed = told.find(({ title }) => title !== '');
  if (parsed === undefined) {
    throw new AppError('imports.no_name', 'It does not say what it is called.', { status: 422 });
  }
  const isSeries = told.some(({ kind }) => kind === 'series');
  const { title, year, seasons, episodes } = parsed;
  return {
    ...{ kind: isSeries ? ('series' as const) : ('movie' as const), title: title.slice(0, 500), year },
    ...{ season: seasons[0], episode: episodes[0] },
  };
}

function filesOf({ input, described }: Looked) {
  if (described.files.length > 0) return described.files;
  return (input.files ?? []).map((file) => ({ ...file, sizeBytes: file.sizeBytes ?? null }));
}
