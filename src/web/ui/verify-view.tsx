import './settings-mantine.css';
import './settings.css';
import { Alert, Button } from '@mantine/core';
import { useState } from 'react';
import { verifyEmail } from './account-api.ts';
import { useActing } from './acting.ts';
import { LockIcon } from './icons.tsx';
import { hrefOf } from './views.ts';

/** Where the link in a mail leads: a press verifies the address. Scanners of mail only open it. */
export function VerifyView() {
  const [isDone, setIsDone] = useState(false);
  const { isActing, failure, act } = useActing(() => undefined);
  const token = window.location.hash.split('/')[1] ?? '';
  return (
    <section className="tb-section tb-view" aria-labelledby="verify-title">
      <div className="tb-section-head">
        <h1 id="verify-title">Your address</h1>
      </div>
      <div className="tb-card tb-gate">
        <div className="tb-gate-mark">
          <LockIcon size={26} />
        </div>
        <p>
          {isDone
            ? 'Your e-mail address is verified.'
            : 'You got this link by mail, so the address is yours.'}
        </p>
        {failure !== null && (
          <Alert color="red" variant="light" role="alert">
            {failure}
          </Alert>
        )}
        {isDone ? (
          <Button component="a" href={hrefOf('account')}>
            To your account
          </Button>
        ) : (
          <Button
            fullWidth
            loading={isActing}
            onClick={() => void act((signal) => verifyEmail(token, signal)).then(setIsDone)}
          >
            It is mine
          </Button>
        )}
      </div>
    </section>
  );
}
