import { Alert, Button, Code, PasswordInput } from '@mantine/core';
import { type SubmitEvent, useEffect, useState } from 'react';
import { type ApiFailure, openAdminSession } from './api.ts';
import { LockIcon } from './icons.tsx';
import { toFailure } from './polling.ts';

type AdminGateProps = { hasExpired: boolean; onOpened(): void };

/** Trades the admin token for a session cookie. */
export function AdminGate({ hasExpired, onOpened }: AdminGateProps) {
  const [token, setToken] = useState('');
  const [isSending, setIsSending] = useState(false);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const waitS = useCountdown(failure);

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    setIsSending(true);
    try {
      await openAdminSession(token.trim(), new AbortController().signal);
      setToken('');
      onOpened();
    } catch (reason) {
      setFailure(toFailure(reason));
    } finally {
      setIsSending(false);
    }
  }

  return (
    <form className="tb-card tb-gate" onSubmit={(event) => void submit(event)}>
      <div className="tb-gate-mark">
        <LockIcon size={26} />
      </div>
      <h2>Unlock with the admin token</h2>
      <p>
        It was printed when the server started for the first time, and is kept in its data folder. You can
        also choose it yourself with <Code>ADMIN_TOKEN</Code>.
      </p>
      {hasExpired && failure === null && (
        <Alert color="orange" variant="light">
          Your session has ended. Unlock again; nothing you had typed was saved.
        </Alert>
      )}
      <PasswordInput
        label="Admin token"
        name="token"
        autoComplete="current-password"
        required
        withAsterisk={false}
        value={token}
        onChange={(event) => setToken(event.currentTarget.value)}
        error={failure === null ? null : wordsFor(failure, waitS)}
        visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the token' }}
      />
      <Button type="submit" loading={isSending} disabled={token.trim() === '' || waitS > 0} fullWidth>
        {waitS > 0 ? `Wait ${waitS} s` : 'Unlock'}
      </Button>
    </form>
  );
}

function wordsFor(failure: ApiFailure, waitS: number): string {
  if (failure.status === 401) return 'This is not the admin token.';
  if (failure.status === 429) {
    return waitS > 0
      ? `Too many tries. The next one is in ${waitS} s.`
      : 'Too many tries. You can try again now.';
  }
  return failure.message;
}

/** Seconds until another try is allowed, by `Retry-After`. */
function useCountdown(failure: ApiFailure | null): number {
  const [leftS, setLeftS] = useState(0);
  useEffect(() => {
    const untilMs = Date.now() + (failure?.retryAfterS ?? 0) * 1000;
    const tick = () => setLeftS(Math.max(0, Math.ceil((untilMs - Date.now()) / 1000)));
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [failure]);
  return leftS;
}
