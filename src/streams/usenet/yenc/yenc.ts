import { articleDecoder } from './article.ts';
import { plainBodyDecoder } from './decode-plain.ts';
import { simdBodyDecoder } from './decode-simd.ts';
import type { Yenc } from './decoder.ts';

/** The decoder of a thread: by SIMD where the machine has it, unless `simd` is false. */
export function createYenc({ simd = true }: { simd?: boolean } = {}): Yenc {
  const body = (simd ? simdBodyDecoder() : null) ?? plainBodyDecoder();
  return { input: body.input, decoder: (place) => articleDecoder(body, place) };
}
