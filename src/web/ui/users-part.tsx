import { Alert, Button, NativeSelect, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import {
  addUser,
  changeUser,
  fetchUsers,
  makeResetLink,
  nameOf,
  ROLES,
  removeUser,
  type User,
} from './account-api.ts';
import { useActing } from './acting.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { CopyButton } from './copy-button.tsx';
import { useFields } from './fields.ts';
import { ago, plural } from './format.ts';
import { AddIcon } from './icons.tsx';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { Row, Rows } from './row.tsx';
import { RowButton, RowButtons } from './row-button.tsx';
import { SecretField } from './secret-field.tsx';
import { TestAnswer } from './test-answer.tsx';
import { hrefOf } from './views.ts';

const pace = () => 30_000;
const roleOf = (value: string): User['role'] => ROLES.find((role) => role === value) ?? 'user';

type UsersPartProps = { self: string | null; onExpired(): void };

/** The accounts of this server, and the administrator's hand on them. */
export function UsersPart({ self, onExpired }: UsersPartProps) {
  const { data, error, reload } = usePolled(fetchUsers, pace);
  const [isAdding, setIsAdding] = useState(false);
  return (
    <>
      <div className="tb-section-head tb-account-part">
        <h2>Accounts of this server</h2>
        {data !== null && <span className="tb-quiet">{plural(data.total, 'account', 'accounts')}</span>}
        <Button component="a" href={hrefOf('audit')} variant="default" size="xs">
          Log of changes
        </Button>
        {!isAdding && (
          <Button leftSection={<AddIcon size={16} />} size="xs" onClick={() => setIsAdding(true)}>
            Add an account
          </Button>
        )}
      </div>
      {isAdding && (
        <NewUser
          onDone={() => {
            setIsAdding(false);
            reload();
          }}
          onClose={() => setIsAdding(false)}
          onExpired={onExpired}
        />
      )}
      <PolledState
        isLoaded={data !== null}
        failed="The accounts could not be loaded"
        height={160}
        {...{ error, onExpired }}
      />
      {data !== null && (
        <Rows label="Accounts">
          {data.users.map((user) => (
            <UserRow
              key={user.userId}
              user={user}
              isSelf={user.userId === self}
              onChanged={reload}
              onExpired={onExpired}
            />
          ))}
        </Rows>
      )}
    </>
  );
}

function NewUser({ onDone, onClose, onExpired }: { onDone(): void; onClose(): void; onExpired(): void }) {
  const { fields, bind } = useFields({ username: '', email: '', password: '' });
  const [role, setRole] = useState<User['role']>('user');
  const { isActing, failure, act } = useActing(onExpired);
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const credentials = { ...fields, username: fields.username.trim(), email: fields.email.trim() };
    if (await act((signal) => addUser(credentials, role, signal))) onDone();
  }
  return (
    <form className="tb-form" aria-label="A new account" onSubmit={(event) => void submit(event)}>
      <TextInput
        label="User name"
        required
        withAsterisk={false}
        autoCapitalize="none"
        {...bind('username')}
      />
      <TextInput label="E-mail, if you like" type="email" {...bind('email')} />
      <SecretField
        label="Password"
        description="Empty: you are given a link by which the user chooses one."
        autoComplete="new-password"
        {...bind('password')}
      />
      <RoleSelect role={role} onChange={setRole} />
      {failure !== null && (
        <Alert color="red" variant="light" role="alert">
          {failure}
        </Alert>
      )}
      <div className="tb-actions">
        <Button type="submit" loading={isActing}>
          Add the account
        </Button>
        <Button variant="default" onClick={onClose}>
          Leave it
        </Button>
      </div>
    </form>
  );
}

function RoleSelect({ role, onChange }: { role: User['role']; onChange(role: User['role']): void }) {
  return (
    <NativeSelect
      label="Role"
      data={[...ROLES]}
      value={role}
      onChange={(event) => onChange(roleOf(event.currentTarget.value))}
    />
  );
}

type UserRowProps = { user: User; isSelf: boolean; onChanged(): void; onExpired(): void };

function UserRow({ user, isSelf, onChanged, onExpired }: UserRowProps) {
  const [open, setOpen] = useState<'role' | 'remove' | null>(null);
  const [link, setLink] = useState<string | null>(null);
  const { isActing, failure, act } = useActing(onExpired);
  const name = nameOf(user);
  const isOpen = user.status === 'active';

  async function change(to: Parameters<typeof changeUser>[1]) {
    if (await act((signal) => changeUser(user.userId, to, signal))) onChanged();
  }

  return (
    <Row
      className="tb-account"
      name={isSelf ? `${name} (you)` : name}
      facts={factsOf(user)}
      reasons={user.hasPassword ? [] : ['No password yet: make a link, and hand it on.']}
      status={user.status}
      tone="quiet"
      badge={isOpen ? { word: user.role, color: 'teal' } : { word: 'Closed', color: 'gray' }}
      figures={[]}
    >
      <RowButtons>
        <RowButton
          word="Link for a new password"
          of={name}
          loading={isActing}
          onClick={() => void act(async (signal) => setLink(await makeResetLink(user.userId, signal)))}
        />
        <RowButton
          word="Role"
          of={name}
          isOpen={open === 'role'}
          onClick={() => setOpen(open === 'role' ? null : 'role')}
        />
        <RowButton
          word={isOpen ? 'Close' : 'Open again'}
          of={name}
          onClick={() => void change({ status: isOpen ? 'inactive' : 'active' })}
        />
        <RowButton word="Remove" of={name} onClick={() => setOpen('remove')} />
      </RowButtons>
      {open === 'role' && (
        <div className="tb-row-answer">
          <RoleSelect role={user.role} onChange={(role) => void change({ role })} />
        </div>
      )}
      {link !== null && (
        <Alert
          className="tb-row-answer"
          color="teal"
          variant="light"
          role="status"
          title={`For ${name}, once, within a day`}
        >
          <div className="tb-account-secret">
            <span>{link}</span>
            <CopyButton text={link} label="Copy" size="xs" variant="default" />
          </div>
        </Alert>
      )}
      <TestAnswer tested={null} failure={failure} />
      {open === 'remove' && (
        <ConfirmDialog
          title="Remove this account?"
          action="Remove it"
          color="red"
          onConfirm={async () => {
            await removeUser(user.userId, new AbortController().signal);
            onChanged();
          }}
          onClose={() => setOpen(null)}
          onExpired={onExpired}
        >
          <b>{name}</b> is signed out everywhere, and what is theirs is gone. What they added to the catalogue
          stays.
        </ConfirmDialog>
      )}
    </Row>
  );
}

function factsOf({ username, email, lastSignInAt, createdAt }: User): string[] {
  return [
    ...(username !== null && email !== null ? [email] : []),
    `since ${new Date(createdAt).toLocaleDateString()}`,
    lastSignInAt === null ? 'never signed in' : `signed in ${ago(lastSignInAt)}`,
  ];
}
