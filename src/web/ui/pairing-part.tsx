import { Alert, Button, NativeSelect, TextInput } from '@mantine/core';
import { type SubmitEvent, useEffect, useState } from 'react';
import { useActing } from './acting.ts';
import { confirmCode, type MadeCode, makeCode, type Profile } from './device-api.ts';
import { ShownCode, useCodeStatus } from './shown-code.tsx';
import { hrefOf } from './views.ts';

type PairingPartProps = { profiles: readonly Profile[]; onPaired(): void; onExpired(): void };

/** Both ways in which a device and this account come together. */
export function PairingPart({ profiles, onPaired, onExpired }: PairingPartProps) {
  return (
    <div className="tb-pairing">
      <section className="tb-card" aria-labelledby="show-code">
        <h2 id="show-code">Enter a code on the device</h2>
        <ShowCode onPaired={onPaired} onExpired={onExpired} />
      </section>
      <section className="tb-card" aria-labelledby="take-code">
        <h2 id="take-code">The device shows a code</h2>
        <TakeCode {...{ profiles, onPaired, onExpired }} />
      </section>
    </div>
  );
}

function ShowCode({ onPaired, onExpired }: Omit<PairingPartProps, 'profiles'>) {
  const [made, setMade] = useState<MadeCode | null>(null);
  const { isActing, failure, act } = useActing(onExpired);
  return (
    <>
      {made === null && (
        <p className="tb-quiet">
          You get six digits. Whoever has the device opens this server’s page on it, enters them, chooses
          their profile and gives its PIN.
        </p>
      )}
      {made !== null && <OpenCode key={made.code} made={made} onPaired={onPaired} />}
      {failure !== null && (
        <Alert color="red" variant="light" role="alert">
          {failure}
        </Alert>
      )}
      <Button
        variant={made === null ? 'filled' : 'default'}
        loading={isActing}
        onClick={() => void act(async (signal) => setMade(await makeCode(signal)))}
      >
        {made === null ? 'Make a code' : 'Make another one'}
      </Button>
    </>
  );
}

function OpenCode({ made, onPaired }: { made: MadeCode; onPaired(): void }) {
  const status = useCodeStatus(made);
  const isPaired = status?.state === 'paired';
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it is paired
  useEffect(() => {
    if (isPaired) onPaired();
  }, [isPaired]);
  if (status === null) return <p className="tb-quiet">That code is older than ten minutes.</p>;
  if (isPaired)
    return (
      <Alert color="teal" variant="light" role="status">
        {status?.name ?? 'The device'} is paired.
      </Alert>
    );
  return (
    <>
      <ShownCode made={made}>
        Scan this on the device, or open its page and enter the digits. Good for ten minutes.
      </ShownCode>
      <p className="tb-quiet" role="status">
        {status?.state === 'claimed'
          ? `${status.name} has entered it: its PIN is missing.`
          : 'Waiting for the device …'}
      </p>
    </>
  );
}

/** From the QR code of a device: `#devices/012345`. */
function codeOfAddress(): string {
  return /^#devices\/(\d{6})$/.exec(window.location.hash)?.[1] ?? '';
}

function TakeCode({ profiles, onPaired, onExpired }: PairingPartProps) {
  const [code, setCode] = useState(codeOfAddress);
  const [profileId, setProfileId] = useState(profiles[0]?.profileId ?? '');
  const [isDone, setIsDone] = useState(false);
  const { isActing, failure, act } = useActing(onExpired);
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    setIsDone(false);
    if (!(await act((signal) => confirmCode(code, profileId, signal)))) return;
    setIsDone(true);
    setCode('');
    // The address held the code.
    window.history.replaceState(null, '', hrefOf('devices'));
    onPaired();
  }
  if (profiles.length === 0)
    return <p className="tb-quiet">Make a profile first: a device is always somebody’s.</p>;
  return (
    <form aria-label="Confirm a code" onSubmit={(event) => void submit(event)}>
      <TextInput
        className="tb-code-input"
        label="Code"
        description="Confirm only what you see on a device of yours."
        inputMode="numeric"
        autoComplete="off"
        maxLength={7}
        placeholder="000000"
        value={code}
        onChange={(event) => setCode(event.currentTarget.value.replace(/\D/g, '').slice(0, 6))}
      />
      <NativeSelect
        label="Whose device it is"
        data={profiles.map((profile) => ({ value: profile.profileId, label: profile.name }))}
        value={profileId}
        onChange={(event) => setProfileId(event.currentTarget.value)}
      />
      {failure !== null && (
        <Alert color="red" variant="light" role="alert">
          {failure}
        </Alert>
      )}
      {isDone && (
        <Alert color="teal" variant="light" role="status">
          The device is paired; it goes on by itself.
        </Alert>
      )}
      <div className="tb-actions">
        <Button type="submit" loading={isActing} disabled={code.length !== 6}>
          Pair it
        </Button>
      </div>
    </form>
  );
}
