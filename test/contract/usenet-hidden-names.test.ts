import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { writePar2 } from '../support/par2-writer.ts';
import { writeRar } from '../support/rar-writer.ts';
import { expectWhole, withEngine } from '../support/usenet-faults.ts';
import { filmOf, type ReleaseOptions, releaseOf } from '../support/usenet-releases.ts';

// What posts whose names were hidden are called by those who open them.

const PART = 40_000;
const FILM = filmOf(8 * PART - 5);
const REAL = 'Film.2020.1080p.mkv';
const hash = (ending: string) => `${randomBytes(16).toString('hex')}${ending}`;
type Posted = { name: string; bytes: Buffer };

/** The paths it is opened with, how many articles that took, and that each plays. */
async function opened(files: readonly Posted[], options: Partial<ReleaseOptions>, bytes = FILM) {
  const release = await releaseOf(files, { inside: [], partBytes: PART, ...options });
  let found: { paths: string[]; bodies: number } = { paths: [], bodies: 0 };
  await withEngine([{}], release.articles, async ({ engine, read }, [server]) => {
    const inside = await engine.open(release.spec, new AbortController().signal);
    found = { paths: inside.map(({ path }) => path), bodies: server?.bodies.length ?? 0 };
    engine.release(release.spec.key);
    expectWhole(await read(release.spec), bytes);
  });
  return found;
}

test.each([
  ['has its name in quotes', REAL, hash('.par2')],
  ['has a hash for a name', hash('.mkv'), hash('.par2')],
  ['has a name of noise without ending', hash(''), hash('.par2')],
  ['and par2 have names of noise without endings', hash(''), hash('')],
] as const)('a film that %s is called as par2 knows it', async (_, name, par2Name) => {
  const par2 = { name: par2Name, bytes: writePar2([{ name: REAL, bytes: FILM }]) };
  const { paths, bodies } = await opened([{ name, bytes: FILM }, par2], {});
  expect(paths).toEqual([REAL]);
  // A name that tells needs nobody to confirm it.
  expect(bodies).toBeLessThanOrEqual(name === REAL ? 1 : 2);
});

test('of several par2 files the smallest is asked', async () => {
  const described = writePar2([{ name: REAL, bytes: FILM }]);
  const large = { name: 'x.vol00+10.par2', bytes: Buffer.concat([described, randomBytes(4 * PART)]) };
  const files = [{ name: hash('.mkv'), bytes: FILM }, large, { name: 'x.par2', bytes: described }];
  expect(await opened(files, {})).toEqual({ paths: [REAL], bodies: 2 });
});

test('volumes whose names are noise are put in order by par2, and play', async () => {
  const volumes = writeRar([{ path: REAL, bytes: FILM }], { version: 4, volumeBytes: 50_000 });
  const hidden = volumes.map(({ bytes }) => ({ name: hash(''), bytes }));
  const par2 = { name: hash('.par2'), bytes: writePar2(volumes) };
  const { paths } = await opened([...hidden.reverse(), par2], {});
  expect(paths).toEqual([REAL]);
});

test('a lone film of noise is called as the NZB is', async () => {
  const files = [{ name: hash(''), bytes: FILM }];
  const meta = { title: 'Some.Film.2019.1080p' };
  expect((await opened(files, { meta })).paths).toEqual(['Some.Film.2019.1080p.mkv']);
  expect((await opened([{ name: REAL, bytes: FILM }], { meta })).paths).toEqual([REAL]);
  expect((await opened(files, {})).paths).toEqual([`${files[0]?.name}.mkv`]);
  // Which of two it would be nobody can tell.
  const two = [...files, { name: hash(''), bytes: filmOf(50_000) }];
  expect((await opened(two, { meta })).paths).toEqual(two.map(({ name }) => `${name}.mkv`));
});

test('a par2 file that is broken, gone or lies changes nothing but the name', async () => {
  const name = hash('.mkv');
  const lies = writePar2([{ name: '../../etc/passwd', bytes: FILM }]);
  for (const [bytes, path] of [
    [randomBytes(5000), name],
    [writePar2([{ name: REAL, bytes: randomBytes(100) }]), name],
    [lies, 'passwd.mkv'],
  ] as const)
    expect(
      (
        await opened(
          [
            { name, bytes: FILM },
            { name: 'x.par2', bytes },
          ],
          {},
        )
      ).paths,
    ).toEqual([path]);
});

test('one that cannot be looked into is not taken for one that holds nothing', async () => {
  const volumes = writeRar([{ path: REAL, bytes: FILM }], {
    version: 5,
    volumeBytes: 50_000,
    naming: 'random',
  });
  for (const files of [[{ name: hash(''), bytes: FILM }], volumes]) {
    const release = await releaseOf(files, { inside: [], partBytes: PART, isObfuscated: true });
    await withEngine([{ isStopped: true }], release.articles, async ({ read }) => {
      expect((await read(release.spec)).error).toMatchObject({ status: 503, retryable: true });
    });
    await withEngine([{ articles: new Map() }], release.articles, async ({ read, gone }) => {
      expect((await read(release.spec)).error).toMatchObject({ status: 404, retryable: false });
      expect(gone).toEqual([release.spec.key]);
    });
  }
});

test('a volume that could not be looked at just then is not forgotten', async () => {
  const volumes = writeRar([{ path: REAL, bytes: FILM }], {
    version: 5,
    volumeBytes: 50_000,
    naming: 'random',
  });
  const release = await releaseOf(volumes, { inside: [], partBytes: PART, isObfuscated: true });
  const [, , third] = release.posted;
  let isBad = true;
  const trouble = (id: string) =>
    isBad && id === third?.[0]?.id ? ({ kind: 'reset', after: 10 } as const) : null;
  await withEngine([{ trouble }], release.articles, async ({ read, learned }) => {
    expect((await read(release.spec)).error).toMatchObject({ status: 502, retryable: true });
    expect(learned.size).toBe(0);
    isBad = false;
    expectWhole(await read(release.spec), FILM);
  });
});
