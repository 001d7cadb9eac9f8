import { Alert, Badge, Button, Modal } from '@mantine/core';
import { useState } from 'react';
import { stopStream } from './api.ts';
import { count, duration, plural, rate, size } from './format.ts';
import type { LiveRow } from './live-history.ts';
import { toFailure } from './polling.ts';

/** Standing still this long is worth a word: a paused player, or a source that does not answer. */
const STALLED_S = 5;

type Swarm = NonNullable<LiveRow['swarm']>;
type LiveRowProps = { row: LiveRow; onExpired(): void };

/** One viewer's stream: who, what, how fast over the last minute, and the way to end it. */
export function LiveRowCard({ row, onExpired }: LiveRowProps) {
  const [isAsking, setIsAsking] = useState(false);
  const isRunning = row.ids.length > 0;
  return (
    <li className="tb-card tb-live-row" data-running={isRunning}>
      <div className="tb-live-what">
        <h3>{row.title}</h3>
        <p className="tb-quiet">
          {row.kind} · {row.client} · {viewerOf(row.subject)} · {duration(row.lastSeenAt - row.startedAt)}
        </p>
      </div>
      <div className="tb-live-speed">
        <Sparkline speeds={row.speeds} />
        <span className="tb-live-now">{rate(row.bytesPerSecond)}</span>
      </div>
      <dl className="tb-live-figures">
        <div>
          <dt>Buffer</dt>
          <dd>{size(row.bufferedBytes)}</dd>
        </div>
        <div>
          <dt>Resumes</dt>
          <dd>{row.resumes}</dd>
        </div>
        <div>
          <dt>Position</dt>
          <dd>{placeOf(row)}</dd>
        </div>
        {row.swarm !== undefined && (
          <div>
            <dt>Swarm</dt>
            <dd>{swarmOf(row.swarm, row.hasBegun)}</dd>
          </div>
        )}
        {row.post !== undefined && (
          <div>
            <dt>Providers</dt>
            <dd>{postOf(row.post)}</dd>
          </div>
        )}
        {isRunning && !row.hasBegun && (
          <Badge color="teal" variant="light" size="sm" radius="sm" tt="none">
            Starting
          </Badge>
        )}
        {isRunning && row.hasBegun && row.stalledSeconds >= STALLED_S && (
          <Badge color="orange" variant="light" size="sm" radius="sm" tt="none">
            Stands still for {duration(row.stalledSeconds * 1000)}
          </Badge>
        )}
      </dl>
      <Button
        className="tb-live-stop"
        variant="default"
        size="sm"
        disabled={!isRunning}
        onClick={() => setIsAsking(true)}
        aria-label={`Stop ${row.title} for ${row.client}`}
      >
        Stop
      </Button>
      <div className="tb-live-place" aria-hidden="true">
        <span style={{ width: `${(shareOf(row) * 100).toFixed(2)}%` }} />
      </div>
      {isAsking && <StopDialog row={row} onClose={() => setIsAsking(false)} onExpired={onExpired} />}
    </li>
  );
}

function StopDialog({ row, onClose, onExpired }: LiveRowProps & { onClose(): void }) {
  const [isStopping, setIsStopping] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);

  async function stop() {
    setIsStopping(true);
    try {
      const { signal } = new AbortController();
      await Promise.all(row.ids.map((id) => stopStream(id, signal)));
      onClose();
    } catch (reason) {
      const refused = toFailure(reason);
      if (refused.status === 401) return onExpired();
      setFailure(refused.message);
      setIsStopping(false);
    }
  }

  return (
    <Modal
      opened
      onClose={onClose}
      centered
      title="Stop this stream?"
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <p>
        <b>{row.title}</b> ends for {row.client} at once. Their player may ask again; the link stays valid.
      </p>
      {failure !== null && (
        <Alert color="red" variant="light" mt="md">
          {failure}
        </Alert>
      )}
      <div className="tb-actions tb-live-dialog">
        <Button color="red" loading={isStopping} onClick={() => void stop()} data-autofocus>
          Stop {row.ids.length > 1 ? `its ${plural(row.ids.length, 'request', 'requests')}` : 'it'}
        </Button>
        <Button variant="default" onClick={onClose}>
          Let it run
        </Button>
      </div>
    </Modal>
  );
}

const [WIDTH, HEIGHT, POINTS] = [120, 32, 60];

/** An own drawing: fifty rows of chart components would be redrawn every second. */
function Sparkline({ speeds }: { speeds: readonly number[] }) {
  const most = Math.max(1, ...speeds);
  const points = speeds.map((speed, index) => {
    const x = WIDTH - ((speeds.length - 1 - index) * WIDTH) / (POINTS - 1);
    return `${x.toFixed(1)},${(HEIGHT - 1 - (speed / most) * (HEIGHT - 3)).toFixed(1)}`;
  });
  const first = points[0]?.split(',')[0] ?? WIDTH;
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className="tb-spark"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <polygon points={`${first},${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}`} />
      <polyline points={points.join(' ')} />
    </svg>
  );
}

function viewerOf(subject: string): string {
  if (subject === 'public') return 'without a profile';
  return subject === 'api' ? 'link of the API' : subject;
}

function placeOf({ hasBegun, position, size: whole }: LiveRow): string {
  if (!hasBegun) return '–';
  if (whole === null) return size(position);
  return whole === 0 ? '–' : `${Math.floor((Math.min(position, whole) / whole) * 100)} % of ${size(whole)}`;
}

/** Who gives of those connected, what they give together, and how much of it is here; broken only between these. */
function swarmOf(
  { peers, giving, bytesPerSecond, piecesHeld, pieceCount }: Swarm,
  hasBegun: boolean,
): string {
  const nobody = hasBegun ? 'no peer' : 'no peer yet';
  return [
    peers === 0 ? nobody : `${giving} of ${plural(peers, 'peer', 'peers')}`,
    ...(rate(bytesPerSecond) === rate(0) ? [] : [rate(bytesPerSecond)]),
    ...(pieceCount > 0 ? [`${count(piecesHeld)} of ${plural(pieceCount, 'piece', 'pieces')}`] : []),
  ]
    .map((part) => part.replaceAll(' ', '\u00a0'))
    .join('\u00a0· ');
}

/** What the providers give together, and what none of them had. */
function postOf({ bytesPerSecond, missing }: NonNullable<LiveRow['post']>): string {
  const lacked = missing === 0 ? [] : [`${plural(missing, 'article', 'articles')} missing`];
  return [rate(bytesPerSecond), ...lacked].map((part) => part.replaceAll(' ', '\u00a0')).join('\u00a0· ');
}

function shareOf({ position, size: whole }: LiveRow): number {
  return whole === null || whole === 0 ? 0 : Math.min(1, position / whole);
}
