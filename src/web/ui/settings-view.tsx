import './settings-mantine.css';
import './settings.css';
import { Button, EmptyState, Skeleton } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import { AdminGate } from './admin-gate.tsx';
import { type ApiFailure, closeAdminSession, fetchIsAdmin, fetchSettings, type Setting } from './api.ts';
import { WarningIcon } from './icons.tsx';
import { toFailure } from './polling.ts';
import { SettingsForm } from './settings-form.tsx';

type Stage =
  | { name: 'loading' }
  | { name: 'locked'; hasExpired: boolean }
  | { name: 'failed'; failure: ApiFailure }
  | { name: 'open'; settings: Setting[] };

/** Asks for the admin token once; then the settings that can change while the server runs. */
export function SettingsView() {
  const [stage, setStage] = useState<Stage>({ name: 'loading' });
  const [round, setRound] = useState(0);
  const reload = useCallback(() => setRound((count) => count + 1), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` is how reload() starts over
  useEffect(() => {
    const stop = new AbortController();
    setStage({ name: 'loading' });
    load(stop.signal).then(
      (next) => !stop.signal.aborted && setStage(next),
      (reason: unknown) => !stop.signal.aborted && setStage({ name: 'failed', failure: toFailure(reason) }),
    );
    return () => stop.abort();
  }, [round]);

  async function signOut() {
    // Whatever the answer: without the cookie the next load shows the gate.
    await closeAdminSession(new AbortController().signal).catch(() => undefined);
    reload();
  }

  return (
    <section className="tb-section tb-view" aria-labelledby="settings-title">
      <div className="tb-section-head">
        <h1 id="settings-title">Settings</h1>
        {stage.name === 'open' && (
          <Button variant="default" size="xs" onClick={() => void signOut()}>
            Sign out
          </Button>
        )}
      </div>
      {stage.name === 'loading' && <Skeleton height={320} radius="lg" />}
      {stage.name === 'locked' && <AdminGate hasExpired={stage.hasExpired} onOpened={reload} />}
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
          onExpired={() => setStage({ name: 'locked', hasExpired: true })}
        />
      )}
    </section>
  );
}

async function load(signal: AbortSignal): Promise<Stage> {
  if (!(await fetchIsAdmin(signal))) return { name: 'locked', hasExpired: false };
  try {
    return { name: 'open', settings: await fetchSettings(signal) };
  } catch (reason) {
    const failure = toFailure(reason);
    if (failure.status === 401) return { name: 'locked', hasExpired: true };
    throw failure;
  }
}
