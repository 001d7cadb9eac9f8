import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { type BodyDecoder, INPUT_BYTES } from './body.ts';

/** Where decode.wat has its input and output. */
const [INPUT, OUTPUT] = [0x10000, 0x52000];
/** The module's `crc` leaves up to 4082 bytes to zlib: for less than this it would save nothing. */
const FOLDED_BYTES = 8 * 1024;
const ALL_ONES = 0xffff_ffff;

/**
 * By WebAssembly SIMD; null: this machine has none. On one core of an EPYC, MB/s of decoded bytes: the module decodes 5200 and checks
 * 21,000 (zlib.crc32: 3600, shared memory or not), a copy into shared memory is 7500 where both ends are alike modulo 8 and else 2000
 * to 3500. An article in reads of 64 KiB, all of it together: 2500; of 16 KiB, as TLS gives them: 2100.
 */
export function simdBodyDecoder(): BodyDecoder | null {
  const code = readFileSync(new URL('./decode.wasm', import.meta.url));
  if (!('WebAssembly' in globalThis && WebAssembly.validate(code))) return null;
  const { memory, decode, crc } = new WebAssembly.Instance(new WebAssembly.Module(code)).exports;
  if (!(memory instanceof WebAssembly.Memory && typeof decode === 'function' && typeof crc === 'function')) {
    throw new Error('decode.wasm is not of this version: run scripts/build-yenc.ts');
  }
  const bytes = new Uint8Array(memory.buffer);
  const answer = new Int32Array(memory.buffer, 0, 2);
  let [begin, end] = [OUTPUT, OUTPUT];
  return {
    input: Buffer.from(memory.buffer, INPUT, INPUT_BYTES),
    decode(from, to, state, address) {
      begin = OUTPUT + (address & 7);
      const stop: number = decode(INPUT + from, INPUT + to, begin, state);
      end = answer[1] ?? begin;
      return stop - INPUT;
    },
    state: () => answer[0] ?? 0,
    bytes: () => bytes.subarray(begin, end),
    crc(length, before) {
      if (length < FOLDED_BYTES) return crc32(bytes.subarray(begin, begin + length), before);
      // The register is the complement of the CRC so far; what is left of the message already has it in it.
      const rest: number = crc(begin, begin + length, ~before);
      return crc32(bytes.subarray(rest, begin + length), ALL_ONES);
    },
  };
}
