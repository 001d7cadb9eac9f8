import './settings-mantine.css';
import './settings.css';
import './form.css';
import './devices.css';
import { Alert, Button, NativeSelect, TextInput } from '@mantine/core';
import { type SubmitEvent, useEffect, useState } from 'react';
import { useActing } from './acting.ts';
import {
  type Claimed,
  enterCode,
  fetchOwnDevice,
  type MadeCode,
  makeDeviceCode,
  pairByPin,
} from './device-api.ts';
import { useFields } from './fields.ts';
import { usePolled } from './polling.ts';
import { SecretField } from './secret-field.tsx';
import { ShownCode, useCodeStatus } from './shown-code.tsx';

/** Where this browser keeps the key of the device it is. */
const KEY = 'tributary-device';
const never = () => undefined;
const pace = () => 60_000;
const fetchThis = async (signal: AbortSignal) => {
  const key = localStorage.getItem(KEY);
  return { device: key === null ? null : await fetchOwnDevice(key, signal) };
};

/** What a device opens: it enters a code, or shows one, and belongs to a profile from then on. */
export function PairView() {
  const { data, reload } = usePolled(fetchThis, pace);
  const device = data?.device ?? null;
  const onKey = (key: string) => {
    localStorage.setItem(KEY, key);
    reload();
  };
  return (
    <section className="tb-section tb-view" aria-labelledby="pair-title">
      <div className="tb-section-head">
        <h1 id="pair-title">{device === null ? 'Pair this device' : device.name}</h1>
      </div>
      {device !== null && (
        <Alert color="teal" variant="light" role="status" title="This device is paired">
          {device.profile === null
            ? 'It is nobody’s just now. A parent says whose it is, on the page Devices.'
            : `It is ${device.profile.name}’s. A parent may change that, or unpair it, on the page Devices.`}
        </Alert>
      )}
      {data !== null && device === null && (
        <div className="tb-pairing">
          <section className="tb-card" aria-labelledby="enter-code">
            <h2 id="enter-code">I have a code</h2>
            <EnterCode onKey={onKey} />
          </section>
          <section className="tb-card" aria-labelledby="own-code">
            <h2 id="own-code">Show a code here</h2>
            <OwnCode onKey={onKey} />
          </section>
        </div>
      )}
    </section>
  );
}

/** From the QR code of a parent: `#pair/012345`. */
function codeOfAddress(): string {
  return /^#pair\/(\d{6})$/.exec(window.location.hash)?.[1] ?? '';
}

function EnterCode({ onKey }: { onKey(key: string): void }) {
  const { fields, bind } = useFields({ code: codeOfAddress(), name: deviceName() });
  const [claimed, setClaimed] = useState<Claimed | null>(null);
  const { isActing, failure, act } = useActing(never);
  const code = fields.code.replace(/\D/g, '');
  const name = fields.name.trim();
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    await act(async (signal) => setClaimed(await enterCode(code, name, signal)));
  }
  if (claimed !== null) return <GivePin {...{ code, name, claimed, onKey }} />;
  return (
    <form aria-label="Enter the code" onSubmit={(event) => void submit(event)}>
      <TextInput
        className="tb-code-input"
        label="Code"
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={7}
        placeholder="000000"
        {...bind('code')}
      />
      <TextInput label="What this device is called" maxLength={60} {...bind('name')} />
      <Refusal failure={failure} />
      <div className="tb-actions">
        <Button type="submit" loading={isActing} disabled={code.length !== 6 || name === ''}>
          Go on
        </Button>
      </div>
    </form>
  );
}

type GivePinProps = { code: string; name: string; claimed: Claimed; onKey(key: string): void };

function GivePin({ code, name, claimed, onKey }: GivePinProps) {
  const { secret, profiles } = claimed;
  const { fields, bind } = useFields({ profileId: profiles[0]?.profileId ?? '', pin: '' });
  const [failure, setFailure] = useState<string | null>(null);
  // A wrong PIN is 401, as a session that ended is elsewhere.
  const {
    isActing,
    failure: refused,
    act,
  } = useActing(() => setFailure('That is not the PIN of this profile.'));
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    setFailure(null);
    await act(async (signal) => onKey(await pairByPin(code, { name, secret, ...fields }, signal)));
  }
  if (profiles.length === 0)
    return (
      <p className="tb-quiet">No profile of this account has a PIN. A parent gives one to a profile first.</p>
    );
  return (
    <form aria-label="Profile and PIN" onSubmit={(event) => void submit(event)}>
      <NativeSelect
        label="Who uses this device"
        data={profiles.map((profile) => ({ value: profile.profileId, label: profile.name }))}
        {...bind('profileId')}
      />
      <SecretField label="PIN" autoComplete="off" {...bind('pin')} />
      <Refusal failure={failure ?? refused} />
      <div className="tb-actions">
        <Button type="submit" loading={isActing} disabled={fields.pin === ''}>
          Pair this device
        </Button>
      </div>
    </form>
  );
}

function OwnCode({ onKey }: { onKey(key: string): void }) {
  const [made, setMade] = useState<MadeCode | null>(null);
  const { isActing, failure, act } = useActing(never);
  return (
    <>
      {made === null && (
        <p className="tb-quiet">
          A parent scans or enters it on the page Devices, and says whose device this is.
        </p>
      )}
      {made !== null && <OpenOwnCode key={made.code} made={made} onKey={onKey} />}
      <Refusal failure={failure} />
      <Button
        variant="default"
        loading={isActing}
        onClick={() => void act(async (signal) => setMade(await makeDeviceCode(deviceName(), signal)))}
      >
        {made === null ? 'Show a code' : 'Show another one'}
      </Button>
    </>
  );
}

function OpenOwnCode({ made, onKey }: { made: MadeCode; onKey(key: string): void }) {
  const status = useCodeStatus(made);
  const key = status?.key;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key comes once
  useEffect(() => {
    if (key !== undefined) onKey(key);
  }, [key]);
  if (status === null) return <p className="tb-quiet">That code is older than ten minutes.</p>;
  return <ShownCode made={made}>Scan it with a parent’s phone, or enter it on the page Devices.</ShownCode>;
}

function Refusal({ failure }: { failure: string | null }) {
  if (failure === null) return null;
  return (
    <Alert color="red" variant="light" role="alert">
      {failure}
    </Alert>
  );
}

/** As people call it, until they say otherwise. */
function deviceName(): string {
  const found = /(Android|iPhone|iPad|Windows|Mac OS X|CrOS|Web0S|Tizen|Linux)/.exec(
    navigator.userAgent,
  )?.[1];
  const names: Record<string, string> = {
    ...{ Android: 'Android device', Windows: 'Windows computer', 'Mac OS X': 'Mac', CrOS: 'Chromebook' },
    ...{ Web0S: 'TV', Tizen: 'TV', Linux: 'Computer' },
  };
  return found === undefined ? 'New device' : (names[found] ?? found);
}
