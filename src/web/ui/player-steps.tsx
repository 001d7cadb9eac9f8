import { Tabs } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Addresses } from './addresses.ts';

/** Three short steps for each player. */
export function PlayerSteps({ addresses }: { addresses: Addresses }) {
  const players = { stremio: 'Stremio', vlc: 'VLC', kodi: 'Kodi' };
  return (
    <div className="tb-card tb-steps">
      <h2 className="tb-label">How to watch</h2>
      <Tabs defaultValue="stremio" variant="pills">
        <Tabs.List aria-label="Player">
          {Object.entries(players).map(([value, label]) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="stremio">
          <Steps>
            <li>
              {addresses.isHttps ? (
                <>
                  Press <b>Install in Stremio</b>, or copy the manifest URL.
                </>
              ) : (
                'Copy the manifest URL.'
              )}
            </li>
            <li>
              In Stremio open <b>Add-ons</b>, choose <b>Add add-on</b>, paste the address and confirm.
            </li>
            <li>New rows are on the board and in Discover; a title shows its streams when you open it.</li>
          </Steps>
        </Tabs.Panel>
        <Tabs.Panel value="vlc">
          <Steps>
            <li>
              Press <b>Copy link</b> on a title below.
            </li>
            <li>
              In VLC choose <b>Media → Open Network Stream</b> (on a phone <b>New stream</b>), paste and play.
            </li>
            <li>
              Or press <b>M3U</b> and open the file with VLC.
            </li>
          </Steps>
        </Tabs.Panel>
        <Tabs.Panel value="kodi">
          <Steps>
            <li>
              Press <b>M3U</b> on a title below and save the file in a folder that Kodi has as a video source.
            </li>
            <li>
              In Kodi open <b>Videos → Files</b> and pick it. Seeking works as with a file on disk.
            </li>
            <li>
              A Kodi add-on with the whole catalogue and pairing is announced; it is not part of this version.
            </li>
          </Steps>
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

function Steps({ children }: { children: ReactNode }) {
  return <ol className="tb-steps-list">{children}</ol>;
}
