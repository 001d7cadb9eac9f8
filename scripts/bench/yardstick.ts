import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './measure.ts';

const BARE_EXPRESS = fileURLToPath(new URL('bare-express.ts', import.meta.url));
/** What it answers with at `/page.json` is the JSON text it was given. */
export const YARDSTICK_PATH = '/page.json';

/** Runs `use` beside a bare Express in a process of its own that answers `json` from memory. */
export async function besideBareExpress<T>(
  { json, folder }: { json: string; folder: string },
  use: (yardstick: { port: number; pid: number }) => Promise<T>,
): Promise<T> {
  const port = await freePort();
  const file = join(folder, `yardstick-${port}.json`);
  await writeFile(file, json);
  const child = spawn(process.execPath, [BARE_EXPRESS, String(port), file], { stdio: 'inherit' });
  try {
    await untilUp(`http://127.0.0.1:${port}${YARDSTICK_PATH}`);
    return await use({ port, pid: child.pid ?? 0 });
  } finally {
    child.kill('SIGKILL');
  }
}

async function untilUp(url: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if ((await fetch(url).catch(() => null))?.ok === true) return;
    await sleep(10);
  }
  throw new Error('the yardstick did not start');
}
