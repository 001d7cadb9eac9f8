import type { Layout, Stretch } from '../articles/part.ts';

/** A layout over some of a release's posted files, told by their places in the release. */
export function overMembers(layout: Layout, members: readonly number[]): Layout {
  const placed = (stretch: Stretch): Stretch => ({ ...stretch, volume: members[stretch.volume] ?? -1 });
  return {
    sizeBytes: layout.sizeBytes,
    guess: (offset) => placed(layout.guess(offset)),
    locate(offset, signal) {
      const stretch = layout.locate(offset, signal);
      return stretch instanceof Promise ? stretch.then(placed) : placed(stretch);
    },
  };
}
