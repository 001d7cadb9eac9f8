import { expect, test } from 'vitest';
import { leaveTorrents } from '../support/torrent-aborts.ts';

/** Criterion 49 at full size; CI runs a tenth (`LONG_SHARE=0.1`). */
const CYCLES = Math.ceil(1000 * Number(process.env.LONG_SHARE ?? 1));

test(`49: ${CYCLES} viewers of torrents who leave at any moment leave nothing open, and no memory`, async () => {
  const { before, after, closed, excessBytes, warnings, isWhole } = await leaveTorrents(CYCLES);
  expect([warnings, isWhole]).toEqual([[], true]);
  // Those of a torrent nobody has come and go by themselves.
  expect(after.sockets - before.sockets).toBeLessThanOrEqual(2);
  expect(after.timers - before.timers).toBeLessThanOrEqual(2);
  expect(after.rssMb - before.rssMb).toBeLessThan(200);
  // A piece under the head of each may lie beside it.
  expect(excessBytes).toBeLessThanOrEqual(3 * 256 * 1024);
  expect(closed).toMatchObject({ sockets: 0, timers: 0 });
}, 600_000);
