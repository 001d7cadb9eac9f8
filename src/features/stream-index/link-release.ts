import { AppError } from '../../kit/errors.ts';
import { parseReleaseName } from '../../kit/release-name.ts';
import type { Db } from '../../platform/db.ts';
import type { Described } from '../../streams/kind.ts';
import { episodeNumbersOf, titleForName, titlesOf } from '../media/index.ts';
import { linksOfMatches } from './link-files.ts';
import { matchFiles } from './match-files.ts';
import type { LinkTarget, StreamInput } from './schemas.ts';
import type { PreparedStream } from './stream-parts.ts';

/** A release with what it says of itself. */
type Looked = Pick<PreparedStream, 'input'> & { described: Described };

/** Numbers that somebody gave, who knows better than the name. */
type Said = { season?: number | undefined; episode?: number | undefined; fileIndex?: number | undefined };

export type ReleasePlace = { mediaId: number; isNewTitle: boolean; links: LinkTarget[] };

/**
 * The title a release is of, read from its name and added where none is called so, and which of its files are the film or which episodes. In the
 * caller's transaction. Throws 422 `streams.no_name` when no name in it tells a title.
 */
export async function placeRelease(
  db: Db,
  { input, described }: Looked,
  said: Said = {},
): Promise<ReleasePlace> {
  const name = input.name ?? described.name ?? '';
  const files = filesOf(input, described);
  const named = await titleForName(db, titleIn(name, files, said));
  const { mediaId, isNew: isNewTitle } = named;
  const [title] = await titlesOf(db, [mediaId]);
  if (title === undefined) throw new Error('the title was there in this transaction');
  const { season, episode, fileIndex } = said;
  const matches = matchFiles(
    {
      ...{ kind: title.kind, season, episode, fileIndex },
      ...{ titles: title.names, year: title.year },
      catalogue: title.kind === 'series' ? await episodeNumbersOf(db, [mediaId]) : [],
    },
    { name, files },
  );
  const [links = []] = await linksOfMatches(db, [{ mediaId, matches }]);
  const sure = links.map((link) => ({
    ...link,
    confidence: Math.min(link.confidence ?? 1, named.confidence),
  }));
  return { mediaId, isNewTitle, links: sure };
}

type Files = ReturnType<typeof filesOf>;

/** By the release's own name, else by that of its largest file. */
function titleIn(name: string, files: Files, said: Said) {
  const [largest] = files.toSorted((a, b) => (b.sizeBytes ?? 0) - (a.sizeBytes ?? 0));
  const told = [name, ...(largest === undefined ? [] : [largest.name])].map(parseReleaseName);
  const parsed = told.find(({ title }) => title !== '');
  if (parsed === undefined) {
    throw new AppError('streams.no_name', 'It does not say what it is called.', { status: 422 });
  }
  const isSeries = said.season !== undefined || told.some(({ kind }) => kind === 'series');
  const { title, year, seasons, episodes } = parsed;
  return {
    ...{ kind: isSeries ? ('series' as const) : ('movie' as const), title: title.slice(0, 500), year },
    ...{ season: said.season ?? seasons[0], episode: said.episode ?? episodes[0] },
  };
}

/** What is inside, as the release itself tells, else as it was said. */
export function filesOf(input: StreamInput, described: Described) {
  if (described.files.length > 0) return described.files;
  return (input.files ?? []).map((file) => ({ ...file, sizeBytes: file.sizeBytes ?? null }));
}
