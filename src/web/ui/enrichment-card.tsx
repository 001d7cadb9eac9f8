import { Button } from '@mantine/core';
import { useActing } from './acting.ts';
import { EnrichmentSwitch } from './enrichment-switch.tsx';
import { count, duration, plural } from './format.ts';
import { fetchProgress, type MetadataProgress, retryFailed } from './metadata-api.ts';
import { MetadataSourceRow } from './metadata-source-row.tsx';
import { usePolled } from './polling.ts';
import { ProgressCard } from './progress-card.tsx';
import { sourceName } from './source-names.ts';

const pace = () => 5_000;
/** The server counts no further, and counts what was asked in so many minutes. */
const [MOST_COUNTED, WINDOW_MIN] = [100_000, 15];

/** How far the titles are that wait for texts and posters, and how each source of them does. */
export function EnrichmentCard({ onExpired }: { onExpired(): void }) {
  const { data, reload } = usePolled(fetchProgress, pace);
  const acting = useActing(onExpired);
  if (data === null) return null;
  const { isOn, titles, sources } = data;
  const asked = sources.filter(({ isAsked }) => isAsked);
  const others = sources.filter(({ isAsked }) => !isAsked).map(({ name }) => sourceName(name));

  async function retry() {
    if (await acting.act(retryFailed)) reload();
  }

  return (
    <ProgressCard
      id="enrichment-title"
      title="Texts and posters"
      figures={figuresOf(data)}
      failure={acting.failure}
      actions={
        <>
          <EnrichmentSwitch isOn={isOn} acting={acting} onChanged={reload} />
          {titles.failed > 0 && (
            <Button variant="default" size="xs" loading={acting.isActing} onClick={() => void retry()}>
              Try {plural(titles.failed, 'failed one', 'failed ones')} again
            </Button>
          )}
        </>
      }
    >
      <details>
        <summary>{summaryOf(asked)}</summary>
        <ul className="tb-sources" aria-label="Sources">
          {asked.map((source) => (
            <MetadataSourceRow key={source.name} source={source} />
          ))}
        </ul>
        {others.length > 0 && (
          <p className="tb-quiet tb-sources-others">
            Not asked, as they have no key or are not in METADATA_PROVIDERS: {others.join(', ')}.
          </p>
        )}
      </details>
    </ProgressCard>
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
