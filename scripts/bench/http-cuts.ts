import { fork } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { BenchRow } from '../bench.ts';
import type { Asked } from './cutting-origin.ts';
import type { HttpGround } from './http-ground.ts';
import { type How, type Load, measure, type System } from './http-rounds.ts';

const ORIGIN = fileURLToPath(new URL('cutting-origin.ts', import.meta.url));
const SEED = 20_080_510;
const CUTS = 10;
/** This program gives an origin up that breaks off a sixth time within 8 MiB: what it must not survive is not drawn. 1.8 % of draws. */
const [TOO_MANY, TOO_CLOSE_BYTES] = [6, 8 * 1024 * 1024];

/**
 * A film whose origin cuts the connection at 10 random places of each reading, beside the same film from the same origin that
 * does not cut, both through one play link. After each run the origin's list says that the film was asked for from exactly
 * those places, and of the very file. Rates are over whole films.
 */
export async function measureCuts(ground: HttpGround, how: How): Promise<BenchRow[]> {
  const { size } = await stat(ground.film);
  const origin = await startCuttingOrigin(ground);
  const { port, pathname } = await ground.playUrl(origin.url);
  const next = randomPlaces(SEED, size);
  const reading = (name: string, placesOf: () => number[]): System => ({
    name,
    port: Number(port),
    pid: ground.pid,
    files: [{ path: pathname, file: ground.film }],
    async around(requests, runClient) {
      const places = Array.from({ length: requests }, placesOf);
      await origin.cut(places.flatMap((of) => distances(of, size)));
      const result = await runClient().catch((error: unknown) => {
        throw new Error(`cut at ${JSON.stringify(places)}`, { cause: error });
      });
      assertAskedFrom(places, await origin.cut([]));
      return result;
    },
  });
  const load: Load = {
    name: `origin cut at ${CUTS} random places (seed ${SEED})`,
    connections: 1,
    requests: 16,
    rangeBytes: 0,
  };
  return await measure(
    [reading('Tributary, not cut', () => []), reading('Tributary, cut', next)],
    [load],
    how,
  );
}

async function startCuttingOrigin({ film, onClose }: HttpGround) {
  const child = fork(ORIGIN, [film]);
  onClose(async () => {
    if (child.exitCode !== null) return;
    child.disconnect();
    await once(child, 'exit');
  });
  const gone = new AbortController();
  child.once('exit', () => gone.abort(new Error('the cutting origin has ended')));
  const said = async () => (await once(child, 'message', { signal: gone.signal }))[0];
  return {
    url: String(await said()),
    /** Answers what has been asked since the last call. */
    async cut(after: number[]): Promise<Asked> {
      child.send(after);
      return await said();
    },
  };
}

/** Ten different places in order, others each time. */
function randomPlaces(seed: number, size: number): () => number[] {
  let state = seed;
  const place = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return 1 + Math.floor((state / 2 ** 32) * (size - 1));
  };
  return function draw(): number[] {
    const places = Array.from({ length: CUTS }, place).sort((a, b) => a - b);
    const isTooClose = places.some((at, index) => {
      const sixth = places[index + TOO_MANY - 1] ?? Number.POSITIVE_INFINITY;
      return sixth - at < TOO_CLOSE_BYTES;
    });
    return isTooClose || new Set(places).size < CUTS ? draw() : places;
  };
}

/** How far each answer goes when one breaks off at each place and the next begins there; the last goes on to the end. */
function distances(places: number[], size: number): number[] {
  return [...places, size].map((at, index) => at - (places[index - 1] ?? 0));
}

function assertAskedFrom(places: number[][], asked: Asked): void {
  const wanted = places.flatMap((of) => ['null', ...of.map(String)]);
  const got = asked.map(({ range }) => /^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 'null');
  if (JSON.stringify(got) !== JSON.stringify(wanted))
    throw new Error(`the origin was asked from ${got}, cut at ${wanted}`);
  if (asked.some(({ range, ifRange }) => (range === null) !== (ifRange === null)))
    throw new Error(`asked without the file's tag: ${JSON.stringify(asked)}`);
}
