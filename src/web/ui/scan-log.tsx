import { useCallback } from 'react';
import { count, dayOf, duration, plural, timeOfDay } from './format.ts';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { fetchScans, type Scan } from './scan-api.ts';

const pace = () => 5_000;

type ScanLogProps = { sourceId: string; name: string; onExpired(): void };

/** What became of the last scans of a source, and of matching what they found. */
export function ScanLog({ sourceId, name, onExpired }: ScanLogProps) {
  const ask = useCallback((signal: AbortSignal) => fetchScans(sourceId, signal), [sourceId]);
  const { data, error } = usePolled(ask, pace);
  return (
    <div className="tb-scan-log">
      <PolledState
        isLoaded={data !== null}
        failed="The scans could not be loaded"
        height={80}
        {...{ error, onExpired }}
      />
      {data?.length === 0 && <p className="tb-quiet">It has not been scanned yet.</p>}
      {data !== null && data.length > 0 && (
        <ol aria-label={`Scans of ${name}`}>
          {data.map((scan) => (
            <li key={`${scan.batchId} ${scan.phase}`} data-status={scan.status}>
              <span className="tb-scan-when">
                {dayOf(scan.startedAt)}, {timeOfDay(Date.parse(scan.startedAt))}
              </span>
              <span>
                <b>{wordOf(scan)}:</b> {countsOf(scan).join(' · ')}
                {scan.failure !== null && <span className="tb-row-reason"> {scan.failure}</span>}
              </span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

function wordOf({ phase, origin, status, startedAt, endedAt }: Scan): string {
  const what = phase === 'enricher' ? 'Matching' : origin === 'results' ? 'Sent in' : 'Scan';
  if (status === 'started') return `${what}, running`;
  const took = endedAt === null ? '' : ` in ${duration(Date.parse(endedAt) - Date.parse(startedAt))}`;
  return `${what} ${status === 'failed' ? 'failed' : 'done'}${took}`;
}

/** What was not there is not counted. */
function countsOf(scan: Scan): string[] {
  if (scan.phase === 'enricher')
    return told([
      [scan.matched, 'matched'],
      [scan.flagged, 'for review'],
      [scan.unmatched, 'not known'],
      [scan.failed, 'failed'],
    ]);
  return [
    `${plural(scan.files, 'video', 'videos')} in ${plural(scan.folders, 'folder', 'folders')}`,
    ...told([
      [scan.inserted, 'new'],
      [scan.moved, 'moved'],
      [scan.gone, 'gone'],
      [scan.extras, scan.extras === 1 ? 'extra' : 'extras'],
      [scan.subtitles, 'new subtitles'],
    ]),
  ];
}

function told(counts: readonly (readonly [number, string])[]): string[] {
  return counts.filter(([amount]) => amount > 0).map(([amount, word]) => `${count(amount)} ${word}`);
}
