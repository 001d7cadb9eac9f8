import { Alert, Button, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { changeEmail, deleteAccount, fetchOwnData, type User } from './account-api.ts';
import { useActing } from './acting.ts';
import { useFields } from './fields.ts';
import { SecretField } from './secret-field.tsx';
import { TestAnswer } from './test-answer.tsx';

type OwnDataPartProps = { user: User; onChanged(): void; onExpired(): void };

/** The address of an account, everything that is kept of it, and its end. */
export function OwnDataPart({ user, onChanged, onExpired }: OwnDataPartProps) {
  const [isLeaving, setIsLeaving] = useState(false);
  const { isActing, failure, act } = useActing(onExpired);
  return (
    <>
      {user.hasPassword && (
        <>
          <h2 className="tb-account-part">E-mail address</h2>
          <EmailForm {...{ user, onChanged, onExpired }} />
        </>
      )}
      <h2 className="tb-account-part">Your data</h2>
      <p className="tb-quiet">
        Everything this server keeps of you: profiles, rules, installs, devices, what was watched, lists,
        titles of your own, sessions and the log.
      </p>
      <div className="tb-actions tb-account-part">
        <Button
          variant="default"
          loading={isActing}
          onClick={() => void act(async (signal) => keep(await fetchOwnData(signal)))}
        >
          Download my data
        </Button>
        <Button
          variant="light"
          color="red"
          aria-expanded={isLeaving}
          onClick={() => setIsLeaving((is) => !is)}
        >
          Delete my account
        </Button>
      </div>
      <TestAnswer tested={null} failure={failure} />
      {isLeaving && (
        <DeleteForm
          hasPassword={user.hasPassword}
          onClose={() => setIsLeaving(false)}
          onExpired={onExpired}
        />
      )}
    </>
  );
}

/** As a file of the browser’s. */
function keep(data: Blob): void {
  const url = URL.createObjectURL(data);
  const link = document.createElement('a');
  link.href = url;
  link.download = 'my-data.json';
  link.click();
  // The browser has it by then; at once, some take nothing.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function EmailForm({ user, onChanged, onExpired }: OwnDataPartProps) {
  const { fields, bind } = useFields({ email: user.email ?? '', password: '' });
  const [isDone, setIsDone] = useState(false);
  const { isActing, failure, act } = useActing(onExpired);
  const email = fields.email.trim();
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    setIsDone(false);
    if (!(await act((signal) => changeEmail(email, fields.password, signal)))) return;
    bind('password').onChange({ currentTarget: { value: '' } });
    setIsDone(true);
    onChanged();
  }
  return (
    <form className="tb-form" aria-label="Change the e-mail address" onSubmit={(event) => void submit(event)}>
      <TextInput label="E-mail" type="email" autoComplete="email" {...bind('email')} />
      <SecretField label="Your password" autoComplete="current-password" {...bind('password')} />
      <TestAnswer tested={null} failure={failure} />
      {isDone && (
        <Alert color="teal" variant="light" role="status">
          The address is changed.
        </Alert>
      )}
      <div className="tb-actions">
        <Button
          type="submit"
          loading={isActing}
          disabled={!email.includes('@') || email === user.email || fields.password === ''}
        >
          Change the address
        </Button>
      </div>
    </form>
  );
}

type DeleteFormProps = { hasPassword: boolean; onClose(): void; onExpired(): void };

function DeleteForm({ hasPassword, onClose, onExpired }: DeleteFormProps) {
  const { fields, bind } = useFields({ password: '' });
  const { isActing, failure, act } = useActing(onExpired);
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    if (await act((signal) => deleteAccount(fields.password, signal))) window.location.reload();
  }
  return (
    <form className="tb-form" aria-label="Delete my account" onSubmit={(event) => void submit(event)}>
      <div className="tb-form-wide">
        <p>This goes at once, and nobody can bring it back:</p>
        <ul className="tb-account-goes">
          <li>your sessions and tokens: you are signed out everywhere</li>
          <li>your profiles with their rules, history and lists</li>
          <li>your installs and paired devices: they show nothing any more</li>
          <li>titles of your own that are not public</li>
        </ul>
        <p>What you gave to everybody stays, without your name. Download your data first if you want it.</p>
      </div>
      {hasPassword ? (
        <SecretField label="Your password" autoComplete="current-password" {...bind('password')} />
      ) : (
        <p className="tb-form-wide">This account has no password yet. Choose one first, by a link.</p>
      )}
      <TestAnswer tested={null} failure={failure} />
      <div className="tb-actions">
        <Button type="submit" color="red" loading={isActing} disabled={fields.password === ''}>
          Delete it for good
        </Button>
        <Button variant="default" onClick={onClose}>
          Leave it
        </Button>
      </div>
    </form>
  );
}
