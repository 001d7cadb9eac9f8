import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTempDir } from '../support/processes.ts';
import type { Tributary } from '../support/product.ts';
import { type Inn, startInn } from '../support/real/inn.ts';
import { postByNyuu } from '../support/real/nyuu.ts';
import { SHAPES, writeRelease } from '../support/real/usenet-releases.ts';
import { linkTo, startWithProviders, wrongRanges } from '../support/real/usenet-room.ts';

// 10,000 random ranges of films posted in every shape, every byte right.

const FILM = { name: 'The.Film.2024.mkv', bytes: randomBytes(120_000_017) };
const RANGES = 10_000 / SHAPES.length;

let dir: Awaited<ReturnType<typeof openTempDir>>;
let inn: Inn;
let product: Tributary;

beforeAll(async () => {
  dir = await openTempDir();
  inn = await startInn();
  product = await startWithProviders([inn.plain]);
});
afterAll(async () => {
  await product?.stop();
  await inn?.stop();
  await dir?.remove();
});

test.each(SHAPES)('%s', async (shape) => {
  const files = await writeRelease(dir.path, shape, FILM, 10_000_000);
  const isObfuscated = shape.startsWith('obfuscated');
  const { playUrl } = await linkTo(product, await postByNyuu(files, inn.plain, { isObfuscated }));
  expect(await wrongRanges(playUrl, FILM.bytes, RANGES, SHAPES.indexOf(shape))).toEqual([]);
});
