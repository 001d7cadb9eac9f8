import { expectRanges } from '../support/usenet-ranges.ts';

/** Criterion 12 at full size; CI runs a tenth (`LONG_SHARE=0.1`). */
expectRanges(Math.ceil(10_000 * Number(process.env.LONG_SHARE ?? 1)), 12_000_000);
