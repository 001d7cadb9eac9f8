/**
 * A walk over 20,000 files in 221 folders by the index of one nginx, HTML and JSON, 8 folders at once (goal: 1 s), in turns with the least
 * that can do it: a loop of fetch and one regular expression, or `JSON.parse`. All must find the same files with the same sizes.
 */
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLister } from '../../src/finders/listers.ts';
import { walkFolders } from '../../src/finders/walk-folders.ts';
import { createNet } from '../../src/platform/net.ts';
import { startNginx } from '../../test/support/real/nginx.ts';
import type { BenchRow } from '../bench.ts';
import { freePort, median, timeAll } from './measure.ts';

const CONNECTIONS = 8;
const SHOWS = 20;
const SEASONS = 10;
const FILES = 100;

type Walk = (baseUrl: string) => Promise<Map<string, number>>;
type Run = { ms: number; cpuMs: number };

export async function walkRows({ quick }: { quick: boolean }): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
  const files = join(folder, 'files');
  await makeTree(files, quick ? 2 : SHOWS);
  const [html, json] = [await freePort(), await freePort()];
  const nginx = await startNginx({
    port: html,
    http: `server { listen 127.0.0.1:${html}; root ${files}; autoindex on; }
      server { listen 127.0.0.1:${json}; root ${files}; autoindex on; autoindex_format json; }`,
  });
  const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  const ours: Walk = async (baseUrl) => {
    const lister = createLister({ net, localFolders: new Map() }, 'http-index', {
      ...{ baseUrl, username: null, password: null, config: { connections: CONNECTIONS } },
    });
    const found = new Map<string, number>();
    for await (const part of walkFolders(lister, { starts: [''], signal: new AbortController().signal }))
      for (const { path, sizeBytes } of part.files) found.set(path, sizeBytes ?? -1);
    return found;
  };
  try {
    const rounds = quick ? 2 : 11;
    return [
      ...(await compared('HTML', `http://127.0.0.1:${html}/`, ours, plainly(byPattern), rounds)),
      ...(await compared('JSON', `http://127.0.0.1:${json}/`, ours, plainly(byJson), rounds)),
    ];
  } finally {
    await net.close();
    await nginx.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function compared(
  what: string,
  baseUrl: string,
  ours: Walk,
  plain: Walk,
  rounds: number,
): Promise<BenchRow[]> {
  const runs: { ours: Run[]; plain: Run[] } = { ours: [], plain: [] };
  const all: Map<string, number>[] = [];
  const time = async (walk: Walk): Promise<Run> => {
    const [startedAt, cpu] = [performance.now(), process.cpuUsage()];
    all.push(await walk(baseUrl));
    const { user, system } = process.cpuUsage(cpu);
    return { ms: performance.now() - startedAt, cpuMs: (user + system) / 1000 };
  };
  // The first of each is not counted: its code is cold.
  for (let round = 0; round <= rounds; round += 1) {
    const [first, second] = [await time(ours), await time(plain)];
    if (round > 0) runs.ours.push(first);
    if (round > 0) runs.plain.push(second);
    await sleep(100);
  }
  const [known, ...others] = all.map((found) =>
    JSON.stringify([...found].sort(([a], [b]) => (a < b ? -1 : 1))),
  );
  if (others.some((found) => found !== known)) throw new Error('two walks found different files');
  const mid = (of: readonly Run[], key: keyof Run) => Math.round(median(of.map((run) => run[key])));
  const ratio = median(runs.ours.map(({ ms }, at) => ms / (runs.plain[at]?.ms ?? Number.NaN)));
  const files = all[0]?.size ?? 0;
  return [
    {
      ...{ what: `walk of ${files} files, nginx ${what}, ${CONNECTIONS} at once`, ms: mid(runs.ours, 'ms') },
      ...{ 'CPU ms': mid(runs.ours, 'cpuMs'), 'of the plain loop': Number(ratio.toFixed(2)), rounds },
    },
    {
      ...{
        what: `plain loop of fetch, ${what}`,
        ms: mid(runs.plain, 'ms'),
        'CPU ms': mid(runs.plain, 'cpuMs'),
      },
      ...{ 'of the plain loop': 1, rounds },
    },
  ];
}

type Plain = (body: string) => { name: string; size: number; isFolder: boolean }[];

const ROW = /<a href="([^"?.][^"?]*)">[^\n]*?<\/a> +\S+ \S+ +(\d+|-)/g;
const byPattern: Plain = (body) =>
  Array.from(body.matchAll(ROW), ([, name = '', size]) => ({
    ...{ name: name.replace(/\/$/, ''), size: Number(size), isFolder: name.endsWith('/') },
  }));

const byJson: Plain = (body) => {
  const entries: unknown = JSON.parse(body);
  if (!Array.isArray(entries)) throw new Error('no listing');
  return entries.map(({ name, size, type }) => ({
    ...{ name: encodeURIComponent(name), size: Number(size), isFolder: type === 'directory' },
  }));
};

/** Level by level, eight at once. */
function plainly(read: Plain): Walk {
  return async (baseUrl) => {
    const found = new Map<string, number>();
    for (let level = ['']; level.length > 0; ) {
      const next: string[] = [];
      await timeAll(level, CONNECTIONS, async (path) => {
        for (const { name, size, isFolder } of read(await (await fetch(baseUrl + path)).text())) {
          if (isFolder) next.push(`${path}${name}/`);
          else found.set(path + name, size);
        }
      });
      level = next;
    }
    return found;
  };
}

/** The files of an nginx with JSON listings by the least that can do it. */
export const plainJsonWalk: Walk = plainly(byJson);

/** Shows, seasons and episodes of different sizes that take no room. */
async function makeTree(root: string, shows: number): Promise<void> {
  for (let show = 0; show < shows; show += 1) {
    for (let season = 1; season <= SEASONS; season += 1) {
      const folder = join(root, `Some Show ${show}`, `Season ${season}`);
      await mkdir(folder, { recursive: true });
      for (let file = 1; file <= FILES; file += 1) {
        const handle = await open(
          join(folder, `Some.Show.${show}.S${season}E${file}.1080p.WEB-DL.x264.mkv`),
          'w',
        );
        await handle.truncate(700_000_000 + show * 1_000_000 + season * 1000 + file);
        await handle.close();
      }
    }
  }
}
