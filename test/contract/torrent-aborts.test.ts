import { expect, test } from 'vitest';
import { leaveTorrents } from '../support/torrent-aborts.ts';

/** A tenth of what criterion 49 asks for: `torrent-aborts.long.test.ts`. */
const CYCLES = 100;

test(`49: ${CYCLES} viewers of torrents who leave at any moment leave nothing open`, async () => {
  const { before, after, closed, excessBytes, warnings, isWhole } = await leaveTorrents(CYCLES);
  expect([warnings, isWhole]).toEqual([[], true]);
  // Those of a torrent nobody has come and go by themselves.
  expect(after.sockets - before.sockets).toBeLessThanOrEqual(2);
  expect(after.timers - before.timers).toBeLessThanOrEqual(2);
  expect(after.rssMb - before.rssMb).toBeLessThan(200);
  // A piece under the head of each may lie beside it.
  expect(excessBytes).toBeLessThanOrEqual(3 * 256 * 1024);
  expect(closed).toMatchObject({ sockets: 0, timers: 0 });
}, 120_000);
