import { Alert, Badge, Button, TextInput } from '@mantine/core';
import { useId, useState } from 'react';
import { useActing } from './acting.ts';
import { ago } from './format.ts';
import { type Decision, decideReport, type Report } from './report-api.ts';

const KINDS: Readonly<Record<string, string>> = {
  wrong_title: 'The wrong title',
  wrong_episode: 'The wrong episode',
  wrong_details: 'Wrong details',
  not_for_children: 'Not for children',
  wrong_tag: 'A wrong tag',
  missing_tag: 'A tag lacks',
  broken: 'Does not work',
  takedown: 'Has to go',
  other: 'Something else',
};

type ReportCardProps = {
  report: Report;
  /** What was decided, in words. */
  onDecided(words: string): void;
  onExpired(): void;
};

/** One report: what is said of what, by whom, and for others than who said it, what may be decided. */
export function ReportCard({ report, onDecided, onExpired }: ReportCardProps) {
  const heading = useId();
  const { kind, state, description, note, tag, isOwn } = report;
  return (
    <li className="tb-card tb-review-card" aria-labelledby={heading}>
      <header>
        <h2 id={heading}>
          {KINDS[kind] ?? kind}
          {tag !== null && `: ${tag.name}`}
        </h2>
        <p className="tb-quiet">{targetOf(report)}</p>
        <p className="tb-quiet">{saidBy(report)}</p>
      </header>
      {description !== null && <p className="tb-report-words">{description}</p>}
      {report.stream !== null && <StreamLine stream={report.stream} />}
      {note !== null && <p className="tb-quiet tb-report-words">Answered: {note}</p>}
      {state === 'pending' && isOwn && <p className="tb-quiet">It is yours: somebody else decides on it.</p>}
      {state === 'pending' && !isOwn && <Deciding {...{ report, onDecided, onExpired }} />}
    </li>
  );
}

function Deciding({ report, onDecided, onExpired }: ReportCardProps) {
  const [note, setNote] = useState('');
  const { isActing, failure, act } = useActing(onExpired);

  async function decide(words: string, decision: Decision) {
    const said = note.trim() === '' ? decision : { ...decision, note: note.trim() };
    if (await act((signal) => decideReport(report.id, said, signal))) onDecided(words);
  }

  return (
    <>
      <TextInput
        label="Answer"
        description="Whoever reported reads it"
        maxLength={1000}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      {failure !== null && (
        <Alert color="red" variant="light" role="alert">
          {failure}
        </Alert>
      )}
      <div className="tb-actions">
        <Button loading={isActing} onClick={() => void decide('Resolved.', { state: 'resolved' })}>
          Resolved
        </Button>
        {deedsOf(report).map(({ name, words, deed }) => (
          <Button
            key={name}
            variant="default"
            loading={isActing}
            onClick={() => void decide(words, { state: 'resolved', act: deed })}
          >
            {name}
          </Button>
        ))}
        <Button
          variant="subtle"
          color="gray"
          loading={isActing}
          onClick={() => void decide('Dismissed.', { state: 'dismissed' })}
        >
          Dismiss
        </Button>
      </div>
    </>
  );
}

type Deed = { name: string; words: string; deed: NonNullable<Decision['act']> };

/** What can be done with what was reported, besides deciding. */
function deedsOf({ stream, tag, kind }: Report): Deed[] {
  if (stream !== null)
    return stream.isHidden
      ? []
      : [{ name: 'Hide the stream', words: 'Resolved; the stream is hidden.', deed: { hideStream: true } }];
  if (tag === null) return [];
  return kind === 'missing_tag'
    ? [{ name: `Add “${tag.name}”`, words: 'Resolved; the tag is there.', deed: { giveTag: tag.tag } }]
    : [{ name: `Remove “${tag.name}”`, words: 'Resolved; the tag is gone.', deed: { takeTag: tag.tag } }];
}

function StreamLine({
  stream: { kind, name, service, url, isHidden },
}: {
  stream: NonNullable<Report['stream']>;
}) {
  const isLink = url?.startsWith('https://') === true;
  return (
    <p className="tb-report-words">
      {isLink ? (
        <a href={url} target="_blank" rel="noreferrer noopener">
          {url}
        </a>
      ) : (
        name
      )}{' '}
      <Badge variant="light" tt="none">
        {service ?? kind}
      </Badge>{' '}
      {isHidden && (
        <Badge variant="light" color="orange" tt="none">
          hidden
        </Badge>
      )}
    </p>
  );
}

function targetOf({ title, season, episode, target }: Report): string {
  const name =
    title === null ? 'A stream' : title.year === null ? title.title : `${title.title} (${title.year})`;
  const numbers = season === null || episode === null ? '' : ` · season ${season}, episode ${episode}`;
  return `${name}${numbers}${target === 'stream' && title !== null ? ' · a stream of it' : ''}`;
}

function saidBy({ reporter, createdAt, state, reviewer, resolvedAt }: Report): string {
  const said = `${reporter ?? 'You'}, ${ago(createdAt)}`;
  if (resolvedAt === null) return said;
  return `${said} · ${state}${reviewer === null ? '' : ` by ${reviewer}`} ${ago(resolvedAt)}`;
}
