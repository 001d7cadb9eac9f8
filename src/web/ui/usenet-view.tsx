import './settings-mantine.css';
import './settings.css';
import './health.css';
import './usenet.css';
import { Badge, EmptyState, Skeleton } from '@mantine/core';
import { lazy } from 'react';
import { AdminOnly } from './admin-only.tsx';
import { CopyButton } from './copy-button.tsx';
import { colorsIn } from './day-lines.ts';
import { plural } from './format.ts';
import { NewsIcon } from './icons.tsx';
import { LazyPart } from './lazy-part.tsx';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { ProviderRow } from './provider-row.tsx';
import { Rows } from './row.tsx';
import { fetchProviders, type Provider } from './usenet-api.ts';
import { providerLines } from './usenet-days.ts';

const UsenetPlots = lazy(async () => ({ default: (await import('./usenet-plots.tsx')).UsenetPlots }));

const FAILED = 'The Usenet providers could not be loaded';
/** Each second or two while something moves. */
const pace = (providers: readonly Provider[]) =>
  providers.some(({ state }) => state !== null && state.inFlight + state.connections > 0) ? 2000 : 5000;

const EXAMPLE = `USENET_PROVIDERS='[{"name":"main","host":"news.example.com","port":563,"tls":true,"username":"me","password":"secret","connections":20}]'`;

/** Every Usenet provider and how it does; the last month as plots. */
export function UsenetView() {
  return (
    <AdminOnly id="usenet-title" title="Usenet" failed={FAILED}>
      {(onExpired) => <Providers onExpired={onExpired} />}
    </AdminOnly>
  );
}

function Providers({ onExpired }: { onExpired(): void }) {
  const { data, error } = usePolled(fetchProviders, pace);
  const colors = colorsIn(providerLines(data ?? []));
  const hasUsage = data?.some(({ usage }) => usage.length > 0) === true;
  return (
    <section className="tb-section tb-view" aria-labelledby="usenet-title">
      <div className="tb-section-head">
        <h1 id="usenet-title">Usenet</h1>
        {data !== null && <ReadyBadge providers={data} />}
      </div>
      <PolledState isLoaded={data !== null} failed={FAILED} height={420} {...{ error, onExpired }} />
      {data?.every(({ state }) => state === null) === true && <NoProviders />}
      {data !== null && hasUsage && (
        <LazyPart fallback={<Skeleton height={230} radius="lg" />}>
          <UsenetPlots providers={data} />
        </LazyPart>
      )}
      {data !== null && data.length > 0 && (
        <Rows label="Usenet providers">
          {data.map((provider) => (
            <ProviderRow
              key={provider.name}
              provider={provider}
              color={hasUsage ? colors.get(provider.name) : undefined}
            />
          ))}
        </Rows>
      )}
    </section>
  );
}

function ReadyBadge({ providers }: { providers: readonly Provider[] }) {
  const states = providers.flatMap(({ state }) => (state === null ? [] : [state]));
  if (states.length === 0) return null;
  const ready = states.filter(({ status }) => status === 'ready').length;
  return (
    <Badge color={ready === states.length ? 'teal' : 'orange'} variant="light" size="lg" tt="none">
      {ready} of {plural(states.length, 'is ready', 'are ready')}
    </Badge>
  );
}

/** Posts can be listed without any; to play one, its articles have to come from somebody. */
function NoProviders() {
  return (
    <EmptyState
      className="tb-notice"
      icon={<NewsIcon size={30} />}
      title="No Usenet provider yet"
      description="Posts (NZBs) play once somebody gives their articles. Name your provider in the setting USENET_PROVIDERS, in the environment or in the file .env, and start again. More entries may follow in the brackets: a lower “priority” is asked first, and one with “backup”: true only for what all others lack."
    >
      <div className="tb-example">
        <code>{EXAMPLE}</code>
        <CopyButton text={EXAMPLE} label="Copy the example" variant="default" size="sm" />
      </div>
    </EmptyState>
  );
}
