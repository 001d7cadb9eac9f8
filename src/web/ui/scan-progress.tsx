import { count, duration, plural } from './format.ts';
import { ShareBar } from './progress-card.tsx';
import { etaOf, useRate } from './rate.ts';
import type { RunningScan } from './scan-api.ts';

type ScanProgressProps = {
  scan: RunningScan;
  name: string;
  /** When it was told, epoch ms. */
  at: number | null;
};

/** A scan that runs: how much it has seen, how fast it goes, where it is. How much there is nobody knows: the bar is of the folders known by now. */
export function ScanProgress({ scan, name, at }: ScanProgressProps) {
  const { folders, foldersWaiting, files, inserted, currentFolder } = scan;
  const filesRate = useRate(files, at);
  const foldersRate = useRate(folders, at);
  const eta = etaOf(foldersWaiting, foldersRate);
  const known = folders + foldersWaiting;
  return (
    <section className="tb-scan" aria-label={`Scan of ${name}`}>
      <ShareBar share={known === 0 ? 0 : folders / known} label={`Scan of ${name}`} />
      <p>
        {[
          `${plural(folders, 'folder', 'folders')} of ${count(known)}`,
          plural(files, 'video', 'videos'),
          `${count(inserted)} new`,
          ...(filesRate === null ? [] : [`${count(filesRate)} a second`]),
          ...(eta === null ? [] : [`${duration(eta)} left, as far as is known`]),
        ].join(' · ')}
      </p>
      {currentFolder !== null && <p className="tb-scan-folder">/{currentFolder}</p>}
    </section>
  );
}
