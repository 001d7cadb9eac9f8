import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { z } from 'zod';
import type { Nzb, NzbFile } from './nzb.ts';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);
/** Of what `packNzb` made: less than the NZB, which has at most 150 MiB. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;

const Whole = z.int().min(0);
/** subject, poster, posted at, groups, runs of [number, count], runs of [bytes, count], ids by line, runs of missing numbers. */
const PackedFile = z.tuple([
  z.string(),
  z.string().nullable(),
  Whole.nullable(),
  z.array(z.string()),
  z.array(Whole),
  z.array(Whole),
  z.string(),
  z.array(Whole),
]);
const Packed = z.object({
  v: z.literal(1),
  title: z.string().nullable(),
  password: z.string().nullable(),
  files: z.array(PackedFile),
});

/** An NZB as it is kept: JSON in which what repeats stands once, deflated. Ids are random, so they are nearly all of it. */
export async function packNzb({ title, password, files }: Nzb): Promise<Buffer> {
  const packed: z.infer<typeof Packed> = { v: 1, title, password, files: files.map(packFile) };
  return await deflate(JSON.stringify(packed));
}

/** Rejects where it is not what `packNzb` made. */
export async function unpackNzb(bytes: Uint8Array): Promise<Nzb> {
  const text = await inflate(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  const { title, password, files } = Packed.parse(JSON.parse(text.toString('utf8')));
  return { title, password, files: files.map(unpackFile) };
}

function packFile({
  subject,
  poster,
  postedAt,
  groups,
  segments,
  missing,
}: NzbFile): z.infer<typeof PackedFile> {
  return [
    subject,
    poster,
    postedAt,
    [...groups],
    stepsOf(segments.map(({ number }) => number)),
    sameOf(segments.map(({ bytes }) => bytes)),
    segments.map(({ id }) => id).join('\n'),
    stepsOf(missing),
  ];
}

function unpackFile([subject, poster, postedAt, groups, numbers, bytes, ids, missing]: z.infer<
  typeof PackedFile
>): NzbFile {
  const [number, sizes] = [runs(numbers, 1), runs(bytes, 0)];
  const segments = ids
    .split('\n')
    .map((id, index) => ({ number: number[index] ?? 0, bytes: sizes[index] ?? 0, id }));
  return { subject, poster, postedAt, groups, segments, missing: runs(missing, 1) };
}

/** 1, 2, 3, 7 as [1, 3, 7, 1]. */
function stepsOf(values: readonly number[]): number[] {
  return runsOf(values, 1);
}

/** 5, 5, 5, 7 as [5, 3, 7, 1]. */
function sameOf(values: readonly number[]): number[] {
  return runsOf(values, 0);
}

function runsOf(values: readonly number[], step: 0 | 1): number[] {
  const out: number[] = [];
  let [first, count] = [0, 0];
  for (const value of values) {
    if (count > 0 && value === first + step * count) count += 1;
    else {
      if (count > 0) out.push(first, count);
      [first, count] = [value, 1];
    }
  }
  if (count > 0) out.push(first, count);
  return out;
}

/** More than an NZB can have: a count from elsewhere must not fill the memory. */
const MAX_VALUES = 5_000_000;

function runs(packed: readonly number[], step: 0 | 1): number[] {
  const values: number[] = [];
  for (let at = 0; at + 1 < packed.length; at += 2) {
    const [first = 0, count = 0] = [packed[at], packed[at + 1]];
    if (values.length + count > MAX_VALUES) throw new Error('more values than an NZB has');
    for (let index = 0; index < count; index += 1) values.push(first + step * index);
  }
  return values;
}
