import { Button } from '@mantine/core';
import { Fragment, useState } from 'react';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { duration, plural, rate, size } from './format.ts';
import { toFailure } from './polling.ts';
import { Row } from './row.tsx';
import { pauseTorrent, removeTorrent, resumeTorrent, type Torrent } from './torrent-api.ts';

const STATUS_WORDS = {
  downloading: { word: 'Downloading', color: 'cyan' },
  completed: { word: 'Complete', color: 'teal' },
  seeding: { word: 'Uploading', color: 'teal' },
  idle: { word: 'In part', color: 'gray' },
  paused: { word: 'Paused', color: 'yellow' },
  error: { word: 'Error', color: 'red' },
} as const;

type TorrentRowProps = { torrent: Torrent; onChanged(): void; onExpired(): void };

/** One torrent: how much of it is here, what moves, and pause and removal. */
export function TorrentRow({ torrent, onChanged, onExpired }: TorrentRowProps) {
  const [asking, setAsking] = useState<'pause' | 'remove' | null>(null);
  const [isResuming, setIsResuming] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const { infoHash, status } = torrent;
  const name = torrent.name ?? infoHash;
  const isPaused = status === 'paused';

  async function change(act: (infoHash: string, signal: AbortSignal) => Promise<void>) {
    await act(infoHash, new AbortController().signal);
    setFailure(null);
    onChanged();
  }

  /** What needs no second thought. */
  async function resume() {
    setIsResuming(true);
    await change(resumeTorrent).catch((reason: unknown) => {
      const refused = toFailure(reason);
      if (refused.status === 401) onExpired();
      else setFailure(refused.message);
    });
    setIsResuming(false);
  }

  return (
    <Row
      className="tb-torrent"
      name={breakable(name)}
      facts={factsOf(torrent)}
      reasons={reasonsOf(torrent.error, failure)}
      status={status}
      tone={status === 'error' ? 'bad' : undefined}
      badge={STATUS_WORDS[status]}
      figures={figuresOf(torrent)}
    >
      <div className="tb-torrent-actions">
        <Button
          variant="default"
          size="sm"
          loading={isResuming}
          onClick={() => (isPaused ? void resume() : setAsking('pause'))}
          aria-label={`${isPaused ? 'Resume' : 'Pause'} ${name}`}
        >
          {isPaused ? 'Resume' : 'Pause'}
        </Button>
        <Button variant="default" size="sm" onClick={() => setAsking('remove')} aria-label={`Remove ${name}`}>
          Remove
        </Button>
      </div>
      <div className="tb-torrent-progress" role="img" aria-label={`${percentOf(torrent)} of it is here`}>
        <span style={{ width: `${(torrent.progress * 100).toFixed(2)}%` }} />
      </div>
      {asking !== null && (
        <ConfirmDialog
          title={asking === 'pause' ? 'Pause this torrent?' : 'Remove this torrent?'}
          action={asking === 'pause' ? 'Pause it' : 'Remove it'}
          color={asking === 'pause' ? 'teal' : 'red'}
          onConfirm={() => change(asking === 'pause' ? pauseTorrent : removeTorrent)}
          onClose={() => setAsking(null)}
          onExpired={onExpired}
        >
          <b>{name}</b> {asking === 'pause' ? pausing(torrent) : removing(torrent)}
        </ConfirmDialog>
      )}
    </Row>
  );
}

function figuresOf({ status, readers, bytesPerSecond, peers }: Torrent) {
  const isPaused = status === 'paused';
  return [
    ['Rate', !isPaused && readers + bytesPerSecond > 0 ? rate(bytesPerSecond) : '–'],
    ['Peers', !isPaused && peers > 0 ? peers : '–'],
  ] as const;
}

/** What is wrong with it, and what was refused just now. */
function reasonsOf(error: string | null, failure: string | null) {
  const refused = failure !== null && (
    <span key="refused" role="alert">
      {failure}
    </span>
  );
  return [...(error === null ? [] : [error]), ...(refused === false ? [] : [refused])];
}

/** Release names have no spaces: lines may end behind what stands in their place. */
function breakable(name: string) {
  return name.split(/(?<=[._-])(?=[^._-])/).map((part, place) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text, which come and go together
    <Fragment key={place}>
      {place > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}

function factsOf(torrent: Torrent): string[] {
  const { sizeBytes, bytesOnDisk, accessedAt, readers, uploadedBytes } = torrent;
  const held = sizeBytes === null ? size(bytesOnDisk) : `${size(bytesOnDisk)} of ${size(sizeBytes)}`;
  return [
    sizeBytes === null ? held : `${percentOf(torrent)}, ${held}`,
    readers > 0 ? 'being watched' : `watched ${agoOf(Date.now() - Date.parse(accessedAt))}`,
    ...(uploadedBytes > 0 ? [`${size(uploadedBytes)} uploaded`] : []),
  ];
}

/** Told by the minute. */
function agoOf(ms: number): string {
  return ms < 60_000 ? 'just now' : `${duration(Math.floor(ms / 60_000) * 60_000)} ago`;
}

function percentOf({ progress }: Torrent): string {
  return `${Math.floor(progress * 100)} %`;
}

function pausing({ readers }: Torrent): string {
  const watched = readers > 0 ? ' Somebody is watching it, who comes as far as that goes.' : '';
  return `is fetched from nobody until you resume it, and plays as far as it lies here.${watched}`;
}

function removing({ readers, bytesOnDisk }: Torrent): string {
  const watched =
    readers > 0 ? ` ${plural(readers, 'request of a viewer ends', 'requests of viewers end')} at once.` : '';
  return `goes from the disk, ${size(bytesOnDisk)}. What is saved of it in the catalogue stays.${watched}`;
}
