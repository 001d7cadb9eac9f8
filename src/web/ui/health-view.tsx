import './health.css';
import { Badge, Button, EmptyState, Skeleton } from '@mantine/core';
import { lazy } from 'react';
import type { Check, Health, RecurringJob } from './api.ts';
import { duration, plural, timeWithSeconds } from './format.ts';
import { WarningIcon } from './icons.tsx';
import { LazyPart } from './lazy-part.tsx';
import type { Polled } from './polling.ts';
import { SourcesHealth } from './source-health.tsx';

const HealthPlots = lazy(async () => ({ default: (await import('./health-plots.tsx')).HealthPlots }));

const STATUS_WORDS = {
  ok: { word: 'OK', color: 'teal' },
  warn: { word: 'Warning', color: 'orange' },
  fail: { word: 'Failed', color: 'red' },
  off: { word: 'Off', color: 'gray' },
} as const;
/** What needs attention comes first. */
const ORDER = ['fail', 'warn', 'ok', 'off'];

/** The checks and the last hour's plots; asked for again every 15 s while the page is shown. */
export function HealthView({ health }: { health: Polled<Health> }) {
  const { data, error } = health;
  return (
    <section className="tb-section tb-view" aria-labelledby="health-title">
      <div className="tb-section-head">
        <h1 id="health-title">Health</h1>
        {data && <OverallBadge health={data} isReachable={!error} />}
      </div>
      {error && <Unreachable health={health} />}
      {!data && !error && <Skeleton height={420} radius="lg" />}
      {data && (
        <>
          <p className="tb-quiet tb-health-line">
            Up {duration((health.updatedAt ?? data.startedAt) - data.startedAt)} ·{' '}
            {plural(data.liveStreams, 'stream is playing', 'streams are playing')}
            {health.updatedAt !== null && <> · as of {timeWithSeconds(health.updatedAt)}</>}
          </p>
          <ul className="tb-checks">
            {data.checks.toSorted(byUrgency).map((check) => (
              <CheckCard key={check.name} check={check} />
            ))}
          </ul>
          {data.jobs.length > 0 && (
            <>
              <h2>Recurring work</h2>
              <ul className="tb-checks tb-jobs">
                {data.jobs.map((job) => (
                  <JobCard key={job.name} job={job} nowMs={health.updatedAt ?? data.startedAt} />
                ))}
              </ul>
            </>
          )}
          <SourcesHealth />
          <h2>The last hour</h2>
          {data.history.length < 2 ? (
            <EmptyState
              className="tb-notice"
              title="Nothing to plot yet"
              description="The server writes down its figures every 15 seconds. The plots start with the second row."
            />
          ) : (
            <LazyPart fallback={<Skeleton height={480} radius="lg" />}>
              <HealthPlots history={data.history} />
            </LazyPart>
          )}
        </>
      )}
    </section>
  );
}

function OverallBadge({ health, isReachable }: { health: Health; isReachable: boolean }) {
  if (!isReachable) return <Badge color="red">Not reachable</Badge>;
  return health.status === 'ok' ? (
    <Badge color="teal" variant="light" size="lg" tt="none">
      All is well
    </Badge>
  ) : (
    <Badge color="orange" variant="light" size="lg" tt="none">
      Needs attention
    </Badge>
  );
}

function CheckCard({ check }: { check: Check }) {
  const { word, color } = STATUS_WORDS[check.status];
  return (
    <li className="tb-card tb-check" data-status={check.status}>
      <div>
        <h3>{check.name}</h3>
        <Badge color={color} variant="light" size="sm" radius="sm" tt="none">
          {word}
        </Badge>
      </div>
      <p>{check.detail}</p>
    </li>
  );
}

/** When it ran, what came of it, when it runs next. */
function JobCard({ job, nowMs }: { job: RecurringJob; nowMs: number }) {
  const { name, lastAt, nextAt, isPaused, told } = job;
  return (
    <li className="tb-card tb-check">
      <div>
        <h3>{name}</h3>
        {isPaused && (
          <Badge color="gray" variant="light" size="sm" radius="sm" tt="none">
            Paused
          </Badge>
        )}
      </div>
      <p>
        {lastAt === null ? 'Has not run yet' : `${ago(nowMs - lastAt)}${told === null ? '' : `: ${told}`}`}
      </p>
      {nextAt !== null && (
        <p>{nextAt <= nowMs ? 'Next now' : `Next in ${duration(roundedUp(nextAt - nowMs))}`}</p>
      )}
    </li>
  );
}

const MINUTE_MS = 60_000;

function ago(ms: number): string {
  return ms < MINUTE_MS ? 'Just now' : `${duration(Math.floor(ms / MINUTE_MS) * MINUTE_MS)} ago`;
}

function roundedUp(ms: number): number {
  return Math.ceil(ms / MINUTE_MS) * MINUTE_MS;
}

function Unreachable({ health }: { health: Polled<Health> }) {
  return (
    <EmptyState
      className="tb-notice"
      icon={<WarningIcon size={30} />}
      title={health.data ? 'The figures below are old' : 'No figures'}
      description={health.error?.message}
    >
      <Button onClick={health.reload} loading={health.isLoading}>
        Try again
      </Button>
    </EmptyState>
  );
}

function byUrgency(a: Check, b: Check): number {
  return ORDER.indexOf(a.status) - ORDER.indexOf(b.status);
}
