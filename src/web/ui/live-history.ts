import type { LiveStream } from './api.ts';

/** All streams together at one look. */
export type Moment = { at: number; bytesPerSecond: number };

/** What one viewer plays: players ask for a file in many requests, one after the other or several at once. */
export type LiveRow = {
  key: string;
  /** Of the requests running now; none: between two of them. */
  ids: string[];
  title: string;
  kind: string;
  client: string;
  subject: string;
  startedAt: number;
  bytesPerSecond: number;
  bufferedBytes: number;
  resumes: number;
  position: number;
  size: number | null;
  stalledSeconds: number;
  /** Something has gone out: before that it starts, however long it takes. */
  hasBegun: boolean;
  /** Of a torrent. */
  swarm: LiveStream['swarm'];
  /** Of Usenet. */
  post: LiveStream['post'];
  /** Speeds of the last minute, oldest first. */
  speeds: number[];
  lastSeenAt: number;
};

export type LiveHistory = { moments: Moment[]; rows: LiveRow[] };

export const SHOWN_MS = 5 * 60_000;
export const NO_HISTORY: LiveHistory = { moments: [], rows: [] };

const SPEEDS_KEPT = 60;
/** A row stays this long without a request: a player that asks range by range keeps its line. */
const LINGER_MS = 6000;

/** The history after one more look. */
export function nextHistory(before: LiveHistory, streams: readonly LiveStream[], at: number): LiveHistory {
  const groups = Map.groupBy(streams, keyOf);
  const known = new Map(before.rows.map((row) => [row.key, row]));
  const running = [...groups].map(([key, group]) => rowOf(key, group, known.get(key), at));
  const resting = before.rows
    .filter(({ key, lastSeenAt }) => !groups.has(key) && at - lastSeenAt < LINGER_MS)
    .map((row) => ({ ...row, ids: [], bytesPerSecond: 0, bufferedBytes: 0, speeds: added(row.speeds, 0) }));
  const moment = { at, bytesPerSecond: sum(streams.map(({ speed }) => speed)) };
  return {
    moments: [...before.moments.filter((past) => at - past.at < SHOWN_MS), moment],
    // By their beginning, so that no line jumps about.
    rows: [...running, ...resting].toSorted((a, b) => a.startedAt - b.startedAt || (a.key < b.key ? -1 : 1)),
  };
}

function rowOf(key: string, group: readonly LiveStream[], known: LiveRow | undefined, at: number): LiveRow {
  const newest = group.reduce((a, b) => (a.startedAt > b.startedAt ? a : b));
  const bytesPerSecond = sum(group.map(({ speed }) => speed));
  return {
    key,
    ids: group.map(({ id }) => id),
    title: newest.title ?? 'Without a name',
    kind: newest.kind,
    client: newest.client,
    subject: newest.subject,
    startedAt: known?.startedAt ?? Math.min(...group.map(({ startedAt }) => Date.parse(startedAt))),
    bytesPerSecond,
    bufferedBytes: sum(group.map(({ bufferedBytes }) => bufferedBytes)),
    resumes: sum(group.map(({ resumes }) => resumes)),
    position: newest.position,
    size: newest.size,
    swarm: group.find(({ swarm }) => swarm !== undefined)?.swarm,
    post: group.find(({ post }) => post !== undefined)?.post,
    hasBegun: known?.hasBegun === true || group.some(({ bytes }) => bytes > 0),
    stalledSeconds: Math.min(...group.map(({ stalledSeconds }) => stalledSeconds)),
    speeds: added(known?.speeds ?? [], bytesPerSecond),
    lastSeenAt: at,
  };
}

function keyOf({ kind, title, client, subject }: LiveStream): string {
  return JSON.stringify([subject, client, kind, title]);
}

function added(speeds: readonly number[], speed: number): number[] {
  return [...speeds, speed].slice(-SPEEDS_KEPT);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
