/** Sources: walks of their folders (`scan-walk.ts`), whole scans (`scan-source.ts`), and titles of what they found (`scan-titles.ts`). */
import type { Bench } from '../bench.ts';
import { sourceRows } from './scan-source.ts';
import { titleRows } from './scan-titles.ts';
import { walkRows } from './scan-walk.ts';

export const benchScan: Bench = async ({ quick }) => [
  ...(await walkRows({ quick })),
  ...(await sourceRows({ quick })),
  ...(await titleRows({ quick })),
];
