import type { Progress } from './importer.ts';

/** Draws what an import tells of its titles; the step begins with the first it tells. */
export function titlesDone(progress: Progress): (told: { done: number; total: number | null }) => void {
  let before: number | null = null;
  return ({ done, total }) => {
    if (before === null) progress.begin('import', 'titles', total);
    progress.add(done - (before ?? 0));
    before = done;
  };
}
