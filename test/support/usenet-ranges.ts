import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NntpServer, startNntpServer } from './nntp-server.ts';
import { seededRandom } from './random-requests.ts';
import { NEVER, openThread, readRange } from './usenet-engines.ts';
import { filmOf, SHAPES, type TestRelease } from './usenet-releases.ts';
import { providerAt } from './usenet-room.ts';

const READERS = 8;

/** Random ranges of every shape of post, byte for byte, and of each again by what was learned of it. Registers the tests. */
export function expectRanges(total: number, sizeBytes: number): void {
  const seed = Number(process.env.TEST_SEED ?? Date.now() % 2 ** 31);
  const each = Math.ceil(total / SHAPES.length / 2);
  const random = seededRandom(seed);
  const articles = new Map<string, Buffer>();
  let server: NntpServer;
  /** The second begins with what the first learned. */
  let threads: ReturnType<typeof openThread>[];
  beforeAll(async () => {
    server = await startNntpServer({ articles });
    const providers = [providerAt(server, { connections: 8 })];
    threads = [openThread({ providers }), openThread({ providers })];
  });
  afterAll(async () => {
    for (const thread of threads) await thread.engine.close();
    await server.stop();
  });

  async function readSome(place: number, { spec, inside }: TestRelease) {
    const open = await threads[place]?.engine.open(spec.key, async () => spec, NEVER);
    if (open === undefined) throw new Error('there is no such thread');
    const { files } = open;
    const asked = server.bodies.length;
    const reader = async (first: number) => {
      for (let turn = first; turn < each; turn += READERS) {
        const at = Math.floor(random() * files.length);
        const { bytes } = inside[at] ?? { bytes: Buffer.alloc(0) };
        const start = Math.floor(random() * bytes.length);
        const end = Math.min(bytes.length, start + 1 + Math.floor(random() ** 3 * 300_000));
        const got = await readRange(open, files[at]?.index ?? -1, start, end);
        expect(got.equals(bytes.subarray(start, end)), `${at}: ${start}-${end}`).toBe(true);
      }
    };
    await Promise.all(Array.from({ length: READERS }, (_, first) => reader(first)));
    open.close();
    return { files, asked };
  }

  test.each(SHAPES)(`%s: ${2 * each} ranges by ${READERS} readers (seed ${seed})`, async (_, make) => {
    const release = await make({ path: 'Film.2020.1080p.mkv', bytes: filmOf(sizeBytes) });
    for (const [id, body] of release.articles) articles.set(id, body);
    const before = await readSome(0, release);
    expect(before.files.map(({ path, sizeBytes: size }) => [path, size])).toEqual(
      release.inside.map(({ path, bytes }) => [path, bytes.length]),
    );
    const { spec } = release;
    const learned = threads[0]?.learned.get(spec.key) ?? null;
    server.bodies.length = 0;
    const after = await readSome(1, { ...release, spec: { ...spec, learned } });
    expect(after.files).toEqual(before.files);
    // Keys are never kept: what is encrypted is looked into again.
    expect(after.asked).toBeLessThanOrEqual(spec.password === null ? 0 : spec.nzb.files.length + 2);
  });
}
