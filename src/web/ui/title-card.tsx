import { Badge, Button } from '@mantine/core';
import { viaThisPage } from './addresses.ts';
import type { Title } from './api.ts';
import { CopyButton } from './copy-button.tsx';
import { ListIcon, PlayIcon, ScreenIcon } from './icons.tsx';
import { Poster } from './poster.tsx';

const KIND_NAMES = { movie: 'Film', series: 'Series', tv: 'Channel', event: 'Event' } as const;

type TitleCardProps = { title: Title; publicUrl: string; onPlay(): void };

/** One title: poster with the play button over it, who made it under which licence, and its links. */
export function TitleCard({ title, publicUrl, onPlay }: TitleCardProps) {
  const facts = [title.year, ...title.genres.slice(0, 2)].filter((fact) => fact !== null).join(' · ');
  return (
    <li className="tb-title">
      <div className="tb-poster">
        <Poster
          {...{ id: title.id, title: title.title, kind: title.kind }}
          src={title.posterUrl === null ? null : viaThisPage(title.posterUrl, publicUrl)}
        />
        {title.kind !== 'movie' && <span className="tb-kind">{KIND_NAMES[title.kind]}</span>}
        <PlayOverlay title={title} onPlay={onPlay} />
      </div>
      <h3 title={title.title}>{title.title}</h3>
      <p className="tb-facts">{facts || KIND_NAMES[title.kind]}</p>
      <LicenceLine licence={title.licence} />
      <TitleLinks title={title} publicUrl={publicUrl} />
    </li>
  );
}

/** The whole poster is the button; without a link to play it leads to Stremio. */
function PlayOverlay({ title, onPlay }: { title: Title; onPlay(): void }) {
  if (title.playUrl === null) {
    return (
      <a className="tb-play" href={title.detailUrl} aria-label={`Open ${title.title} in Stremio`}>
        <span>
          <ScreenIcon size={20} />
        </span>
      </a>
    );
  }
  return (
    <button type="button" className="tb-play" onClick={onPlay} aria-label={`Play ${title.title} here`}>
      <span>
        <PlayIcon size={20} />
      </span>
    </button>
  );
}

function TitleLinks({ title, publicUrl }: { title: Title; publicUrl: string }) {
  return (
    <div className="tb-title-links">
      {title.playUrl !== null && (
        <CopyButton
          text={title.playUrl}
          label="Copy link"
          size="compact-sm"
          variant="default"
          iconSize={15}
        />
      )}
      {title.m3uUrl !== null && (
        <Button
          component="a"
          href={viaThisPage(title.m3uUrl, publicUrl)}
          size="compact-sm"
          variant="default"
          leftSection={<ListIcon size={15} />}
          aria-label={`M3U playlist of ${title.title}`}
        >
          M3U
        </Button>
      )}
      {title.playUrl === null && (
        <Button component="a" href={title.detailUrl} size="compact-sm" variant="default">
          Open in Stremio
        </Button>
      )}
    </div>
  );
}

/** The name of the licence and who must be named; both belong to showing an openly licensed film. */
export function LicenceLine({ licence }: { licence: Title['licence'] }) {
  if (licence === null) return null;
  const badge = (
    <Badge variant="light" size="sm" radius="sm" tt="none" title={licence.name}>
      {licence.code}
    </Badge>
  );
  return (
    <div className="tb-licence">
      {licence.url === null ? (
        badge
      ) : (
        <a
          href={licence.url}
          target="_blank"
          rel="license noopener noreferrer"
          aria-label={`Licence: ${licence.name}`}
        >
          {badge}
        </a>
      )}
      {licence.attribution !== null && <p title={licence.attribution}>{licence.attribution}</p>}
    </div>
  );
}
