import { expectRanges } from '../support/usenet-ranges.ts';

expectRanges(1000, 1_500_000);
