import { useState } from 'react';
import { type Acting, useActing } from './acting.ts';
import type { Tested } from './api.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { count, duration } from './format.ts';
import { Row } from './row.tsx';
import { RowButton, RowButtons } from './row-button.tsx';
import { matchAgain, type RunningScan, scanNow } from './scan-api.ts';
import { ScanLog } from './scan-log.tsx';
import { ScanProgress } from './scan-progress.tsx';
import { changeSource, removeSource, type Source, testSource } from './source-api.ts';
import { SourceForm } from './source-form.tsx';
import { FINDER_WORDS, OFFER_WORDS } from './source-words.ts';
import { TestAnswer } from './test-answer.tsx';

type SourceRowProps = {
  source: Source;
  /** The one that runs; null: none does. */
  scan: RunningScan | null;
  /** When that was told, epoch ms. */
  scanAt: number | null;
  onChanged(): void;
  onExpired(): void;
};

/** One file server or folder: how it does, what of it is in the catalogue, and the owner's hand on it. */
export function SourceRow({ source, scan, scanAt, onChanged, onExpired }: SourceRowProps) {
  const [open, setOpen] = useState<'edit' | 'log' | 'remove' | null>(null);
  const [tested, setTested] = useState<Tested | null>(null);
  const testing = useActing(onExpired);
  const switching = useActing(onExpired);
  const scanning = useActing(onExpired);
  const matching = useActing(onExpired);
  const { sourceId, name, isActive } = source;
  const badge = badgeOf(source, scan !== null);
  const toggle = (part: 'edit' | 'log') => setOpen(open === part ? null : part);

  async function test() {
    setTested(null);
    await testing.act(async (signal) => setTested(await testSource(sourceId, signal)));
  }
  async function turn() {
    const body = { isActive: !isActive };
    if (await switching.act((signal) => changeSource(sourceId, body, signal))) onChanged();
  }
  async function scanIt() {
    if (await scanning.act((signal) => scanNow(sourceId, signal))) onChanged();
  }

  return (
    <Row
      className="tb-source"
      name={name}
      facts={factsOf(source, scan !== null)}
      reasons={source.lastError === null ? [] : [`The last time: ${source.lastError}`]}
      status={isActive ? 'active' : 'off'}
      tone={badge.color === 'red' ? 'bad' : 'quiet'}
      badge={badge}
      figures={[
        ['To match', count(source.waiting)],
        ['Not known', count(source.unmatched)],
        ['Health', isActive ? `${count(source.healthScore)} %` : '–'],
      ]}
    >
      <RowButtons>
        <RowButton word="Test" of={name} loading={testing.isActing} onClick={() => void test()} />
        <RowButton
          word={isActive ? 'Turn off' : 'Turn on'}
          of={name}
          variant={isActive ? 'default' : 'filled'}
          loading={switching.isActing}
          onClick={() => void turn()}
        />
        {isActive && (
          <RowButton
            word="Scan now"
            of={name}
            loading={scanning.isActing}
            disabled={scan !== null}
            onClick={() => void scanIt()}
          />
        )}
        {source.unmatched > 0 && (
          <RowButton
            word="Match again"
            of={name}
            loading={matching.isActing}
            onClick={() => void matching.act((signal) => matchAgain(sourceId, signal)).then(onChanged)}
          />
        )}
        <RowButton word="Past scans" of={name} isOpen={open === 'log'} onClick={() => toggle('log')} />
        <RowButton word="Edit" of={name} isOpen={open === 'edit'} onClick={() => toggle('edit')} />
        <RowButton word="Remove" of={name} onClick={() => setOpen('remove')} />
      </RowButtons>
      <TestAnswer tested={tested} failure={failureOf([testing, switching, scanning, matching])} />
      {scan !== null && <ScanProgress scan={scan} name={name} at={scanAt} />}
      {open === 'log' && <ScanLog {...{ sourceId, name, onExpired }} />}
      {open === 'edit' && (
        <SourceForm
          source={source}
          onDone={() => {
            setOpen(null);
            onChanged();
          }}
          onClose={() => setOpen(null)}
          onExpired={onExpired}
        />
      )}
      {open === 'remove' && (
        <ConfirmDialog
          title="Remove this source?"
          action="Remove it"
          color="red"
          onConfirm={async () => {
            await removeSource(sourceId, new AbortController().signal);
            onChanged();
          }}
          onClose={() => setOpen(null)}
          onExpired={onExpired}
        >
          The files of <b>{name}</b> leave the catalogue, and its password is forgotten. On the server itself
          nothing is deleted.
        </ConfirmDialog>
      )}
    </Row>
  );
}

function failureOf(all: readonly Acting[]): string | null {
  return all.find(({ failure }) => failure !== null)?.failure ?? null;
}

function badgeOf({ isActive, lastError }: Source, isScanned: boolean) {
  if (isScanned) return { word: 'Scanning', color: 'river' };
  if (!isActive) return { word: 'Off', color: 'gray' };
  return lastError === null ? { word: 'On', color: 'teal' } : { word: 'Failing', color: 'red' };
}

function factsOf(source: Source, isScanned: boolean): string[] {
  const { finder, baseUrl, username, allowsPrivate, offers, priority } = source;
  return [
    FINDER_WORDS[finder].name,
    baseUrl,
    ...(username === null ? [] : [`as ${username}`]),
    ...(allowsPrivate ? ['in my own network'] : []),
    OFFER_WORDS[offers].fact,
    ...(priority === 0 ? [] : [`priority ${priority}`]),
    ...(isScanned ? [] : scansOf(source)),
  ];
}

function scansOf({ lastScanAt, nextScanAt, isActive }: Source): string[] {
  const now = Date.now();
  const next = nextScanAt === null || !isActive ? null : Date.parse(nextScanAt) - now;
  return [
    lastScanAt === null ? 'not scanned yet' : `scanned ${duration(now - Date.parse(lastScanAt))} ago`,
    ...(next === null ? [] : [next < 1000 ? 'again soon' : `again in ${duration(next)}`]),
  ];
}
