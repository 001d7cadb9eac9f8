import { Alert, Button } from '@mantine/core';
import { useActing } from './acting.ts';
import {
  fetchIdentities,
  fetchProviders,
  type Identity,
  type Provider,
  signInHref,
  startLink,
  unlink,
} from './external-api.ts';
import { ago } from './format.ts';
import { markSignedIn } from './going-on.ts';
import { usePolled } from './polling.ts';
import { Row, Rows } from './row.tsx';
import { RowButton, RowButtons } from './row-button.tsx';
import { TestAnswer } from './test-answer.tsx';

const pace = () => 600_000;

/** Where one signs in with an account elsewhere; nothing where none is set. */
export function ProviderButtons() {
  const providers = usePolled(fetchProviders, pace).data ?? [];
  return providers.map((provider) => (
    <Button key={provider.id} component="a" href={signInHref(provider)} variant="default" fullWidth>
      Sign in with {provider.name}
    </Button>
  ));
}

/** What the server said to a sign-in elsewhere; it stands in the address the browser came back to. */
const WORDS: Record<string, string> = {
  'auth.external_unknown': 'No account here is linked to that one. Sign in here first, and link it then.',
  'auth.external_taken':
    'That one, or its e-mail address, belongs to another account here. Sign in to that, and link it there.',
  'auth.external_late': 'That sign-in was not begun in this browser, or took too long. Begin again.',
  'auth.external_refused': 'The other side did not say who you are. Try again.',
  'auth.closed': 'This account is closed. Ask the administrator of this server.',
  'auth.unverified': 'Your e-mail address is not verified yet. Open the link that was sent to it.',
  'auth.required': 'You were signed out meanwhile. Sign in, and link it again.',
};

/** Back from an account elsewhere: the cookies of a session came with it. */
export function noteReturn(): void {
  if (window.location.hash === '#account/signed-in') markSignedIn(true);
}

export function ExternalFailure() {
  const words = WORDS[window.location.hash.split('/')[1] ?? ''];
  return words === undefined ? null : (
    <Alert color="orange" variant="light" mb="md" role="alert">
      {words}
    </Alert>
  );
}

/** Accounts elsewhere that stand for one's own. */
export function LinkedPart({ onExpired }: { onExpired(): void }) {
  const providers = usePolled(fetchProviders, pace).data ?? [];
  const { data: identities, reload } = usePolled(fetchIdentities, pace);
  if (providers.length === 0 && (identities ?? []).length === 0) return null;
  return (
    <>
      <h2 className="tb-account-part">Signing in with</h2>
      <Rows label="Linked accounts">
        {identities?.map((identity) => (
          <IdentityRow key={identity.identityId} {...{ identity, onExpired }} onUnlinked={reload} />
        ))}
      </Rows>
      <div className="tb-actions tb-account-part">
        {providers.map((provider) => (
          <LinkButton key={provider.id} provider={provider} onExpired={onExpired} />
        ))}
      </div>
    </>
  );
}

function LinkButton({ provider, onExpired }: { provider: Provider; onExpired(): void }) {
  const { isActing, failure, act } = useActing(onExpired);
  const go = (signal: AbortSignal) =>
    startLink(provider.id, signal).then((url) => window.location.assign(url));
  return (
    <>
      <Button variant="default" size="xs" loading={isActing} onClick={() => void act(go)}>
        Link {provider.name}
      </Button>
      <TestAnswer tested={null} failure={failure} />
    </>
  );
}

type IdentityRowProps = { identity: Identity; onUnlinked(): void; onExpired(): void };

function IdentityRow({ identity, onUnlinked, onExpired }: IdentityRowProps) {
  const { isActing, failure, act } = useActing(onExpired);
  const host = URL.canParse(identity.issuer) ? new URL(identity.issuer).host : identity.issuer;
  const { lastUsedAt } = identity;
  return (
    <Row
      className="tb-account"
      name={identity.name ?? host}
      facts={[host, lastUsedAt === null ? 'never used' : `used ${ago(lastUsedAt)}`]}
      reasons={[]}
      status="active"
      badge={{ word: 'Linked', color: 'teal' }}
      figures={[]}
    >
      <RowButtons>
        <RowButton
          word="Unlink"
          of={identity.name ?? host}
          loading={isActing}
          onClick={() => void act((signal) => unlink(identity.identityId, signal)).then(onUnlinked)}
        />
      </RowButtons>
      <TestAnswer tested={null} failure={failure} />
    </Row>
  );
}
