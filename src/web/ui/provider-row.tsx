import type { ReactNode } from 'react';
import { count, duration, size, timeOfDay } from './format.ts';
import { Row } from './row.tsx';
import { Swatched } from './swatched.tsx';
import type { Provider, ProviderState } from './usenet-api.ts';

/** What to do about each sort of failure; null: it passes, or is no fault of the settings. */
const ADVICE: Readonly<Record<NonNullable<ProviderState['failure']>, string | null>> = {
  unreachable: 'Check its host, port and tls in USENET_PROVIDERS; npm run doctor says which of them it is.',
  refused:
    'Correct its username and password in USENET_PROVIDERS and start again, or see whether the account has ended.',
  busy: 'It allows fewer connections than its entry says, or other programs hold some: lower “connections” in USENET_PROVIDERS.',
  silent:
    'If this stays, the provider or the way to it is at fault: fewer “connections” may help, and a second provider takes over meanwhile.',
  cut: 'If this stays, the provider or the way to it is at fault: fewer “connections” may help, and a second provider takes over meanwhile.',
  protocol:
    'Something else than a news server answers there: check its host, port and tls in USENET_PROVIDERS.',
  rejected: null,
  closed: null,
};

type ProviderRowProps = {
  provider: Provider;
  /** Its colour in the plots, as the theme calls it. */
  color: string | undefined;
};

/** One provider: how it does now, and what it gave since this server began. */
export function ProviderRow({ provider: { name, state, usage }, color }: ProviderRowProps) {
  const title = <Swatched name={name} color={color} />;
  if (state === null) return <FormerRow name={title} usage={usage} />;
  return (
    <Row
      className="tb-provider"
      name={title}
      facts={factsOf(state)}
      reasons={reasonsOf(state)}
      status={state.status}
      tone={state.status === 'ready' ? 'quiet' : 'bad'}
      badge={badgeOf(state)}
      figures={[
        ['Connections', `${count(state.connections)} of ${count(state.maxConnections)}`],
        ['Latency', state.latencyMs === null ? '–' : `${count(state.latencyMs)} ms`],
        ['Missing', withShare(state.missing, state.missing + state.articles + state.corrupt)],
        ['Damaged', withShare(state.corrupt, state.articles + state.corrupt)],
        ['Failures', count(state.failures)],
      ]}
    />
  );
}

/** One that is configured no more: only what it gave is known. */
function FormerRow({ name, usage }: Pick<Provider, 'usage'> & { name: ReactNode }) {
  const total = (figure: 'bytes' | 'articles' | 'missing') =>
    usage.reduce((sum, day) => sum + day[figure], 0);
  return (
    <Row
      className="tb-provider"
      name={name}
      facts={['no longer in USENET_PROVIDERS', `${size(total('bytes'))} in the last 30 days`]}
      reasons={[]}
      status="gone"
      badge={{ word: 'Removed', color: 'gray' }}
      figures={[['Missing', withShare(total('missing'), total('missing') + total('articles'))]]}
    />
  );
}

function badgeOf({ status, retryAt }: ProviderState) {
  const until = retryAt === null ? '' : ` until ${timeOfDay(retryAt)}`;
  if (status === 'refused') return { word: 'Login refused', color: 'red' };
  return status === 'resting'
    ? { word: `Resting${until}`, color: 'orange' }
    : { word: 'Ready', color: 'teal' };
}

function factsOf({ status, connections, inFlight, articles, bytes, retryAt }: ProviderState): string[] {
  const given =
    articles === 0
      ? 'nothing given since the start'
      : `${count(articles)} articles, ${size(bytes)} since the start`;
  if (status !== 'ready') return [given, ...(retryAt === null ? [] : [`asked again ${whenOf(retryAt)}`])];
  if (connections === 0) return [given, 'connects when something is played or checked'];
  return inFlight === 0 ? [given] : [given, `${count(inFlight)} under way`];
}

function whenOf(retryAt: number): string {
  const ms = retryAt - Date.now();
  return ms < 1000 ? 'now' : `in ${duration(ms)}`;
}

/** What went wrong last, and what to do; of one that is ready only while nothing came right since. */
function reasonsOf({ reason, failure }: ProviderState): string[] {
  if (reason === null) return [];
  const advice = failure === null ? null : ADVICE[failure];
  const said = `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
  return [advice === null ? said : `${said} ${advice}`];
}

/** `12 (0.4 %)` of all that were asked for. */
function withShare(some: number, all: number): string {
  if (some === 0 || all === 0) return count(some);
  return `${count(some)} (${shareOf(some, all)})`;
}

function shareOf(some: number, all: number): string {
  const percent = (some / all) * 100;
  return percent < 0.1 ? '< 0.1 %' : `${count(percent)} %`;
}
