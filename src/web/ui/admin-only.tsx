import { EmptyState, Skeleton } from '@mantine/core';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { type Account, fetchAccount, nameOf } from './account-api.ts';
import type { ApiFailure } from './api.ts';
import { WarningIcon } from './icons.tsx';
import { toFailure } from './polling.ts';
import { SignInGate } from './sign-in-gate.tsx';

type AdminOnlyProps = {
  id: string;
  title: string;
  /** Said when it cannot even be asked who we are. */
  failed: string;
  children(onExpired: () => void): ReactNode;
};

/** For administrators: asks who is there, once; then shows the view, until the server says that the session has ended. */
export function AdminOnly({ id, title, failed, children }: AdminOnlyProps) {
  const [stage, setStage] = useState<'asking' | 'locked' | 'expired' | 'open'>('asking');
  const [account, setAccount] = useState<Account | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);

  const [round, setRound] = useState(0);
  const ask = useCallback(() => setRound((count) => count + 1), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` is how ask() asks again
  useEffect(() => {
    const stop = new AbortController();
    fetchAccount(stop.signal).then(
      (known) => {
        if (stop.signal.aborted) return;
        setAccount(known);
        setStage(known.isAdmin ? 'open' : 'locked');
      },
      (reason: unknown) => !stop.signal.aborted && setFailure(toFailure(reason)),
    );
    return () => stop.abort();
  }, [round]);
  const expire = useCallback(() => setStage('expired'), []);

  if (stage === 'open') return children(expire);
  return (
    <section className="tb-section tb-view" aria-labelledby={id}>
      <div className="tb-section-head">
        <h1 id={id}>{title}</h1>
      </div>
      {stage === 'asking' &&
        (failure ? <Failure title={failed} failure={failure} /> : <Skeleton height={320} radius="lg" />)}
      {stage !== 'asking' && account !== null && (
        <SignInGate
          hasExpired={stage === 'expired'}
          account={account}
          signedInAs={stage === 'expired' || account.user === null ? null : nameOf(account.user)}
          onOpened={ask}
        />
      )}
    </section>
  );
}

export function Failure({ title, failure }: { title: string; failure: ApiFailure }) {
  return (
    <EmptyState
      className="tb-notice"
      icon={<WarningIcon size={30} />}
      title={title}
      description={failure.message}
    />
  );
}
