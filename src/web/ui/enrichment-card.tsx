import { Alert, Button } from '@mantine/core';
import { useActing } from './acting.ts';
import { saveSettings } from './api.ts';
import { count, duration, plural } from './format.ts';
import { fetchProgress, type MetadataProgress, retryFailed } from './metadata-api.ts';
import { usePolled } from './polling.ts';
import { sourceName } from './source-names.ts';
import { SourceRow } from './source-row.tsx';

const pace = () => 5_000;
/** The server counts no further, and counts what was asked in so many minutes. */
const [MOST_COUNTED, WINDOW_MIN] = [100_000, 15];

/** How far the titles are that wait for texts and posters, and how each source of them does. */
export function EnrichmentCard({ onExpired }: { onExpired(): void }) {
  const { data, reload } = usePolled(fetchProgress, pace);
  const { isActing, failure, act } = useActing(onExpired);
  if (data === null) return null;
  const { isOn, titles, sources } = data;
  const asked = sources.filter(({ isAsked }) => isAsked);
  const others = sources.filter(({ isAsked }) => !isAsked).map(({ name }) => sourceName(name));

  async function change(work: (signal: AbortSignal) => Promise<unknown>) {
    if (await act(async (signal) => void (await work(signal)))) reload();
  }

  return (
    <section className="tb-card tb-enrichment" aria-labelledby="enrichment-title">
      <h2 id="enrichment-title">Texts and posters</h2>
      <dl>
        {figuresOf(data).map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div className="tb-actions">
        <Button
          variant="default"
          size="xs"
          loading={isActing}
          onClick={() =>
            void change((signal) => saveSettings({ enrichment: isOn ? 'paused' : 'on' }, signal))
          }
        >
          {isOn ? 'Pause' : 'Go on'}
        </Button>
        {titles.failed > 0 && (
          <Button variant="default" size="xs" loading={isActing} onClick={() => void change(retryFailed)}>
            Try {plural(titles.failed, 'failed one', 'failed ones')} again
          </Button>
        )}
      </div>
      {failure !== null && (
        <Alert color="red" variant="light" role="alert">
          {failure}
        </Alert>
      )}
      <details>
        <summary>{summaryOf(asked)}</summary>
        <ul className="tb-sources" aria-label="Sources">
          {asked.map((source) => (
            <SourceRow key={source.name} source={source} />
          ))}
        </ul>
        {others.length > 0 && (
          <p className="tb-quiet tb-sources-others">
            Not asked, as they have no key or are not in METADATA_PROVIDERS: {others.join(', ')}.
          </p>
        )}
      </details>
    </section>
  );
}

function figuresOf({ isOn, titles, sources }: MetadataProgress) {
  const { waiting, failed, lately } = titles;
  const perMinute = lately / WINDOW_MIN;
  const isStuck = !isOn || perMinute === 0 || sources.every(({ isAsked }) => !isAsked);
  return [
    ['Waiting', upTo(waiting)],
    ['Rate', isOn ? `${count(perMinute)} a minute` : 'paused'],
    ['Done in', waiting === 0 ? 'done' : isStuck ? '–' : duration((waiting / perMinute) * 60_000)],
    ['Failed', upTo(failed)],
  ] as const;
}

function upTo(amount: number): string {
  return amount >= MOST_COUNTED ? `${count(MOST_COUNTED)}+` : count(amount);
}

function summaryOf(asked: MetadataProgress['sources']): string {
  const failing = asked.filter(({ lastError }) => lastError !== null).length;
  if (asked.length === 0) return 'No source is asked';
  return `${plural(asked.length, 'source is', 'sources are')} asked${failing === 0 ? '' : `, ${plural(failing, 'fails', 'fail')}`}`;
}
