import { statfs } from 'node:fs/promises';
import { type HealthCheck, ping } from './features/stats/index.ts';
import type { Ground } from './ground.ts';

const LOW_DISK_GIB = 1;

/** What the page's health view shows: states in words, no addresses and no paths. */
export async function healthChecks(ground: Ground): Promise<HealthCheck[]> {
  return Promise.all([
    database(ground),
    redis(ground),
    notices(ground),
    disk(ground),
    outbound(ground),
    mediaTools(ground),
    usenet(ground),
    openAddon(ground),
  ]);
}

async function database({ db, config }: Ground): Promise<HealthCheck> {
  const startedAt = performance.now();
  try {
    await ping(db);
  } catch {
    return { name: 'Database', status: 'fail', detail: 'does not answer' };
  }
  const kind = config.database.url === null ? 'embedded Postgres' : 'Postgres';
  return {
    name: 'Database',
    status: 'ok',
    detail: `${kind}, ${(performance.now() - startedAt).toFixed(1)} ms`,
  };
}

async function redis({ redis }: Ground): Promise<HealthCheck> {
  if (redis === null)
    return { name: 'Redis', status: 'off', detail: 'not set: one instance does not need it' };
  return redis.isUp()
    ? { name: 'Redis', status: 'ok', detail: 'answers' }
    : { name: 'Redis', status: 'warn', detail: 'away: answers come without it, only slower' };
}

async function notices({ notify }: Ground): Promise<HealthCheck> {
  return notify.isConnected()
    ? { name: 'Change notices', status: 'ok', detail: 'listening' }
    : { name: 'Change notices', status: 'warn', detail: 'reconnecting' };
}

async function disk({ config }: Ground): Promise<HealthCheck> {
  const { bavail, bsize } = await statfs(config.dataDir);
  const freeGib = (bavail * bsize) / 2 ** 30;
  return {
    name: 'Disk',
    status: freeGib < LOW_DISK_GIB ? 'warn' : 'ok',
    detail: `${freeGib.toFixed(1)} GiB free`,
  };
}

async function mediaTools({ tools }: Ground): Promise<HealthCheck> {
  const state = await tools.available();
  return state.isAvailable
    ? { name: 'ffmpeg', status: 'ok', detail: `${state.version}, ${tools.running()} running` }
    : { name: 'ffmpeg', status: 'warn', detail: state.reason };
}

/** Without their names: those are for the admin. */
async function usenet({ usenet }: Ground): Promise<HealthCheck> {
  const name = 'Usenet';
  const providers = usenet.providers();
  const refused = providers.filter(({ status }) => status === 'refused').length;
  const resting = providers.filter(({ status }) => status === 'resting').length;
  const ready = `${providers.length - refused - resting} of ${providers.length} providers ready`;
  if (providers.length === 0) return { name, status: 'off', detail: 'no provider is set (USENET_PROVIDERS)' };
  if (refused > 0) return { name, status: 'warn', detail: `${ready}, ${refused} with a wrong login` };
  return { name, status: resting > 0 ? 'warn' : 'ok', detail: ready };
}

async function outbound({ config }: Ground): Promise<HealthCheck> {
  return config.outbound.mode === 'all'
    ? { name: 'Outgoing connections', status: 'ok', detail: 'public addresses, and those you allow' }
    : { name: 'Outgoing connections', status: 'off', detail: 'only those of OUTBOUND_ALLOW' };
}

/** Why nothing is seen there, and what to do. */
async function openAddon({ kids, settings }: Ground): Promise<HealthCheck> {
  const name = 'Add-on without an install';
  const { publicCatalog } = settings.get();
  if (publicCatalog === 'off') return { name, status: 'off', detail: 'closed by PUBLIC_CATALOG' };
  if (kids.any())
    return {
      name,
      status: 'off',
      detail:
        'closed to all, as somebody’s family has a kid; each grown-up makes an install on the page Family',
    };
  const shown = publicCatalog === 'all' ? 'all titles' : 'titles under an open licence';
  return { name, status: 'ok', detail: `shows ${shown} until somebody’s family has a kid` };
}
