import './settings-mantine.css';
import './settings.css';
import './dialog.css';
import './form.css';
import './titles.css';
import './devices.css';
import { Button } from '@mantine/core';
import { fetchDevices, fetchRequests } from './device-api.ts';
import { DeviceRow } from './device-row.tsx';
import { ForAccount } from './for-account.tsx';
import { plural } from './format.ts';
import { PairingPart } from './pairing-part.tsx';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { RequestsPart } from './requests-part.tsx';
import { Rows } from './row.tsx';
import { hrefOf } from './views.ts';

const often = () => 15_000;

/** The devices of one’s own account: what they ask for, pairing, and whose they are. */
export function DevicesView() {
  return (
    <section className="tb-section tb-view" aria-labelledby="devices-title">
      <div className="tb-section-head">
        <h1 id="devices-title">Devices</h1>
        <Button component="a" href={hrefOf('pair')} variant="default" size="xs">
          Pair this very device
        </Button>
      </div>
      <ForAccount what="Devices">{(onExpired) => <OwnDevices onExpired={onExpired} />}</ForAccount>
    </section>
  );
}

function OwnDevices({ onExpired }: { onExpired(): void }) {
  const { data, error, reload } = usePolled(fetchDevices, often);
  const requests = usePolled(fetchRequests, often);
  return (
    <>
      <RequestsPart requests={requests.data ?? []} onAnswered={requests.reload} onExpired={onExpired} />
      <PolledState
        isLoaded={data !== null}
        failed="The devices could not be loaded"
        height={240}
        {...{ error, onExpired }}
      />
      {data !== null && (
        <>
          <h2 className="tb-device-part">Pair a device</h2>
          <PairingPart profiles={data.profiles} onPaired={reload} onExpired={onExpired} />
          <h2 className="tb-device-part">{plural(data.devices.length, 'device', 'devices')}</h2>
          {data.devices.length === 0 ? (
            <p className="tb-quiet">A paired device sees what its profile may see, and nothing else.</p>
          ) : (
            <Rows label="Devices">
              {data.devices.map((device) => (
                <DeviceRow
                  key={device.deviceId}
                  {...{ device, onExpired }}
                  profiles={data.profiles}
                  onChanged={reload}
                />
              ))}
            </Rows>
          )}
        </>
      )}
    </>
  );
}
