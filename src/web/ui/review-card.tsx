import { Alert, Button } from '@mantine/core';
import { useId, useState } from 'react';
import { type Acting, useActing } from './acting.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { plural } from './format.ts';
import { Poster } from './poster.tsx';
import {
  approveTitle,
  correctTitle,
  type Doubt,
  type MergedInto,
  rejectTitle,
  type WaitingTitle,
} from './review-api.ts';
import { Candidate } from './review-candidate.tsx';
import { ReviewForm } from './review-form.tsx';
import { sourceName } from './source-names.ts';

const KINDS: Readonly<Record<string, string>> = {
  movie: 'Film',
  series: 'Series',
  tv: 'Channel',
  event: 'Event',
};

type ReviewCardProps = {
  title: WaitingTitle;
  /** What was decided, in words. */
  onDecided(words: string): void;
  onExpired(): void;
};

/** One title that waits: what it is called here, what was found beside it, and what may be said of it. */
export function ReviewCard({ title, onDecided, onExpired }: ReviewCardProps) {
  const heading = useId();
  const [asking, setAsking] = useState<'hide' | 'form' | null>(null);
  const acting = useActing(onExpired);
  const { id, doubts } = title;
  const isDoubted = title.status === 'flagged';
  const name = nameOf(title);

  async function decide(words: string, work: (signal: AbortSignal) => Promise<MergedInto>) {
    let became: MergedInto = null;
    const isDone = await acting.act(async (signal) => {
      became = await work(signal);
    });
    if (isDone) onDecided(became === null ? words : mergedWords(name, became));
  }
  const keep = () =>
    decide(`${name} stays as it is.`, (signal) =>
      isDoubted ? approveTitle(id, null, signal) : rejectTitle(id, signal),
    );
  const take = (doubt: Doubt) =>
    decide(`${name} is ${nameOf(doubt)}.`, (signal) => approveTitle(id, doubt.id, signal));

  return (
    <li className="tb-card tb-review-card" data-title={id} aria-labelledby={heading}>
      <header>
        <h2 id={heading} tabIndex={-1}>
          {name}
        </h2>
        <p className="tb-quiet">{factsOf(title).join(' · ')}</p>
        <Files title={title} />
      </header>
      <div className="tb-candidates">
        <Candidate
          label="Here now"
          poster={<Poster id={id} title={title.title} kind={title.kind} src={title.posterUrl} />}
          name={name}
          kind={title.kind}
          confidence={title.confidence}
          ids={title.ids.map(({ provider, id: value }) => [provider, value])}
          reason={doubts.length === 0 ? NOTHING_FOUND : null}
          action={
            <Button variant="default" loading={acting.isActing} onClick={() => void keep()}>
              {isDoubted ? 'It is this' : 'Keep this'}
            </Button>
          }
        />
        {doubts.map((doubt) => (
          <Proposal key={doubt.id} {...{ doubt, title, acting }} onTake={() => void take(doubt)} />
        ))}
      </div>
      {acting.failure !== null && (
        <Alert color="red" variant="light" role="alert">
          {acting.failure}
        </Alert>
      )}
      {asking === 'form' ? (
        <ReviewForm
          title={title}
          acting={acting}
          onClose={() => setAsking(null)}
          onSend={(body) => void decide(`${name} is corrected.`, (signal) => correctTitle(id, body, signal))}
        />
      ) : (
        <div className="tb-actions">
          <Button variant="subtle" onClick={() => setAsking('form')}>
            It is another title…
          </Button>
          {isDoubted && (
            <Button variant="subtle" color="red" onClick={() => setAsking('hide')}>
              Hide it…
            </Button>
          )}
        </div>
      )}
      {asking === 'hide' && (
        <ConfirmDialog
          title="Hide this title?"
          action="Hide it"
          color="red"
          onConfirm={async () => {
            await rejectTitle(id, new AbortController().signal);
            onDecided(`${name} is hidden.`);
          }}
          onClose={() => setAsking(null)}
          onExpired={onExpired}
        >
          <b>{name}</b> leaves lists and search, with {plural(title.totalStreams, 'stream', 'streams')}.
          Nothing is deleted.
        </ConfirmDialog>
      )}
    </li>
  );
}

/** What its name was read from: the file tells more than the name that was made of it. */
function Files({ title: { files, totalStreams } }: { title: WaitingTitle }) {
  if (files.length === 0) return null;
  const more = totalStreams - files.length;
  return (
    <ul className="tb-review-files" aria-label="Files">
      {files.map(({ name, source }) => (
        <li key={`${source} ${name}`}>
          <code>{name}</code>
          {source !== null && ` on ${source}`}
        </li>
      ))}
      {more > 0 && <li>and {plural(more, 'other', 'others')}</li>}
    </ul>
  );
}

const NOTHING_FOUND = 'No source has told of a title of this name yet.';

type ProposalProps = { doubt: Doubt; title: WaitingTitle; acting: Acting; onTake(): void };

function Proposal({ doubt, title, acting, onTake }: ProposalProps) {
  const { here } = doubt;
  const name = nameOf(doubt);
  return (
    <Candidate
      label={`${sourceName(doubt.provider)} says`}
      poster={
        <Poster
          id={`${title.id} ${doubt.provider}`}
          title={doubt.title ?? 'No name'}
          kind={title.kind}
          src={doubt.posterUrl ?? here?.posterUrl ?? null}
        />
      }
      name={name}
      kind={title.kind}
      confidence={doubt.confidence}
      ids={Object.entries(doubt.ids)}
      reason={here === null ? doubt.reason : `${doubt.reason} ${hereWords(nameOf(here), title)}`}
      action={
        <Button
          loading={acting.isActing}
          disabled={here !== null && !title.isHidden}
          onClick={onTake}
          aria-label={`It is ${name}, as ${sourceName(doubt.provider)} says`}
        >
          It is this
        </Button>
      }
    />
  );
}

/** What can be done about the title that has a proposed id already. */
function hereWords(here: string, { isHidden, totalStreams }: WaitingTitle): string {
  return isHidden
    ? `${here} is here already: ${plural(totalStreams, 'stream', 'streams')} of this one would go there.`
    : `${here} has it: what is not needed of the two can be hidden, or its id taken away there.`;
}

function mergedWords(name: string, became: NonNullable<MergedInto>): string {
  return `${name} is ${nameOf(became)}, which was here already: its streams are there now.`;
}

function nameOf({ title, year }: { title: string | null; year: number | null }): string {
  return `${title ?? 'A title without a name'}${year === null ? '' : ` (${year})`}`;
}

function factsOf({ kind, totalStreams }: WaitingTitle): string[] {
  return [KINDS[kind] ?? kind, plural(totalStreams, 'stream', 'streams')];
}
