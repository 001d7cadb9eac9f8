import './settings-mantine.css';
import './settings.css';
import { Alert, Button } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { resetPassword } from './account-api.ts';
import { useActing } from './acting.ts';
import { useFields } from './fields.ts';
import { LockIcon } from './icons.tsx';
import { SecretField } from './secret-field.tsx';
import { hrefOf } from './views.ts';

/** Where a one-time link leads: a new password is chosen. */
export function ResetView() {
  const { fields, bind } = useFields({ password: '' });
  const [isDone, setIsDone] = useState(false);
  const { isActing, failure, act } = useActing(() => undefined);

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const token = window.location.hash.split('/')[1] ?? '';
    setIsDone(await act((signal) => resetPassword(token, fields.password, signal)));
  }

  return (
    <section className="tb-section tb-view" aria-labelledby="reset-title">
      <div className="tb-section-head">
        <h1 id="reset-title">A new password</h1>
      </div>
      <form className="tb-card tb-gate" onSubmit={(event) => void submit(event)}>
        <div className="tb-gate-mark">
          <LockIcon size={26} />
        </div>
        {isDone ? (
          <>
            <p>Your password is changed, and you are signed out wherever you were signed in.</p>
            <Button component="a" href={hrefOf('account')}>
              Sign in
            </Button>
          </>
        ) : (
          <>
            <SecretField
              label="New password"
              autoComplete="new-password"
              description="At least 8 characters; a sentence is good."
              {...bind('password')}
            />
            {failure !== null && (
              <Alert color="red" variant="light" role="alert">
                {failure}
              </Alert>
            )}
            <Button type="submit" loading={isActing} disabled={fields.password.length < 8} fullWidth>
              Choose this password
            </Button>
          </>
        )}
      </form>
    </section>
  );
}
