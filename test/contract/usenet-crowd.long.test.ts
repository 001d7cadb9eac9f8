import { test } from 'vitest';
import { expectNoLeaks } from '../support/usenet-crowd.ts';

/** Criterion 49 at full size; CI runs a tenth (`LONG_SHARE=0.1`). */
const COUNT = Math.ceil(1000 * Number(process.env.LONG_SHARE ?? 1));

test(`${COUNT} viewers who open and leave at any moment leave nothing behind`, async () => {
  await expectNoLeaks(COUNT);
});
