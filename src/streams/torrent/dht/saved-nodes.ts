import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { isIpv4 } from './address-check.ts';
import { type DhtNode, ID_BYTES } from './messages.ts';

const MAX_SAVED = 200;

const Saved = z.object({
  nodes: z
    .array(
      z.object({
        id: z
          .hex()
          .length(2 * ID_BYTES)
          .transform((hex) => Buffer.from(hex, 'hex')),
        host: z.string().refine(isIpv4),
        port: z.int().min(1).max(65535),
      }),
    )
    .max(MAX_SAVED),
});

/** The nodes an earlier run knew; none where the file is missing or is not what we wrote. */
export async function readSavedNodes(file: string): Promise<DhtNode[]> {
  try {
    return Saved.parse(JSON.parse(await readFile(file, 'utf8'))).nodes;
  } catch {
    return [];
  }
}

/** Beside its place and renamed, so that it is whole or not there. Never rejects: without it the next start asks around anew. */
export async function saveNodes(file: string, nodes: readonly DhtNode[]): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  const saved = nodes.map(({ id, host, port }) => ({ id: id.toString('hex'), host, port }));
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(part, JSON.stringify({ nodes: saved }), { mode: 0o600 });
    await rename(part, file);
  } catch {
    await rm(part, { force: true }).catch(() => {});
  }
}
