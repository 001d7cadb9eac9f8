import { readFileSync } from 'node:fs';

/**
 * The most memory this process has had resident, in MiB. `resourceUsage().maxRSS` will not do on Linux: a child's begins with what its
 * parent had when it forked (a bare child of a parent with 445 MiB says 404, and has had 43).
 */
export function peakRssMb(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  if (found === null) throw new Error('no VmHWM');
  return Number(found[1]) / 1024;
}
