import './poster-row.css';
import { Badge, Button, TextInput } from '@mantine/core';
import { type SubmitEvent, useCallback, useState } from 'react';
import { useActing } from './acting.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { useFields } from './fields.ts';
import { size } from './format.ts';
import {
  addOwnStream,
  fetchOwnStreams,
  type OwnTitle,
  removeOwnTitle,
  type Stream,
  takeOffStream,
} from './own-title-api.ts';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { Poster } from './poster.tsx';
import { TestAnswer } from './test-answer.tsx';

type OwnTitleRowProps = { title: OwnTitle; onRemoved(): void; onExpired(): void };
const slowly = () => 60_000;

/** One title of one’s own, and below it what it can be watched by. */
export function OwnTitleRow({ title, onRemoved, onExpired }: OwnTitleRowProps) {
  const [open, setOpen] = useState<'streams' | 'remove' | null>(null);
  const { id, kind, year } = title;
  const facts = [kind === 'series' ? 'Series' : 'Film', ...(year === null ? [] : [`${year}`])];
  return (
    <li className="tb-card tb-poster-row">
      <div className="tb-poster">
        <Poster id={id} title={title.title} kind={kind} src={title.posterUrl} />
      </div>
      <div>
        <h3>{title.title}</h3>
        <p className="tb-quiet">{facts.join(' · ')}</p>
        <Badge color={title.isPublic ? 'teal' : 'gray'} variant="light" size="sm" radius="sm" tt="none">
          {title.isPublic ? 'Everybody sees it' : 'Only yours'}
        </Badge>
      </div>
      <div className="tb-actions">
        <Button
          size="xs"
          variant="default"
          aria-label={`Links of ${title.title}`}
          aria-expanded={open === 'streams'}
          onClick={() => setOpen(open === 'streams' ? null : 'streams')}
        >
          Links
        </Button>
        <Button
          component="a"
          size="xs"
          variant="default"
          href={`stremio:///detail/${kind}/${encodeURIComponent(`trib:${id}`)}`}
          aria-label={`Open ${title.title} in Stremio`}
        >
          Open in Stremio
        </Button>
        {!title.isPublic && (
          <Button
            size="xs"
            variant="default"
            aria-label={`Delete ${title.title}`}
            onClick={() => setOpen('remove')}
          >
            Delete
          </Button>
        )}
      </div>
      {open === 'streams' && <Streams title={title} onExpired={onExpired} />}
      {open === 'remove' && (
        <ConfirmDialog
          title="Delete this title?"
          action="Delete it"
          color="red"
          onConfirm={async () => {
            await removeOwnTitle(id, new AbortController().signal);
            onRemoved();
          }}
          onClose={() => setOpen(null)}
          onExpired={onExpired}
        >
          <b>{title.title}</b> goes with its links, and out of every history and list.
        </ConfirmDialog>
      )}
    </li>
  );
}

function Streams({ title, onExpired }: Omit<OwnTitleRowProps, 'onRemoved'>) {
  const { id, isPublic } = title;
  const ask = useCallback((signal: AbortSignal) => fetchOwnStreams(id, signal), [id]);
  const { data: streams, error, reload } = usePolled(ask, slowly);
  const { failure, act } = useActing(onExpired);
  return (
    <div className="tb-own-streams">
      <PolledState
        isLoaded={streams !== null}
        failed="The links could not be loaded"
        height={80}
        {...{ error, onExpired }}
      />
      <TestAnswer tested={null} failure={failure} />
      {streams?.length === 0 && <p className="tb-quiet">Nothing to watch it by yet. Paste a link.</p>}
      <ul aria-label={`Links of ${title.title}`}>
        {streams?.map((stream) => (
          <li key={stream.streamId}>
            <div>
              <p>{stream.name}</p>
              <p className="tb-quiet">{factsOf(stream).join(' · ')}</p>
            </div>
            {!isPublic && (
              <Button
                size="xs"
                variant="default"
                aria-label={`Take off ${stream.name}`}
                onClick={() =>
                  void act((signal) => takeOffStream(id, stream.streamId, signal)).then(
                    (isDone) => isDone && reload(),
                  )
                }
              >
                Take off
              </Button>
            )}
          </li>
        ))}
      </ul>
      {isPublic ? (
        <p className="tb-quiet">This title is public by now: a moderator changes it.</p>
      ) : (
        <StreamForm title={title} onDone={reload} onExpired={onExpired} />
      )}
    </div>
  );
}

function factsOf({ kind, sizeBytes, state, isActive, isBlocked, links }: Stream): string[] {
  return [
    kind,
    ...links.flatMap(({ season, episode }) => (episode === null ? [] : [`S${season}E${episode}`])),
    ...(sizeBytes === null ? [] : [size(sizeBytes)]),
    ...(isActive && !isBlocked && state === 'active' ? [] : ['not offered']),
  ];
}

type StreamFormProps = { title: OwnTitle; onDone(): void; onExpired(): void };

function StreamForm({ title, onDone, onExpired }: StreamFormProps) {
  const { fields, bind } = useFields({ url: '', season: '1', episode: '1' });
  const { isActing, failure, act } = useActing(onExpired);
  const numbers =
    title.kind === 'series' ? { season: Number(fields.season), episode: Number(fields.episode) } : {};
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const stream = { url: fields.url.trim(), ...numbers };
    if (!(await act((signal) => addOwnStream(title.id, stream, signal)))) return;
    bind('url').onChange({ currentTarget: { value: '' } });
    onDone();
  }
  return (
    <form
      className="tb-form"
      aria-label={`A link for ${title.title}`}
      onSubmit={(event) => void submit(event)}
    >
      <TextInput
        className="tb-form-wide"
        label="Link"
        description="http(s), magnet, .torrent, NZB, FTP, YouTube …"
        spellCheck={false}
        autoCapitalize="none"
        maxLength={8192}
        {...bind('url')}
      />
      {title.kind === 'series' && (
        <>
          <TextInput label="Season" type="number" min={0} max={9999} {...bind('season')} />
          <TextInput label="Episode" type="number" min={0} max={99999} {...bind('episode')} />
        </>
      )}
      <TestAnswer tested={null} failure={failure} />
      <div className="tb-actions">
        <Button type="submit" loading={isActing} disabled={fields.url.trim() === ''}>
          Link it
        </Button>
      </div>
    </form>
  );
}
