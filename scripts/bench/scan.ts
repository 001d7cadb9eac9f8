/** Sources: walks of their folders (`scan-walk.ts`). */
import type { Bench } from '../bench.ts';
import { walkRows } from './scan-walk.ts';

export const benchScan: Bench = async ({ quick }) => await walkRows({ quick });
