import { Alert } from '@mantine/core';
import type { Tested } from './api.ts';

/** What a server answered just now to a test, or why it could not be tested. */
export function TestAnswer({ tested, failure }: { tested: Tested | null; failure: string | null }) {
  if (failure === null && tested === null) return null;
  const isGood = failure === null && tested?.isWorking === true;
  return (
    <Alert className="tb-row-answer" color={isGood ? 'teal' : 'red'} variant="light" role="status">
      {isGood && 'It works. '}
      {failure ?? tested?.detail}
    </Alert>
  );
}
