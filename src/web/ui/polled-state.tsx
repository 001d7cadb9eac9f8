import { Alert, Skeleton } from '@mantine/core';
import { useEffect } from 'react';
import { Failure } from './admin-only.tsx';
import type { ApiFailure } from './api.ts';

type PolledStateProps = {
  /** Something can be shown, be it old. */
  isLoaded: boolean;
  error: ApiFailure | null;
  /** What is said when nothing could be had. */
  failed: string;
  /** Of what will be there, in pixels. */
  height: number;
  /** The token is no longer taken. */
  onExpired(): void;
};

/** What an admin's page that asks again and again says beside its data: that it is old, could not be had, or is coming. */
export function PolledState({ isLoaded, error, failed, height, onExpired }: PolledStateProps) {
  const isExpired = error?.status === 401;
  useEffect(() => {
    if (isExpired) onExpired();
  }, [isExpired, onExpired]);
  if (isExpired) return null;
  if (error === null) return isLoaded ? null : <Skeleton height={height} radius="lg" />;
  if (!isLoaded) return <Failure title={failed} failure={error} />;
  return (
    <Alert color="orange" variant="light" mb="md" title="What is shown is old">
      {error.message}
    </Alert>
  );
}
