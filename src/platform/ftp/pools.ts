import type { Net } from '../net.ts';
import { createFtpPool, type FtpPool, type FtpPoolOptions } from './pool.ts';

/** A pool for each way out: what one may reach, another may not. */
export type FtpPools = {
  /** Not for keeping: one that has no session open is forgotten, and made again. */
  for(way: Pick<Net, 'dial'>): FtpPool;
  count(): number;
  close(): void;
};

export function createFtpPools(options?: FtpPoolOptions): FtpPools {
  const pools = new Map<Pick<Net, 'dial'>, FtpPool>();
  let isClosed = false;

  function forget(): void {
    for (const [way, pool] of pools)
      if (pool.isIdle()) {
        pool.close();
        pools.delete(way);
      }
  }

  return {
    for(way) {
      const known = pools.get(way);
      if (known !== undefined) return known;
      forget();
      const made = createFtpPool(way, options);
      if (isClosed) made.close();
      else pools.set(way, made);
      return made;
    },
    count: () => pools.size,
    close() {
      isClosed = true;
      for (const pool of pools.values()) pool.close();
      pools.clear();
    },
  };
}
