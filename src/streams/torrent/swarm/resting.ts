import type { Torrent } from './torrent.ts';

/** Criterion 33: peers go 30 s after the last reader, the torrent after 5 min. */
const [REST_MS, FORGET_MS] = [30_000, 300_000];
/** Torrents that give with nobody reading: each keeps up to 60 connections. Those that ended longest ago rest. */
const MAX_GIVING = 20;

type Entry = { torrent: Torrent; users: number; idleSince: number };

/** Whom nobody reads: some go on giving, the others rest. Those that are to be forgotten come back. */
export function letRest(torrents: ReadonlyMap<string, Entry>, now: number): [string, Torrent][] {
  const giving = givingOf([...torrents.values()], now);
  const stale: [string, Torrent][] = [];
  for (const [infoHash, { torrent, users, idleSince }] of torrents) {
    if (users > 0) continue;
    if (giving.has(torrent)) torrent.giveOnly();
    else if (now - idleSince > REST_MS) torrent.rest();
    if (!giving.has(torrent) && now - idleSince > FORGET_MS) stale.push([infoHash, torrent]);
  }
  return stale;
}

/** Nobody reads them, and they go on giving. */
function givingOf(torrents: readonly Entry[], now: number): ReadonlySet<Torrent> {
  const all = torrents.filter(
    ({ torrent, users, idleSince }) => users === 0 && now - idleSince > REST_MS && torrent.isOwing,
  );
  const latest = all.sort((a, b) => b.idleSince - a.idleSince).slice(0, MAX_GIVING);
  return new Set(latest.map(({ torrent }) => torrent));
}
