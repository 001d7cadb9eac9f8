import { EmptyState, Skeleton } from '@mantine/core';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { AdminGate } from './admin-gate.tsx';
import { type ApiFailure, fetchIsAdmin } from './api.ts';
import { WarningIcon } from './icons.tsx';
import { toFailure } from './polling.ts';

type AdminOnlyProps = {
  id: string;
  title: string;
  /** Said when it cannot even be asked who we are. */
  failed: string;
  children(onExpired: () => void): ReactNode;
};

/** Asks for the admin token once; then shows the view, until the server says that the session has ended. */
export function AdminOnly({ id, title, failed, children }: AdminOnlyProps) {
  const [stage, setStage] = useState<'asking' | 'locked' | 'expired' | 'open'>('asking');
  const [failure, setFailure] = useState<ApiFailure | null>(null);

  useEffect(() => {
    const stop = new AbortController();
    fetchIsAdmin(stop.signal).then(
      (isAdmin) => !stop.signal.aborted && setStage(isAdmin ? 'open' : 'locked'),
      (reason: unknown) => !stop.signal.aborted && setFailure(toFailure(reason)),
    );
    return () => stop.abort();
  }, []);
  const expire = useCallback(() => setStage('expired'), []);

  if (stage === 'open') return children(expire);
  return (
    <section className="tb-section tb-view" aria-labelledby={id}>
      <div className="tb-section-head">
        <h1 id={id}>{title}</h1>
      </div>
      {stage === 'asking' &&
        (failure ? <Failure title={failed} failure={failure} /> : <Skeleton height={320} radius="lg" />)}
      {stage !== 'asking' && <AdminGate hasExpired={stage === 'expired'} onOpened={() => setStage('open')} />}
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
