import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import { z } from 'zod';
import { freePort, openTempDir } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { expectPromptLoop, MOST_MS, type Viewer, watch } from '../support/real/event-loop-lag.ts';
import { type Nginx, startNginx } from '../support/real/nginx.ts';

// Criterion 52 on the running product: how late its event loop is with a large household's streams.

const VIEWERS = 20;

let folder: Awaited<ReturnType<typeof openTempDir>>;
let nginx: Nginx;
let product: Tributary;
let viewers: Viewer[] = [];

beforeAll(async () => {
  folder = await openTempDir();
  for (let film = 0; film < VIEWERS; film += 1) {
    await writeFile(join(folder.path, `${film}.mp4`), '');
    // Sparse: 1 GiB that takes no room, and more than a viewer can read.
    await truncate(join(folder.path, `${film}.mp4`), 2 ** 30);
  }
  const port = await freePort();
  nginx = await startNginx({ port, http: `server { listen 127.0.0.1:${port}; root ${folder.path}; }` });
  product = await startTributary();
  const films = Array.from({ length: VIEWERS }, (_, film) => `http://127.0.0.1:${port}/${film}.mp4`);
  viewers = await Promise.all(films.map(async (film) => await watch(await playUrl(film))));
});
afterAll(async () => {
  for (const viewer of viewers) viewer.leave();
  await product?.stop();
  await nginx?.stop();
  await folder?.[Symbol.asyncDispose]();
});

async function playUrl(url: string): Promise<string> {
  const answer = await product.asAdmin('/api/links', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url }),
  });
  return z.object({ playUrl: z.string() }).parse(await answer.json()).playUrl;
}

test(`52: with ${VIEWERS} viewers at 3 MB/s the event loop lags less than ${MOST_MS} ms (p99)`, async () => {
  await expectPromptLoop(product, viewers);
});
