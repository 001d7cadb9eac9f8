import { Button, EmptyState, Loader } from '@mantine/core';
import { Component, type ReactNode, Suspense } from 'react';
import { WarningIcon } from './icons.tsx';

/** A part whose code is loaded when it is shown. Its file is gone when the server was updated meanwhile: then it offers a reload. */
export function LazyPart({ children, fallback }: { children: ReactNode; fallback?: ReactNode }) {
  return (
    <LoadFailure>
      <Suspense fallback={fallback ?? <Loader className="tb-loader" aria-label="Loading" />}>
        {children}
      </Suspense>
    </LoadFailure>
  );
}

/** Error boundaries are classes: React has no function for them. */
class LoadFailure extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <EmptyState
        className="tb-notice"
        icon={<WarningIcon size={28} />}
        title="This part could not be loaded"
        description="The server was probably updated while the page was open."
      >
        <Button onClick={() => window.location.reload()}>Reload the page</Button>
      </EmptyState>
    );
  }
}
