import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Cluster, FRONT_PROXY, type Instance, startCluster } from '../support/cluster.ts';
import { query } from '../support/embedded-postgres.ts';
import { type RangeServer, startRangeServer } from '../support/range-server.ts';
import { CLIP } from '../support/real/clip.ts';
import { waitUntil } from '../support/wait-until.ts';

// Many instances as docker/compose.scale.yaml starts them: one Postgres, one Redis, two web processes and a worker behind
// HAProxy with the shipped configuration. The tests build on one another, as days of one installation do.

const FILMS = 24;
const ADDON_LIMIT = 40;

let cluster: Cluster;
let origin: RangeServer;
let one: Instance;
let two: Instance;
let worker: Instance;
let links: string[];
/** Who answered each link, in the order of `links`. */
let owners: Instance[] = [];

beforeAll(async () => {
  const films = Array.from({ length: FILMS }, (_, index) => [`/film-${index}.mp4`, CLIP] as const);
  origin = await startRangeServer({ files: Object.fromEntries(films), bytesPerSecond: 4_000_000 });
  cluster = await startCluster({ RATE_LIMIT_ADDON: String(ADDON_LIMIT) });
  // All at once, on an empty database.
  [one, two, worker] = await Promise.all([
    cluster.start('web', '127.0.0.2'),
    cluster.start('web', '127.0.0.3'),
    cluster.start('worker', '127.0.0.4'),
  ]);
  for (const { address } of [one, two]) cluster.announced.add(address);
  await waitUntil(async () => (await cluster.ask('/readyz')).status === 200, {
    what: 'the balancer finds the web processes by name',
    timeoutMs: 20_000,
    detail: () => cluster.balancer.output(),
  });
  // One address asks for all of them within seconds, as no household does.
  const body = { streamsPerSubject: 10 * FILMS, streamsPerIp: 10 * FILMS };
  expect((await cluster.ask('/api/settings', { method: 'PATCH', body })).status).toBe(200);
});

afterAll(async () => {
  await cluster?.stop();
  await origin?.stop();
});

const json = ({ body }: Answer) => JSON.parse(body.toString());
const start = (link: string) => cluster.ask(link, { headers: { range: 'bytes=0-999' } });

/** Asks for the link and tells which of `webs` answered it. */
async function ownerOf(link: string, webs: readonly Instance[]): Promise<Instance> {
  const before = await Promise.all(webs.map((web) => web.plays()));
  expect((await start(link)).status).toBe(206);
  const after = await Promise.all(webs.map((web) => web.plays()));
  const grown = webs.filter((_, index) => (after[index] ?? 0) > (before[index] ?? 0));
  expect(grown).toHaveLength(1);
  return grown[0] ?? one;
}

async function ownersOf(webs: readonly Instance[], asked = links): Promise<Instance[]> {
  const found: Instance[] = [];
  for (const link of asked) found.push(await ownerOf(link, webs));
  return found;
}

/** Finds the owners anew, until they stay the same and each of `webs` has at least `min` links. */
async function settle(webs: readonly Instance[], min: number): Promise<void> {
  const hasShare = (web: Instance) => owners.filter((owner) => owner === web).length >= min;
  const isSettled = async () => {
    const before = owners;
    owners = await ownersOf(webs);
    return owners.every((owner, index) => owner === before[index]) && webs.every(hasShare);
  };
  const detail = () => `${owners.map(({ address }) => address)}\n${cluster.balancer.output()}`;
  await waitUntil(isSettled, { what: 'every web process has its share', timeoutMs: 30_000, detail });
}

describe('what compose starts', () => {
  test('answers the manifest through the balancer', async () => {
    const manifest = await cluster.ask('/manifest.json');
    expect(manifest.status).toBe(200);
    expect(manifest.headers['access-control-allow-origin']).toBe('*');
    expect(json(manifest)).toMatchObject({ name: 'Tributary' });
  });

  test('got the starter catalogue from the worker, once, and a worker that starts again leaves alone what was deleted', async () => {
    const added = (instance: Instance) => instance.process.output().match(/starter catalogue added/g) ?? [];
    await waitUntil(() => added(worker).length === 1, { what: 'the starter catalogue', timeoutMs: 30_000 });
    expect([...added(one), ...added(two)]).toEqual([]);
    const { newest } = await waitUntil(overview, { what: 'the page shows it', timeoutMs: 5000 });
    const [deleted] = newest;
    expect((await cluster.ask(`/api/media/${deleted?.id}`, { method: 'DELETE', isAdmin: true })).status).toBe(
      204,
    );

    expect(await worker.process.stop()).toMatchObject({ code: 0, wasKilled: false });
    worker = await cluster.start('worker', '127.0.0.4');
    await waitUntil(isWorking, { what: 'the worker waits for jobs', timeoutMs: 15_000 });
    expect(added(worker)).toEqual([]);
    expect((await cluster.ask(`/api/media/${deleted?.id}`, { isAdmin: true })).status).toBe(404);
  });

  test('believes a change of a setting on every process at the next request', async () => {
    const answer = await cluster.ask('/api/settings', { method: 'PATCH', body: { addonName: 'Ours' } });
    expect(answer.status).toBe(200);
    for (const { url } of [one, two])
      expect(json(await cluster.ask(`${url}/manifest.json`))).toMatchObject({ name: 'Ours' });
  });
});

type Overview = { newest: { id: string; title: string; playUrl: string | null }[] };
async function overview(): Promise<Overview | undefined> {
  const answer: Overview = json(await cluster.ask('/api/overview'));
  return answer.newest.length > 0 ? answer : undefined;
}

/** graphile-worker listens only after the program has looked at the starter catalogue. */
async function isWorking(): Promise<boolean> {
  const rows = await query(
    cluster.databaseUrl,
    `SELECT 1 FROM pg_stat_activity WHERE application_name = 'tributary jobs' AND query LIKE 'LISTEN%'`,
  );
  return rows.length > 0;
}

describe('the balancer and what clients say about themselves', () => {
  const lies = {
    'X-Forwarded-For': '192.0.2.99',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'evil.example',
    Forwarded: 'for=192.0.2.99;proto=https;host=evil.example',
  };

  const linkIn = async (question: Parameters<Cluster['ask']>[1]) => {
    const { newest }: Overview = json(await cluster.ask('/api/overview', question));
    return newest.find(({ playUrl }) => playUrl !== null)?.playUrl;
  };

  test('makes links to the address and scheme the client came by, whatever it claims', async () => {
    expect(await linkIn({ from: '127.0.1.1' })).toMatch(`${cluster.baseUrl}/play/`);
    expect(await linkIn({ from: '127.0.1.1', headers: lies })).toMatch(`${cluster.baseUrl}/play/`);
  });

  test('makes links to the https address of the reverse proxy before it', async () => {
    const headers = {
      'X-Forwarded-For': '192.0.2.1',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'films.example.org',
    };
    expect(await linkIn({ from: FRONT_PROXY, headers })).toMatch('https://films.example.org/play/');
  });

  /** How many of as many requests as the limit and five more were answered. */
  async function allowedOf(from: string, forwardedFor?: (index: number) => string): Promise<number> {
    const answers = await Promise.all(
      Array.from({ length: ADDON_LIMIT + 5 }, (_, index) =>
        cluster.ask('/manifest.json', {
          from,
          headers: forwardedFor === undefined ? {} : { 'X-Forwarded-For': forwardedFor(index) },
        }),
      ),
    );
    for (const { status } of answers) expect([200, 429]).toContain(status);
    return answers.filter(({ status }) => status === 200).length;
  }

  test('limits each client by its own address over all processes, whatever it claims', async () => {
    expect(await allowedOf('127.0.1.2', (index) => `192.0.2.${index}`)).toBe(ADDON_LIMIT);
    expect((await cluster.ask('/manifest.json', { from: '127.0.1.2' })).status).toBe(429);
    expect((await cluster.ask('/manifest.json', { from: '127.0.1.3' })).status).toBe(200);
  });

  test('limits the clients of a reverse proxy before it each by the address that proxy saw', async () => {
    expect(await allowedOf(FRONT_PROXY, (index) => `203.0.113.${index}, 192.0.2.1`)).toBe(ADDON_LIMIT);
    const from = FRONT_PROXY;
    const other = await cluster.ask('/manifest.json', { from, headers: { 'X-Forwarded-For': '192.0.2.2' } });
    expect(other.status).toBe(200);
  });
});

/** A link to each film of the origin. */
function makeLinks(expiresIn: number): Promise<string[]> {
  const make = async (_: unknown, index: number) => {
    const url = `${origin.url}/film-${index}.mp4`;
    const made = await cluster.ask('/api/links', { body: { url, expiresIn } });
    expect(made.status).toBe(201);
    return json(made).playUrl;
  };
  return Promise.all(Array.from({ length: FILMS }, make));
}

describe('play links', () => {
  test('of one resource are all answered by one process, those of many by both', async () => {
    links = await makeLinks(86_400);
    await settle([one, two], 3);
    // Another link to the same bytes is another token.
    const others = await makeLinks(3600);
    others.forEach((link, index) => void expect(link).not.toBe(links[index]));
    expect(await ownersOf([one, two], others)).toEqual(owners);
  });

  test('go on through the other process at once when one is killed, and come back with it', async () => {
    one.process.signal('SIGKILL');
    await one.process.exited;
    const killedAt = performance.now();
    const answers = await Promise.all(links.map(start));
    expect(answers.map(({ status }) => status)).toEqual(links.map(() => 206));
    expect(performance.now() - killedAt).toBeLessThan(5000);
    for (let index = 0; index < 10; index += 1)
      expect((await cluster.ask('/manifest.json', { from: '127.0.1.4' })).status).toBe(200);
    expect(await two.plays()).toBeGreaterThanOrEqual(FILMS);

    const before = owners.map((owner) => owner.address);
    one = await cluster.start('web', one.address);
    await settle([one, two], 3);
    expect(owners.map((owner) => owner.address)).toEqual(before);
  });

  test('go in part to a process that joins, and the others stay where they are', async () => {
    const before = owners;
    const three = await cluster.start('web', '127.0.0.5');
    cluster.announced.add(three.address);
    await settle([one, two, three], 1);
    owners.forEach((owner, index) => {
      if (owner !== three) expect(owner).toBe(before[index]);
    });

    cluster.announced.delete(three.address);
    const leaving = three.process.stop();
    expect((await Promise.all(links.map(start))).map(({ status }) => status)).toEqual(links.map(() => 206));
    expect(await leaving).toMatchObject({ code: 0, wasKilled: false });
    await settle([one, two], 3);
    expect(owners).toEqual(before);
  });

  test('do not hold up the balancer’s stop', async () => {
    const film = await fetch(links[0] ?? '');
    expect(film.status).toBe(200);
    const begunAt = performance.now();
    cluster.balancer.signal('SIGUSR1'); // its image's stop signal: finish what runs
    await cluster.balancer.exited;
    // Compose kills it after 10 s.
    expect(performance.now() - begunAt).toBeLessThan(9000);
    await film.body?.cancel().catch(() => {});
  });
});

test('everything stops cleanly', async () => {
  for (const { process } of [one, two, worker])
    expect(await process.stop()).toMatchObject({ code: 0, wasKilled: false });
});
