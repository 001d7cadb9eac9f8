import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../src/kit/errors.ts';
import { parseNzb } from '../../src/streams/usenet/nzb/parse-nzb.ts';
import { seededRandom } from '../support/random-requests.ts';
import { writeRar } from '../support/rar-writer.ts';
import { expectWhole, LATEST_MS, withEngine } from '../support/usenet-faults.ts';
import { filmOf, type ReleaseOptions, releaseOf, type TestRelease } from '../support/usenet-releases.ts';
import { writeSevenZip, writeZip } from '../support/zip-7z-writer.ts';

// What posters may put into posts on purpose: refused in words, or read as far as it is right; never a loop, never more memory.

const FILM = filmOf(300_000);
const film = { path: 'Film.mkv', bytes: FILM };
const refused = (message: RegExp) => ({ status: 415, message: expect.stringMatching(message) });

async function open(
  files: readonly { name: string; bytes: Buffer }[],
  options: Partial<ReleaseOptions> = {},
): Promise<{ error: unknown; bytes: Buffer; release: TestRelease }> {
  const release = await releaseOf(files, { inside: [film], partBytes: 20_000, ...options });
  let [error, bytes]: [unknown, Buffer] = [null, Buffer.alloc(0)];
  await withEngine([{}], release.articles, async ({ read }) => {
    const reading = await read(release.spec);
    expect(reading.ms).toBeLessThan(LATEST_MS);
    ({ error, bytes } = reading);
  });
  return { error, bytes, release };
}

describe('an archive', () => {
  test.each([
    ['is compressed', () => writeRar([{ ...film, method: 3 }], { version: 5 }), /compressed/],
    ['is compressed, in RAR4', () => writeRar([{ ...film, method: 3 }], { version: 4 }), /compressed/],
    ['is solid', () => writeRar([{ ...film, method: 3 }], { version: 5, isSolid: true }), /solid|compressed/],
    [
      'is a compressed zip',
      () => [{ name: 'a.zip', bytes: writeZip([{ ...film, method: 8 }]) }],
      /compressed/,
    ],
    ['has no password', () => writeRar([film], { version: 5, password: 'geheim' }), /password/],
    [
      'lacks a volume in the middle',
      () => writeRar([film], { version: 5, volumeBytes: 60_000 }).filter((_, at) => at !== 2),
      /volume 3|lacks|missing/i,
    ],
    [
      'lacks its last volumes',
      () => writeRar([film], { version: 5, volumeBytes: 60_000 }).slice(0, 3),
      /volume|lacks|missing/i,
    ],
    ['holds nothing to play', () => [{ name: 'notes.txt', bytes: Buffer.from('nothing') }], /neither/],
  ] as const)('that %s is refused in words', async (_, files, message) => {
    expect((await open(files())).error).toMatchObject(refused(message));
  });

  test('with another password is refused in words', async () => {
    for (const version of [4, 5] as const) {
      const files = writeRar([film], { version, password: 'geheim' });
      expect((await open(files, { password: 'falsch' })).error).toMatchObject(refused(/password/));
    }
  });

  test('whose names lead out of it is played under a name that does not', async () => {
    const files = writeRar([{ path: '../../etc/../Film.mkv', bytes: FILM }], { version: 5 });
    const release = await releaseOf(files, { inside: [film] });
    await withEngine([{}], release.articles, async ({ read, learned }) => {
      expectWhole(await read(release.spec), FILM);
      const [path = ''] = learned.get(release.spec.key)?.files?.map((file) => file.path) ?? [];
      expect(path).toMatch(/Film\.mkv$/);
      expect(path.split('/')).not.toContain('..');
    });
  });

  test('in an archive plays, and one deeper in is not looked for', async () => {
    const zip = (inside: { path: string; bytes: Buffer }) => ({ name: 'a.zip', bytes: writeZip([inside]) });
    let inner = { path: 'Film.rar', bytes: writeRar([film], { version: 5 })[0]?.bytes ?? FILM };
    const once = await open([zip(inner)]);
    expect([once.error, once.bytes.equals(FILM)]).toEqual([null, true]);
    for (let level = 0; level < 4; level += 1) inner = { path: `a${level}.zip`, bytes: writeZip([inner]) };
    expect((await open([zip(inner)])).error).toMatchObject(refused(/more than 2/));
  });

  const MADE: readonly (readonly [string, () => { name: string; bytes: Buffer }[]])[] = [
    ['RAR4', () => writeRar([film], { version: 4, volumeBytes: 60_000 })],
    ['RAR5', () => writeRar([film], { version: 5, volumeBytes: 60_000 })],
    ['7z', () => [{ name: 'Film.7z', bytes: writeSevenZip([film]) }]],
    ['zip', () => [{ name: 'Film.zip', bytes: writeZip([film]) }]],
  ];
  const seed = Number(process.env.TEST_SEED ?? Date.now() % 2 ** 31);
  test.each(MADE)(
    `of %s with any byte of its headers changed ends in words or in bytes (seed ${seed})`,
    async (_, make) => {
      const random = seededRandom(seed);
      const all = new Map<string, Buffer>();
      const releases: TestRelease[] = [];
      for (let turn = 0; turn < 40; turn += 1) {
        const files = make().map((file) => ({ ...file, bytes: Buffer.from(file.bytes) }));
        for (let change = 0; change <= turn % 3; change += 1) spoil(files, random);
        releases.push(await releaseOf(files, { inside: [film], articles: all, partBytes: 60_000 }));
      }
      await withEngine([{}], all, async ({ read }) => {
        for (const { spec } of releases) {
          const { error, bytes, ms } = await read(spec);
          expect(ms).toBeLessThan(LATEST_MS);
          if (error !== null) expect(error).toBeInstanceOf(AppError);
          expect(bytes.length).toBeLessThanOrEqual(FILM.length + 60_000);
        }
      });
    },
  );
});

/** Changes a byte near an end, where headers lie. */
function spoil(files: readonly { bytes: Buffer }[], random: () => number): void {
  const { bytes } = files[Math.floor(random() * files.length)] ?? { bytes: Buffer.alloc(1) };
  const at = Math.floor(random() * 100);
  bytes[random() < 0.5 ? at : Math.max(0, bytes.length - 1 - at)] = Math.floor(random() * 256);
}

describe('an NZB', () => {
  const segment = (number: number | string, id: string, bytes: number | string = 20_000) =>
    `<segment bytes="${bytes}" number="${number}">${id}</segment>`;
  const nzb = (segments: string, head = '') =>
    Buffer.from(
      `<?xml version="1.0"?>${head}<nzb><file poster="p" date="1" subject='"Film.mkv" yEnc (1/3)'><groups><group>a</group></groups><segments>${segments}</segments></file></nzb>`,
    );

  test('is refused where it blows up, as entities or in gzip, in little time and memory', async () => {
    const laughs = `<!DOCTYPE nzb [<!ENTITY a "aaaaaaaaaa">${'bcdefgh'
      .split('')
      .map((name, at) => `<!ENTITY ${name} "${`&${'abcdefg'[at]};`.repeat(10)}">`)
      .join('')}]>`;
    const bombs = [
      nzb(segment(1, '&h;'), laughs),
      gzipSync(Buffer.alloc(200 * 1024 * 1024, 0x20)),
      nzb('<a>'.repeat(200_000)),
      Buffer.from('<nzb>'.repeat(1_000_000)),
    ];
    for (const bomb of bombs) {
      const since = performance.now();
      const before = process.memoryUsage().rss;
      const told = await parseNzb(bomb).then(
        ({ files }) => files,
        (error: unknown) => error,
      );
      if (!Array.isArray(told)) expect(told).toBeInstanceOf(AppError);
      else expect(JSON.stringify(told).length).toBeLessThan(2000);
      expect(performance.now() - since).toBeLessThan(15_000);
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    }
  }, 60_000);

  test.each([
    [
      'names one article for every part',
      Array.from({ length: 50 }, (_, at) => segment(at + 1, 'same@x')).join(''),
    ],
    ['numbers a part beyond all others', segment(1, 'a@x') + segment(999_999_999, 'b@x')],
    ['has ids that would be commands', segment(1, 'a@x&gt;&#13;&#10;QUIT') + segment(2, 'b c@x')],
    ['says nonsense of sizes', segment(1, 'a@x', -5) + segment(2, 'b@x', 1e300) + segment(3, 'c@x', 'NaN')],
    ['numbers parts by words', segment('one', 'a@x') + segment('', 'b@x')],
  ])('that %s ends in words', async (_, segments) => {
    const part = await releaseOf([{ name: 'Film.mkv', bytes: FILM }], { inside: [film], partBytes: 20_000 });
    const [body = Buffer.alloc(0)] = part.articles.values();
    const articles = new Map(['same@x', 'a@x', 'b@x', 'c@x'].map((id) => [id, body]));
    const parsed = await parseNzb(nzb(segments)).catch((error: unknown) => error);
    if (parsed instanceof Error) return void expect(parsed).toBeInstanceOf(AppError);
    await withEngine([{}], articles, async ({ read }) => {
      const spec = { ...part.spec, nzb: await parseNzb(nzb(segments)) };
      const { error, bytes, ms } = await read(spec);
      expect(error).toBeInstanceOf(AppError);
      expect(bytes.equals(FILM.subarray(0, bytes.length))).toBe(true);
      expect(ms).toBeLessThan(LATEST_MS);
    });
  });
});
