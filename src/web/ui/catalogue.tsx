import { Button, EmptyState, Skeleton } from '@mantine/core';
import { lazy, useState } from 'react';
import type { Addresses } from './addresses.ts';
import type { Overview, Title } from './api.ts';
import { CatalogueCounts } from './catalogue-counts.tsx';
import { plural } from './format.ts';
import { FilmIcon, LockIcon, WarningIcon } from './icons.tsx';
import { LazyPart } from './lazy-part.tsx';
import type { Polled } from './polling.ts';
import { TitleCard } from './title-card.tsx';

const PlayerDialog = lazy(async () => ({ default: (await import('./player-dialog.tsx')).PlayerDialog }));

type CatalogueProps = { overview: Polled<Overview>; addresses: Addresses };

/** What is inside: the newest titles as posters, then the counts. */
export function Catalogue({ overview, addresses }: CatalogueProps) {
  const [playing, setPlaying] = useState<Title | null>(null);
  const { data } = overview;
  return (
    <section className="tb-section" aria-labelledby="catalogue-title">
      <div className="tb-section-head">
        <h2 id="catalogue-title">New in the catalogue</h2>
        {data && data.newest.length > 0 && <span className="tb-quiet">{summary(data)}</span>}
      </div>
      {!data && overview.error && <Unreachable overview={overview} />}
      {!data && !overview.error && <PosterSkeletons />}
      {data && data.newest.length === 0 && <NothingToShow overview={data} />}
      {data && data.newest.length > 0 && (
        <ul className="tb-posters">
          {data.newest.map((title) => (
            <TitleCard
              key={title.id}
              title={title}
              publicUrl={data.publicUrl}
              onPlay={() => setPlaying(title)}
            />
          ))}
        </ul>
      )}
      {data && data.catalogue.streams > 0 && <CatalogueCounts catalogue={data.catalogue} />}
      {playing && (
        <LazyPart fallback={null}>
          <PlayerDialog title={playing} publicUrl={addresses.publicUrl} onClose={() => setPlaying(null)} />
        </LazyPart>
      )}
    </section>
  );
}

function summary({ catalogue, newest, publicCatalog }: Overview): string {
  const shown = publicCatalog === 'licensed' ? 'openly licensed titles are shown' : 'all titles are shown';
  return `The ${plural(newest.length, 'newest', 'newest')} of ${plural(
    catalogue.movies + catalogue.series + catalogue.tv + catalogue.events,
    'title',
    'titles',
  )}; ${shown}`;
}

function Unreachable({ overview }: { overview: Polled<Overview> }) {
  return (
    <EmptyState
      className="tb-notice"
      icon={<WarningIcon size={30} />}
      title="The catalogue could not be loaded"
      description={overview.error?.message}
    >
      <Button onClick={overview.reload} loading={overview.isLoading}>
        Try again
      </Button>
    </EmptyState>
  );
}

function NothingToShow({ overview }: { overview: Overview }) {
  if (overview.publicCatalog === 'off') {
    return (
      <EmptyState
        className="tb-notice"
        icon={<LockIcon size={30} />}
        title="The public catalogue is off"
        description="Titles are shown in the installs of profiles only: a kid has a profile on this server, or an admin switched it off in the settings (PUBLIC_CATALOG)."
      >
        <Button component="a" href="#family" variant="default">
          Profiles and installs
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState
      className="tb-notice"
      icon={<FilmIcon size={30} />}
      title={overview.publicCatalog === 'licensed' ? 'No openly licensed title yet' : 'No title yet'}
      description={`The starter catalogue is imported on the first start; give it a minute. ${
        overview.publicCatalog === 'licensed'
          ? 'Titles without an open licence are shown here only with PUBLIC_CATALOG=all.'
          : 'Titles you add through the API appear here too.'
      }`}
    />
  );
}

function PosterSkeletons() {
  return (
    <div className="tb-posters" role="status" aria-label="Loading the catalogue">
      {['a', 'b', 'c', 'd', 'e', 'f'].map((key) => (
        <Skeleton key={key} className="tb-poster-skeleton" radius="md" />
      ))}
    </div>
  );
}
