import { randomBytes } from 'node:crypto';
import type { UsenetSpec } from '../../src/streams/usenet/engine.ts';
import { releaseKey } from '../../src/streams/usenet/nzb/key.ts';
import { parseNzb } from '../../src/streams/usenet/nzb/parse-nzb.ts';
import { nzbOf, type PostedPart, postFile } from './nzb-post.ts';
import type { RarOptions } from './rar-format.ts';
import { writeRar } from './rar-writer.ts';
import { writeSevenZip, writeZip } from './zip-7z-writer.ts';

export type Inside = { path: string; bytes: Buffer };
/** A post as an indexer tells of it, its articles, and what a viewer must get. */
export type TestRelease = {
  nzb: string;
  spec: UsenetSpec;
  articles: Map<string, Buffer>;
  inside: readonly Inside[];
  /** Articles of each posted file, in order. */
  posted: readonly (readonly PostedPart[])[];
};

export type ReleaseOptions = {
  inside: readonly Inside[];
  partBytes?: number | ((part: number) => number);
  /** Neither subject nor yEnc tell a name. */
  isObfuscated?: boolean;
  password?: string;
  meta?: Readonly<Record<string, string>>;
  /** Added to what other releases have put there. */
  articles?: Map<string, Buffer>;
};

const PART_BYTES = 40_000;

/** Posts files as they are. */
export async function releaseOf(
  files: readonly { name: string; bytes: Buffer }[],
  options: ReleaseOptions,
): Promise<TestRelease> {
  const { inside, partBytes = PART_BYTES, isObfuscated = false, password = null, meta = {} } = options;
  const articles = options.articles ?? new Map<string, Buffer>();
  const word = () => randomBytes(12).toString('hex');
  const posted = files.map(({ name, bytes }) =>
    postFile(articles, {
      ...{ name, bytes, partBytes },
      ...(isObfuscated ? { subjectName: word(), yencName: word() } : {}),
    }),
  );
  const nzb = nzbOf(posted, meta);
  const parsed = await parseNzb(Buffer.from(nzb));
  const spec = { key: releaseKey(parsed), nzb: parsed, password, learned: null };
  return { nzb, spec, articles, inside, posted: posted.map(({ parts }) => parts) };
}

/** Bytes that begin as a Matroska file does. */
export function filmOf(sizeBytes: number): Buffer {
  return Buffer.concat([Buffer.from('1a45dfa3', 'hex'), randomBytes(sizeBytes - 4)]);
}

/** As `split -b`: `film.mkv.001` and so on. */
export function splitOf(name: string, bytes: Buffer, partBytes: number): { name: string; bytes: Buffer }[] {
  const count = Math.ceil(bytes.length / partBytes);
  return Array.from({ length: count }, (_, at) => ({
    name: `${name}.${String(at + 1).padStart(3, '0')}`,
    bytes: bytes.subarray(at * partBytes, (at + 1) * partBytes),
  }));
}

/** Of parts that all differ, as some posters make them. */
const uneven = (part: number) => 20_000 + ((part * 7919) % 30_000);

type Shape = readonly [name: string, make: (film: Inside) => Promise<TestRelease>];

const rar =
  (more: Omit<RarOptions, 'volumeBytes'>, posting: Partial<ReleaseOptions> = {}) =>
  async (film: Inside) => {
    const volumeBytes = Math.ceil(film.bytes.length / 12);
    const files = writeRar([film], { volumeBytes, ...more });
    const password = more.password === undefined ? {} : { password: more.password };
    return await releaseOf(files, { inside: [film], ...password, ...posting });
  };
const pack = (film: Inside): Inside[] =>
  [1, 2, 3].map((number) => ({
    path: `Show.S01E0${number}.mkv`,
    bytes: film.bytes.subarray(0, Math.floor(film.bytes.length / number)),
  }));

/** What posts are made of, out there. */
export const SHAPES: readonly Shape[] = [
  ['a plain file', (film) => releaseOf([{ name: film.path, bytes: film.bytes }], { inside: [film] })],
  [
    'a plain file whose parts all differ',
    (film) => releaseOf([{ name: film.path, bytes: film.bytes }], { inside: [film], partBytes: uneven }),
  ],
  ['RAR4', rar({ version: 4 })],
  ['RAR4 with old names', rar({ version: 4, naming: 'old' })],
  ['RAR5', rar({ version: 5 })],
  ['RAR5 whose parts all differ', rar({ version: 5 }, { partBytes: uneven })],
  ['obfuscated RAR5', rar({ version: 5, naming: 'random' }, { isObfuscated: true })],
  ['obfuscated RAR4', rar({ version: 4, naming: 'random' }, { isObfuscated: true })],
  ['encrypted RAR5', rar({ version: 5, password: 'geheim' })],
  ['RAR5 with encrypted headers', rar({ version: 5, password: 'geheim', encryptHeaders: true })],
  ['encrypted RAR4', rar({ version: 4, password: 'geheim' })],
  [
    'RAR5 in 120 volumes',
    async (film) =>
      releaseOf(writeRar([film], { version: 5, volumeBytes: Math.ceil(film.bytes.length / 120) }), {
        inside: [film],
      }),
  ],
  ['7z', (film) => releaseOf([{ name: 'film.7z', bytes: writeSevenZip([film]) }], { inside: [film] })],
  [
    'encrypted 7z in parts',
    (film) =>
      releaseOf(splitOf('film.7z', writeSevenZip([film], { password: 'geheim' }), 500_000), {
        ...{ inside: [film], password: 'geheim' },
      }),
  ],
  ['zip', (film) => releaseOf([{ name: 'film.zip', bytes: writeZip([film]) }], { inside: [film] })],
  ['a file in parts', (film) => releaseOf(splitOf(film.path, film.bytes, 400_000), { inside: [film] })],
  [
    'a RAR in parts',
    (film) =>
      releaseOf(splitOf('film.rar', writeRar([film], { version: 5 })[0]?.bytes ?? Buffer.alloc(0), 400_000), {
        inside: [film],
      }),
  ],
  [
    'several films in one RAR',
    (film) => {
      const inside = pack(film);
      return releaseOf(writeRar(inside, { version: 5, volumeBytes: 300_000 }), { inside });
    },
  ],
  [
    'several plain files',
    (film) => {
      const inside = pack(film);
      return releaseOf(
        inside.map(({ path, bytes }) => ({ name: path, bytes })),
        { inside },
      );
    },
  ],
];
