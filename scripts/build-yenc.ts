/** `node scripts/build-yenc.ts`: assembles the yEnc decoder; its bytes are kept in git, so nobody needs an assembler to run it. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const FOLDER = new URL('../src/streams/usenet/yenc/', import.meta.url);

/** The module that `decode.wat` says. */
export async function assembleYenc(): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  const module = parseWat('decode.wat', await readFile(new URL('decode.wat', FOLDER), 'utf8'), {
    simd: true,
  });
  try {
    module.validate();
    return module.toBinary({ write_debug_names: false }).buffer;
  } finally {
    module.destroy();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const bytes = await assembleYenc();
  await writeFile(new URL('decode.wasm', FOLDER), bytes);
  console.log(`decode.wasm: ${bytes.length} bytes`);
}
