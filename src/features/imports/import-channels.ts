import type { ListEntry } from '../../kit/m3u-read.ts';
import { hideUnseen } from '../stream-index/index.ts';
import { channelTitles } from './channel-titles.ts';
import { type ImportDeps, type ImportOptions, type ImportResult, importAll } from './import-titles.ts';
import { streamProblems } from './read-import-file.ts';

export type ChannelsResult = ImportResult & { entries: number; refused: number; goneStreams: number };

/**
 * Imports an IPTV list under a name of its own: what an earlier reading of the same list brought and this one does not hold any more is
 * hidden (and comes back with the list). A list without a single entry changes nothing.
 */
export async function importChannels(
  deps: ImportDeps,
  list: AsyncIterable<ListEntry>,
  options: ImportOptions,
): Promise<ChannelsResult> {
  const startedAt = new Date();
  const { titles, entries, refused } = await channelTitles(list);
  const sound = titles.filter((title) => streamProblems(deps, title, '').length === 0);
  const result = await importAll(deps, sound, {
    ...{ ...options, total: sound.length },
    ...{ isSeen: true, isGuessed: true },
  });
  const goneStreams = sound.length === 0 ? 0 : await hideUnseen(deps.db, options.name, startedAt);
  return { ...result, entries, refused: refused + titles.length - sound.length, goneStreams };
}
