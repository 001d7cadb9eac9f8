import './settings-mantine.css';
import './settings.css';
import './dialog.css';
import './form.css';
import './account.css';
import { Alert, Badge, Button, Code, NativeSelect, Skeleton, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import {
  askVerification,
  changePassword,
  dropToken,
  endSession,
  fetchAccount,
  fetchSessions,
  fetchTokens,
  makeToken,
  nameOf,
  type Session,
  signOut,
  type Token,
  type User,
} from './account-api.ts';
import { useActing } from './acting.ts';
import { CopyButton } from './copy-button.tsx';
import { deviceOf } from './device-name.ts';
import { ExternalFailure, LinkedPart, noteReturn } from './external-part.tsx';
import { useFields } from './fields.ts';
import { ago } from './format.ts';
import { OwnDataPart } from './own-data-part.tsx';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { Row, Rows } from './row.tsx';
import { RowButton, RowButtons } from './row-button.tsx';
import { SecretField } from './secret-field.tsx';
import { SignInGate } from './sign-in-gate.tsx';
import { TestAnswer } from './test-answer.tsx';
import { UsersPart } from './users-part.tsx';

const FAILED = 'The account could not be loaded';
const pace = () => 60_000;

/** One's own account; for an administrator, those of the others below. */
export function AccountView() {
  noteReturn();
  const { data: account, error, reload } = usePolled(fetchAccount, pace);
  const user = account?.user ?? null;
  const isIn = user !== null || account?.isAdmin === true;
  return (
    <section className="tb-section tb-view" aria-labelledby="account-title">
      <div className="tb-section-head">
        <h1 id="account-title">{user === null ? 'Account' : nameOf(user)}</h1>
        {user !== null && (
          <Badge variant="light" size="lg" tt="none">
            {user.role}
          </Badge>
        )}
        {isIn && <SignOut onDone={() => window.location.reload()} />}
      </div>
      <ExternalFailure />
      <PolledState
        isLoaded={account !== null}
        failed={FAILED}
        height={320}
        error={error}
        onExpired={reload}
      />
      {account !== null && !isIn && (
        <SignInGate hasExpired={false} account={account} onOpened={() => window.location.reload()} />
      )}
      {user !== null && account?.canMail === true && <AddressHint user={user} onExpired={reload} />}
      {user !== null && <Own user={user} onExpired={reload} />}
      {user === null && account?.isAdmin === true && (
        <p className="tb-quiet">
          You are in by the admin token.{' '}
          {account.needsSetup && 'Add yourself an account, as an administrator.'}
        </p>
      )}
      {account?.isAdmin === true && <UsersPart self={user?.userId ?? null} onExpired={reload} />}
    </section>
  );
}

/** Of an address that nobody has shown to be theirs. */
function AddressHint({ user, onExpired }: { user: User; onExpired(): void }) {
  const [isSent, setIsSent] = useState(false);
  const { isActing, failure, act } = useActing(onExpired);
  if (user.email === null || user.isEmailVerified) return null;
  return (
    <Alert color="orange" variant="light" mb="md" title={`${user.email} is not verified yet`}>
      <p>
        {failure ?? (isSent ? 'The link is on its way.' : 'Open the link in the mail that was sent to it.')}
      </p>
      {!isSent && (
        <Button
          mt="xs"
          size="xs"
          variant="default"
          loading={isActing}
          onClick={() => void act(askVerification).then(setIsSent)}
        >
          Send it again
        </Button>
      )}
    </Alert>
  );
}

function SignOut({ onDone }: { onDone(): void }) {
  const { isActing, act } = useActing(onDone);
  return (
    <Button
      variant="default"
      size="xs"
      loading={isActing}
      onClick={() => void act(signOut).then((isOut) => isOut && onDone())}
    >
      Sign out
    </Button>
  );
}

function Own({ user, onExpired }: { user: User; onExpired(): void }) {
  const sessions = usePolled(fetchSessions, pace);
  const tokens = usePolled(fetchTokens, pace);
  return (
    <>
      {user.hasPassword && <PasswordPart onExpired={onExpired} onChanged={sessions.reload} />}
      <LinkedPart onExpired={onExpired} />
      <h2 className="tb-account-part">Signed in on</h2>
      {sessions.data === null ? (
        <Skeleton height={90} radius="lg" />
      ) : (
        <Rows label="Sessions">
          {sessions.data.map((session) => (
            <SessionRow key={session.sessionId} {...{ session, onExpired }} onEnded={sessions.reload} />
          ))}
        </Rows>
      )}
      <h2 className="tb-account-part">Tokens for scripts</h2>
      <NewToken onMade={tokens.reload} onExpired={onExpired} />
      {tokens.data !== null && tokens.data.length > 0 && (
        <Rows label="Tokens">
          {tokens.data.map((token) => (
            <TokenRow key={token.tokenId} {...{ token, onExpired }} onDropped={tokens.reload} />
          ))}
        </Rows>
      )}
      <OwnDataPart user={user} onChanged={onExpired} onExpired={onExpired} />
    </>
  );
}

function PasswordPart({ onExpired, onChanged }: { onExpired(): void; onChanged(): void }) {
  const { fields, bind } = useFields({ current: '', next: '' });
  const [isDone, setIsDone] = useState(false);
  const { isActing, failure, act } = useActing(onExpired);
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    setIsDone(false);
    if (!(await act((signal) => changePassword(fields.current, fields.next, signal)))) return;
    setIsDone(true);
    onChanged();
  }
  return (
    <form className="tb-form" aria-label="Change the password" onSubmit={(event) => void submit(event)}>
      <SecretField label="Password now" autoComplete="current-password" {...bind('current')} />
      <SecretField label="New password" autoComplete="new-password" {...bind('next')} />
      {failure !== null && (
        <Alert color="red" variant="light" role="alert">
          {failure}
        </Alert>
      )}
      {isDone && (
        <Alert color="teal" variant="light" role="status">
          The password is changed. Every other session of yours has ended.
        </Alert>
      )}
      <div className="tb-actions">
        <Button type="submit" loading={isActing} disabled={fields.current === '' || fields.next.length < 8}>
          Change the password
        </Button>
      </div>
    </form>
  );
}

function SessionRow(props: { session: Session; onEnded(): void; onExpired(): void }) {
  const { session, onEnded, onExpired } = props;
  const { isActing, failure, act } = useActing(onExpired);
  const name = deviceOf(session.agent);
  return (
    <Row
      className="tb-account"
      name={name}
      facts={[`signed in ${ago(session.createdAt)}`, `used ${ago(session.lastUsedAt)}`]}
      reasons={[]}
      status="active"
      badge={session.isThis ? { word: 'This one', color: 'teal' } : { word: 'Elsewhere', color: 'gray' }}
      figures={[]}
    >
      {!session.isThis && (
        <RowButtons>
          <RowButton
            word="End"
            of={name}
            loading={isActing}
            onClick={() => void act((signal) => endSession(session.sessionId, signal)).then(onEnded)}
          />
        </RowButtons>
      )}
      <TestAnswer tested={null} failure={failure} />
    </Row>
  );
}

/** Scopes of a token, apart by spaces, with what they are for. */
const TOKEN_USES = [
  { value: 'read', label: 'Read everything' },
  { value: 'read write', label: 'Read and change everything' },
  { value: 'activity:read activity:write', label: 'History and lists' },
  { value: 'family:read family:write', label: 'Profiles, installs, devices' },
  { value: 'titles:read titles:write', label: 'Titles of my own' },
  { value: 'catalog:read', label: 'Read the catalogue' },
  { value: 'streams:read streams:write', label: 'Streams' },
  { value: 'sources:read sources:write', label: 'Sources and finders' },
  { value: 'admin', label: 'Settings, accounts, log' },
];

function usesOf({ scopes }: Token): string {
  return TOKEN_USES.find(({ value }) => value === scopes.join(' '))?.label ?? scopes.join(', ');
}

function NewToken({ onMade, onExpired }: { onMade(): void; onExpired(): void }) {
  const { fields, bind } = useFields({ name: '', scopes: 'read' });
  const [made, setMade] = useState<string | null>(null);
  const { isActing, failure, act } = useActing(onExpired);
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    if (
      await act(async (signal) =>
        setMade(await makeToken(fields.name.trim(), fields.scopes.split(' '), signal)),
      )
    )
      onMade();
  }
  return (
    <form className="tb-form" aria-label="A new token" onSubmit={(event) => void submit(event)}>
      <TextInput label="What it is for" maxLength={100} placeholder="backup script" {...bind('name')} />
      <NativeSelect label="What it may do" data={TOKEN_USES} {...bind('scopes')} />
      {failure !== null && (
        <Alert color="red" variant="light" role="alert">
          {failure}
        </Alert>
      )}
      {made !== null && (
        <Alert color="teal" variant="light" role="status" title="Copy it now; it is not shown again">
          <div className="tb-account-secret">
            <Code>{made}</Code>
            <CopyButton text={made} label="Copy" size="xs" variant="default" />
          </div>
        </Alert>
      )}
      <div className="tb-actions">
        <Button type="submit" loading={isActing} disabled={fields.name.trim() === ''}>
          Make a token
        </Button>
      </div>
    </form>
  );
}

function TokenRow({ token, onDropped, onExpired }: { token: Token; onDropped(): void; onExpired(): void }) {
  const { isActing, failure, act } = useActing(onExpired);
  const used = token.lastUsedAt === null ? 'never used' : `used ${ago(token.lastUsedAt)}`;
  return (
    <Row
      className="tb-account"
      name={token.name}
      facts={[`made ${ago(token.createdAt)}`, used]}
      reasons={[]}
      status="active"
      badge={{ word: usesOf(token), color: 'gray' }}
      figures={[]}
    >
      <RowButtons>
        <RowButton
          word="Take back"
          of={token.name}
          loading={isActing}
          onClick={() => void act((signal) => dropToken(token.tokenId, signal)).then(onDropped)}
        />
      </RowButtons>
      <TestAnswer tested={null} failure={failure} />
    </Row>
  );
}
