import type { Db } from '../../../platform/db.ts';
import { guide } from '../../media/index.ts';
import type { GuideChannel } from './guide-entry.ts';

const CHANNELS_AT_ONCE = 5000;
/** Past this it is no list of channels. */
const MAX_CHANNELS = 500_000;

/** Which channel here a guide means: by its id there, else by a name that only one channel here has. */
export type ChannelMatch = {
  /** Null: none. */
  byId(id: string): number | null;
  /** What the guide says of a channel; false: there is none like it. */
  learn(channel: GuideChannel): boolean;
};

export async function openChannelMatch(db: Db, signal: AbortSignal): Promise<ChannelMatch> {
  const ids = new Map<string, number>();
  /** Null: several are called so. */
  const names = new Map<string, number | null>();
  for (let [after, count] = [0, 0]; count < MAX_CHANNELS; ) {
    signal.throwIfAborted();
    const found = await guide.channels(db, after, CHANNELS_AT_ONCE);
    for (const { mediaId, title, guideId } of found) {
      if (guideId !== null) ids.set(folded(guideId), mediaId);
      names.set(folded(title), names.has(folded(title)) ? null : mediaId);
    }
    count += found.length;
    after = found.at(-1)?.mediaId ?? after;
    if (found.length < CHANNELS_AT_ONCE) break;
  }
  return {
    byId: (id) => ids.get(folded(id)) ?? null,
    learn({ id, names: called }) {
      if (id === '') return false;
      if (ids.has(folded(id))) return true;
      const mediaId = called.map((name) => names.get(folded(name)) ?? null).find((found) => found !== null);
      if (mediaId === undefined || mediaId === null) return false;
      ids.set(folded(id), mediaId);
      return true;
    },
  };
}

function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();
}
