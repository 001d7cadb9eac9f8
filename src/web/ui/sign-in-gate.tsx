import { Alert, Button, Code, TextInput } from '@mantine/core';
import { type ReactNode, type SubmitEvent, useEffect, useState } from 'react';
import { type Account, forgotPassword, register, signIn } from './account-api.ts';
import { type ApiFailure, openAdminSession } from './api.ts';
import { ProviderButtons } from './external-part.tsx';
import { useFields } from './fields.ts';
import { LockIcon } from './icons.tsx';
import { toFailure } from './polling.ts';
import { SecretField } from './secret-field.tsx';

type SignInGateProps = {
  hasExpired: boolean;
  account: Pick<Account, 'needsSetup' | 'canMail'>;
  /** The account that is signed in here may not see what is behind; null: nobody is. */
  signedInAs?: string | null;
  onOpened(): void;
};
type Way = 'setup' | 'password' | 'token' | 'forgotten';

/** Asks who is there: by name and password, on a new server for the first account, or by the admin token. */
export function SignInGate({
  hasExpired,
  account: { needsSetup, canMail },
  signedInAs = null,
  onOpened,
}: SignInGateProps) {
  // Known before the first look: a form that grew later would move what one is about to press.
  const people = needsSetup ? 'setup' : 'password';
  const [way, setWay] = useState<Way>(people);
  return (
    <div className="tb-card tb-gate">
      <div className="tb-gate-mark">
        <LockIcon size={26} />
      </div>
      {hasExpired && (
        <Alert color="orange" variant="light">
          Your session has ended. Sign in again; nothing you had typed was saved.
        </Alert>
      )}
      {signedInAs !== null && (
        <Alert color="orange" variant="light">
          This is for administrators; you are signed in as {signedInAs}.
        </Alert>
      )}
      {way === 'setup' && <SetupForm onOpened={onOpened} />}
      {way === 'password' && <PasswordForm onOpened={onOpened} />}
      {way === 'token' && <TokenForm onOpened={onOpened} />}
      {way === 'forgotten' && <ForgottenForm />}
      {way === 'password' && <ProviderButtons />}
      {way === 'password' && canMail && (
        <Button variant="subtle" size="xs" onClick={() => setWay('forgotten')}>
          I forgot my password
        </Button>
      )}
      <Button variant="subtle" size="xs" onClick={() => setWay(isAside(way) ? people : 'token')}>
        {isAside(way) ? WORDS[people] : 'Use the admin token'}
      </Button>
    </div>
  );
}

/** From there the button leads back. */
const isAside = (way: Way) => way === 'token' || way === 'forgotten';
const WORDS = { setup: 'Make the first account', password: 'Sign in with a password' } as const;

function PasswordForm({ onOpened }: { onOpened(): void }) {
  const { fields, bind } = useFields({ login: '', password: '' });
  return (
    <GateForm
      title="Sign in"
      action="Sign in"
      isReady={fields.login.trim() !== '' && fields.password !== ''}
      send={(signal) => signIn(fields.login.trim(), fields.password, signal)}
      onOpened={onOpened}
    >
      <TextInput
        label="User name or e-mail"
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        {...bind('login')}
      />
      <SecretField label="Password" name="password" autoComplete="current-password" {...bind('password')} />
    </GateForm>
  );
}

/** The answer is the same whether there is such an account. */
function ForgottenForm() {
  const { fields, bind } = useFields({ email: '' });
  const [isSent, setIsSent] = useState(false);
  return (
    <GateForm
      title="A new password"
      action="Send me a link"
      isReady={fields.email.includes('@') && !isSent}
      send={(signal) => forgotPassword(fields.email.trim(), signal)}
      onOpened={() => setIsSent(true)}
    >
      <p>A link to choose another one goes to the address of your account, and works for half an hour.</p>
      <TextInput label="E-mail" name="email" type="email" autoComplete="email" {...bind('email')} />
      {isSent && (
        <Alert color="teal" variant="light" role="status">
          If there is an account with this address, the link is on its way.
        </Alert>
      )}
    </GateForm>
  );
}

/** The first account, which is the administrator's. */
function SetupForm({ onOpened }: { onOpened(): void }) {
  const { fields, bind } = useFields({ username: '', email: '', password: '' });
  return (
    <GateForm
      title="Make the first account"
      action="Make the account"
      isReady={fields.username.trim().length > 1 && fields.password.length > 7}
      send={(signal) => register({ ...fields, email: fields.email.trim() }, signal)}
      onOpened={onOpened}
    >
      <p>
        It is the administrator’s: the one who sets this server up, adds sources, and makes the accounts of
        the others.
      </p>
      <TextInput
        label="User name"
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        {...bind('username')}
      />
      <TextInput
        label="E-mail, if you like"
        name="email"
        type="email"
        autoComplete="email"
        {...bind('email')}
      />
      <SecretField
        label="Password"
        name="new-password"
        autoComplete="new-password"
        description="At least 8 characters; a sentence is good."
        {...bind('password')}
      />
    </GateForm>
  );
}

/** Trades the admin token for a session cookie. */
function TokenForm({ onOpened }: { onOpened(): void }) {
  const { fields, bind } = useFields({ token: '' });
  return (
    <GateForm
      title="Unlock with the admin token"
      action="Unlock"
      isReady={fields.token.trim() !== ''}
      send={(signal) => openAdminSession(fields.token.trim(), signal)}
      onOpened={onOpened}
    >
      <p>
        It was printed when the server started for the first time, and is kept in its data folder. You can
        also choose it yourself with <Code>ADMIN_TOKEN</Code>.
      </p>
      <SecretField label="Admin token" name="token" autoComplete="off" of="token" {...bind('token')} />
    </GateForm>
  );
}

type GateFormProps = {
  title: string;
  action: string;
  isReady: boolean;
  send(signal: AbortSignal): Promise<void>;
  onOpened(): void;
  children: ReactNode;
};

function GateForm({ title, action, isReady, send, onOpened, children }: GateFormProps) {
  const [isSending, setIsSending] = useState(false);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const waitS = useCountdown(failure);

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    setIsSending(true);
    try {
      await send(new AbortController().signal);
      onOpened();
    } catch (reason) {
      setFailure(toFailure(reason));
    } finally {
      setIsSending(false);
    }
  }

  return (
    <form className="tb-gate-form" aria-label={title} onSubmit={(event) => void submit(event)}>
      <h2>{title}</h2>
      {children}
      {failure !== null && (
        <Alert color="red" variant="light" role="alert">
          {wordsFor(failure, waitS)}
        </Alert>
      )}
      <Button type="submit" loading={isSending} disabled={!isReady || waitS > 0} fullWidth>
        {waitS > 0 ? `Wait ${waitS} s` : action}
      </Button>
    </form>
  );
}

function wordsFor(failure: ApiFailure, waitS: number): string {
  if (failure.status === 429) {
    return waitS > 0
      ? `Too many tries. The next one is in ${waitS} s.`
      : 'Too many tries. You can try again now.';
  }
  const faults = failure.issues.map(({ path, message }) => `${path} ${message}`.trim());
  return faults.length === 0 ? failure.message : `${failure.message} ${faults.join('; ')}.`;
}

/** Seconds until another try is allowed, by `Retry-After`. */
function useCountdown(failure: ApiFailure | null): number {
  const [leftS, setLeftS] = useState(0);
  useEffect(() => {
    const untilMs = Date.now() + (failure?.retryAfterS ?? 0) * 1000;
    const tick = () => setLeftS(Math.max(0, Math.ceil((untilMs - Date.now()) / 1000)));
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [failure]);
  return leftS;
}
