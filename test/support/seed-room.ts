import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { z } from 'zod';
import { freshDatabase, type TestDatabase } from './database.ts';
import { plainEnv, runProcess } from './processes.ts';

const SEED = new URL('../../scripts/seed.ts', import.meta.url).pathname;
const Summary = z.record(z.string(), z.union([z.number(), z.string(), z.array(z.string())]));

/** `npm run seed` as a user runs it, on a database and in a folder of its own. Registers the hooks. */
export function seedRoom() {
  let database: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    database = await freshDatabase();
    folder = await mkdtemp(join(tmpdir(), 'seed-room-'));
  });
  afterAll(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });

  async function run(...args: string[]) {
    const ended = await runProcess({
      ...{ command: process.execPath, args: [SEED, ...args, '--json'], timeoutMs: 60_000, anyCode: true },
      env: {
        ...{ ...plainEnv(folder), DATA_DIR: folder, DATABASE_URL: database.url },
        ...{ OUTBOUND: 'listed', OUTBOUND_ALLOW: '127.0.0.0/8,::1' },
      },
    });
    return { code: ended.code, said: ended.stdout.toString(), complained: ended.stderr };
  }
  return {
    db: () => database.db,
    pathOf: (name: string) => join(folder, name),
    async put(name: string, content: string | Uint8Array): Promise<string> {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    },
    run,
    /** Its summary, when it ended well. */
    async seed(...args: string[]) {
      const { code, said, complained } = await run(...args);
      expect({ code, complained }).toMatchObject({ code: 0 });
      return Summary.parse(JSON.parse(said));
    },
  };
}
