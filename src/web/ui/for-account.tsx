import type { ReactNode } from 'react';
import { fetchAccount } from './account-api.ts';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { SignInGate } from './sign-in-gate.tsx';

const slowly = () => 300_000;

/** What belongs to an account, for who is signed in by one; `what` begins a sentence: "Devices". */
export function ForAccount({
  what,
  children,
}: {
  what: string;
  /** `onExpired`: the session ended meanwhile. */
  children(onExpired: () => void): ReactNode;
}) {
  const { data: account, error, reload } = usePolled(fetchAccount, slowly);
  return (
    <>
      <PolledState
        isLoaded={account !== null}
        failed="The account could not be loaded"
        height={320}
        error={error}
        onExpired={reload}
      />
      {account !== null && account.user === null && (
        <>
          {account.isAdmin && (
            <p className="tb-quiet">{what} belong to an account: the admin token has none.</p>
          )}
          <SignInGate hasExpired={false} account={account} onOpened={() => window.location.reload()} />
        </>
      )}
      {account?.user && children(reload)}
    </>
  );
}
