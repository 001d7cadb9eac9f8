import { Button } from '@mantine/core';
import type { Acting } from './acting.ts';
import { saveSettings } from './api.ts';

/** Pauses whatever asks sources of metadata, or lets it go on: titles that wait for texts, and files that are matched. */
export function EnrichmentSwitch({
  isOn,
  acting,
  onChanged,
}: {
  isOn: boolean;
  acting: Acting;
  onChanged(): void;
}) {
  async function turn() {
    const done = await acting.act(
      async (signal) => void (await saveSettings({ enrichment: isOn ? 'paused' : 'on' }, signal)),
    );
    if (done) onChanged();
  }
  return (
    <Button variant="default" size="xs" loading={acting.isActing} onClick={() => void turn()}>
      {isOn ? 'Pause' : 'Go on'}
    </Button>
  );
}
