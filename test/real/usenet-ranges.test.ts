import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { postByNyuu } from '../support/real/nyuu.ts';
import { SHAPES, writeRelease } from '../support/real/usenet-releases.ts';
import { innRoom, linkTo, wrongRanges } from '../support/real/usenet-room.ts';

// 10,000 random ranges of films posted in every shape, every byte right.

const FILM = { name: 'The.Film.2024.mkv', bytes: randomBytes(120_000_017) };
const RANGES = 10_000 / SHAPES.length;

const room = innRoom();

test.each(SHAPES)('%s', async (shape) => {
  const files = await writeRelease(room.dir, shape, FILM, 10_000_000);
  const isObfuscated = shape.startsWith('obfuscated');
  const { playUrl } = await linkTo(room.product, await postByNyuu(files, room.inn.plain, { isObfuscated }));
  expect(await wrongRanges(playUrl, FILM.bytes, RANGES, SHAPES.indexOf(shape))).toEqual([]);
});
