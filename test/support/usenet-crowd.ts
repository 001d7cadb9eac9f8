import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Part } from '../../src/streams/usenet/articles/part.ts';
import type { ReleaseFile } from '../../src/streams/usenet/engine.ts';
import { seededRandom } from './random-requests.ts';
import { type LocalRoom, NEVER } from './usenet-engines.ts';
import { withEngine } from './usenet-faults.ts';
import { filmOf, releaseOf, type TestRelease } from './usenet-releases.ts';
import { waitUntil } from './wait-until.ts';

/** Several plain films, whose articles lie together. */
export async function films(count: number, sizeBytes: number, partBytes: number): Promise<TestRelease[]> {
  const articles = new Map<string, Buffer>();
  const made: TestRelease[] = [];
  for (let at = 0; at < count; at += 1) {
    const film = { path: `Film.${at}.mkv`, bytes: filmOf(sizeBytes) };
    made.push(
      await releaseOf([{ name: film.path, bytes: film.bytes }], { inside: [film], partBytes, articles }),
    );
  }
  return made;
}

export type Held = { part: Part | null; leave(): Promise<void> };

/** A viewer who takes one part from `start` on and then nothing more. */
export async function hold({ engine }: LocalRoom, { spec }: TestRelease, start = 0): Promise<Held> {
  const [file = { index: 0, path: '', sizeBytes: 0 } satisfies ReleaseFile] = await engine.open(spec, NEVER);
  const reading = engine.read(
    { key: spec.key, fileIndex: file.index, range: { start, end: file.sizeBytes }, fillsHoles: false },
    NEVER,
  );
  const { value } = await reading.next();
  const part = value ?? null;
  return {
    part,
    async leave() {
      part?.release();
      await reading.return(undefined);
      engine.release(spec.key);
    },
  };
}

/** Viewers that open and leave at any moment, `count` in all, and what they leave behind: nothing. */
export async function expectNoLeaks(count: number): Promise<void> {
  const seed = Number(process.env.TEST_SEED ?? Date.now() % 2 ** 31);
  const random = seededRandom(seed);
  const made = await films(5, 600_000, 30_000);
  const [first] = made;
  if (first === undefined) throw new Error('there is no film');
  const slow = () => (random() < 0.3 ? ({ kind: 'delay', ms: 15 } as const) : null);
  const sides = [{ trouble: slow, provider: { connections: 6 } }];
  await withEngine(sides, first.articles, async (room, servers) => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const cycle = async () => {
      const release = made[Math.floor(random() * made.length)] ?? first;
      const leaving = new AbortController();
      const start = Math.floor(random() * 500_000);
      const reading = room.read(release.spec, { start, signal: leaving.signal });
      await sleep(random() * 25);
      leaving.abort(new Error('gone'));
      const { bytes, error } = await reading;
      const [film = Buffer.alloc(0)] = release.inside.map((inside) => inside.bytes);
      expect(bytes.equals(film.subarray(start, start + bytes.length)), `seed ${seed}`).toBe(true);
      if (error !== null) expect(error).toMatchObject({ message: expect.stringMatching(/gone|left/) });
    };
    for (let turn = 0; turn < 10; turn += 1) await cycle();
    const before = timers();
    for (let turn = 0; turn < count; turn += 10) await Promise.all(Array.from({ length: 10 }, () => cycle()));
    await waitUntil(() => room.engine.usage().jobs === 0, { what: 'no job is left', timeoutMs: 10_000 });
    await waitUntil(() => timers() <= before + 3, { what: 'no timer is left', timeoutMs: 10_000 });
    expect(room.engine.tick()).toEqual([]);
    expect(servers[0]?.mostConnections()).toBeLessThanOrEqual(7);
    // It still plays.
    const { bytes } = await room.read(first.spec);
    expect(bytes.equals(first.inside[0]?.bytes ?? bytes)).toBe(true);
  });
}
