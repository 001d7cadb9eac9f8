import './settings-mantine.css';
import './settings.css';
import { Button, EmptyState, Skeleton } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import { AdminOnly } from './admin-only.tsx';
import { type ApiFailure, fetchSettings, type Setting } from './api.ts';
import { WarningIcon } from './icons.tsx';
import { toFailure } from './polling.ts';
import { SettingsForm } from './settings-form.tsx';
import { hrefOf } from './views.ts';

type Stage =
  | { name: 'loading' }
  | { name: 'failed'; failure: ApiFailure }
  | { name: 'open'; settings: Setting[] };

/** The settings that can change while the server runs. */
export function SettingsView() {
  return (
    <AdminOnly id="settings-title" title="Settings" failed="The settings could not be loaded">
      {(onExpired) => <Settings onExpired={onExpired} />}
    </AdminOnly>
  );
}

function Settings({ onExpired }: { onExpired(): void }) {
  const [stage, setStage] = useState<Stage>({ name: 'loading' });
  const [round, setRound] = useState(0);
  const reload = useCallback(() => setRound((count) => count + 1), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` is how reload() starts over
  useEffect(() => {
    const stop = new AbortController();
    setStage({ name: 'loading' });
    fetchSettings(stop.signal).then(
      (settings) => !stop.signal.aborted && setStage({ name: 'open', settings }),
      (reason: unknown) => {
        if (stop.signal.aborted) return;
        const failure = toFailure(reason);
        if (failure.status === 401) onExpired();
        else setStage({ name: 'failed', failure });
      },
    );
    return () => stop.abort();
  }, [round, onExpired]);

  return (
    <section className="tb-section tb-view" aria-labelledby="settings-title">
      <div className="tb-section-head">
        <h1 id="settings-title">Settings</h1>
        <Button component="a" href={hrefOf('audit')} variant="default" size="xs">
          Log of changes
        </Button>
      </div>
      {stage.name === 'loading' && <Skeleton height={320} radius="lg" />}
      {stage.name === 'failed' && (
        <EmptyState
          className="tb-notice"
          icon={<WarningIcon size={30} />}
          title="The settings could not be loaded"
          description={stage.failure.message}
        >
          <Button onClick={reload}>Try again</Button>
        </EmptyState>
      )}
      {stage.name === 'open' && (
        <SettingsForm
          settings={stage.settings}
          onSaved={(settings) => setStage({ name: 'open', settings })}
          onExpired={onExpired}
        />
      )}
    </section>
  );
}
