/** `node scripts/build-yenc.ts`: assembles the yEnc decoder; its bytes are kept in git, so nobody needs an assembler to run it. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const FEATURES = { simd: true, threads: true, bulk_memory: true, multi_memory: true };
const FOLDER = new URL('../src/streams/usenet/yenc/', import.meta.url);

/** The module that `decode.wat` says. */
export async function assembleYenc(): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  const text = await readFile(new URL('decode.wat', FOLDER), 'utf8');
  const module = parseWat('decode.wat', text, FEATURES);
  try {
    const bytes = module.toBinary({ write_debug_names: false }).buffer;
    // Says what is wrong with it.
    new WebAssembly.Module(new Uint8Array(bytes));
    return bytes;
  } finally {
    module.destroy();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const bytes = await assembleYenc();
  await writeFile(new URL('decode.wasm', FOLDER), bytes);
  console.log(`decode.wasm: ${bytes.length} bytes`);
}
