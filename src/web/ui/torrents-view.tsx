import './settings-mantine.css';
import './settings.css';
import './dialog.css';
import './torrents.css';
import { Alert, Badge, Button, EmptyState } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import { AdminOnly } from './admin-only.tsx';
import { count, plural, size } from './format.ts';
import { MagnetIcon } from './icons.tsx';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { Rows } from './row.tsx';
import { fetchTorrents, PAGE, type Torrents } from './torrent-api.ts';
import { TorrentRow } from './torrent-row.tsx';

const FAILED = 'The torrents could not be loaded';
/** Each second while something moves; figures are told that often. */
const pace = ({ torrents }: Torrents) =>
  torrents.some(({ readers, peers }) => readers + peers > 0) ? 1000 : 4000;

/** What lies on disk of torrents, and the owner's hand on it. */
export function TorrentsView() {
  return (
    <AdminOnly id="torrents-title" title="Torrents" failed={FAILED}>
      {(onExpired) => <KeptTorrents onExpired={onExpired} />}
    </AdminOnly>
  );
}

function KeptTorrents({ onExpired }: { onExpired(): void }) {
  const [offset, setOffset] = useState(0);
  const fetchPage = useCallback((signal: AbortSignal) => fetchTorrents(offset, signal), [offset]);
  const { data, error, reload } = usePolled(fetchPage, pace);
  const isPastTheEnd = data !== null && data.torrents.length === 0 && offset > 0;

  useEffect(() => {
    if (isPastTheEnd) setOffset(0);
  }, [isPastTheEnd]);

  return (
    <section className="tb-section tb-view" aria-labelledby="torrents-title">
      <div className="tb-section-head">
        <h1 id="torrents-title">Torrents</h1>
        {data !== null && data.total > 0 && (
          <Badge color="teal" variant="light" size="lg" tt="none">
            {plural(data.total, 'is kept', 'are kept')}
          </Badge>
        )}
      </div>
      <PolledState isLoaded={data !== null} failed={FAILED} height={420} {...{ error, onExpired }} />
      {data !== null && <DiskUse data={data} />}
      {data !== null && (
        <Rows label="Torrents">
          {data.torrents.map((torrent) => (
            <TorrentRow key={torrent.infoHash} torrent={torrent} onChanged={reload} onExpired={onExpired} />
          ))}
        </Rows>
      )}
      {data !== null && data.total === 0 && (
        <EmptyState
          className="tb-notice"
          icon={<MagnetIcon size={30} />}
          title="No torrents yet"
          description={
            data.storage.wantedBytes === 0
              ? 'Torrents show here while somebody watches them.'
              : 'Play a stream that is a torrent: what is fetched of it stays on disk and shows here, with its progress, peers and upload, to pause and remove.'
          }
        />
      )}
      {data !== null && data.total > PAGE && (
        <div className="tb-torrent-pages">
          <Button
            variant="default"
            disabled={offset === 0}
            onClick={() => setOffset(Math.max(0, offset - PAGE))}
          >
            Newer
          </Button>
          <span className="tb-quiet">
            {count(offset + 1)}–{count(offset + data.torrents.length)} of {count(data.total)}
          </span>
          <Button
            variant="default"
            disabled={offset + PAGE >= data.total}
            onClick={() => setOffset(offset + PAGE)}
          >
            Older
          </Button>
        </div>
      )}
    </section>
  );
}

/** The bar has a part for each of the largest; what is less than this share of it goes together. */
const LEAST_SHARE = 0.01;

function DiskUse({ data: { torrents, storage } }: { data: Torrents }) {
  const { usedBytes, limitBytes, wantedBytes, elsewhereBytes } = storage;
  const share = (bytes: number) => (limitBytes > 0 ? Math.min(1, bytes / limitBytes) : 0);
  const large = torrents
    .filter(({ bytesOnDisk }) => share(bytesOnDisk) >= LEAST_SHARE)
    .sort((one, other) => other.bytesOnDisk - one.bytesOnDisk);
  const rest = Math.max(0, usedBytes - large.reduce((sum, { bytesOnDisk }) => sum + bytesOnDisk, 0));
  const parts = [
    ...large.map(({ infoHash, name, bytesOnDisk }) => ({
      key: infoHash,
      name: name ?? infoHash,
      bytes: bytesOnDisk,
    })),
    { key: 'rest', name: 'The others', bytes: rest },
  ].filter(({ bytes }) => bytes > 0);
  return (
    <figure className="tb-card tb-disk">
      <figcaption>
        <span className="tb-label">Kept on disk</span>
        <span className="tb-disk-now">
          <b>{size(usedBytes)}</b> of {size(limitBytes)}
        </span>
      </figcaption>
      <div
        className="tb-disk-bar"
        role="img"
        aria-label={`${size(usedBytes)} of ${size(limitBytes)} are used`}
      >
        {parts.map(({ key, name, bytes }) => (
          <span
            key={key}
            title={`${name}: ${size(bytes)}`}
            style={{ width: `${(share(bytes) * 100).toFixed(2)}%` }}
          />
        ))}
      </div>
      <p className="tb-quiet">
        {wantedBytes === 0
          ? 'Nothing is kept: CACHE_MAX_BYTES is 0.'
          : 'What was not watched for the longest goes first when there is no more room.'}
        {elsewhereBytes > 0 && ` Other instances keep ${size(elsewhereBytes)}.`}
      </p>
      {limitBytes < wantedBytes && (
        <Alert color="orange" variant="light" mt="sm" title="The disk runs short">
          {size(limitBytes)} are kept instead of {size(wantedBytes)}, so that the rest of the disk is left to
          others.
        </Alert>
      )}
    </figure>
  );
}
