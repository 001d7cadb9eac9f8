import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type Origin, startOrigin } from '../support/origin.ts';
import { openRequest } from '../support/play-server.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { unlock, withChromium } from '../support/real/chromium.ts';
import { waitUntil } from '../support/wait-until.ts';

// The admin's view of what is being sent: real streams, the real page, a real browser.

const FILM_BYTES = 192 * 1024 * 1024;
let origin: Origin;
let product: Tributary;
const viewers: { socket: Socket; timer: NodeJS.Timeout }[] = [];

beforeAll(async () => {
  origin = await startOrigin(Buffer.alloc(FILM_BYTES, 'film'));
  product = await startTributary();
  await waitUntil(async () => (await (await fetch(`${product.baseUrl}/`)).text()).includes('/assets/'), {
    what: 'the page is built',
    timeoutMs: 120_000,
  });
});
afterEach(() => {
  for (const viewer of viewers.splice(0)) leave(viewer);
});
afterAll(async () => {
  await product?.stop();
  await origin?.stop();
});

function leave({ socket, timer }: { socket: Socket; timer: NodeJS.Timeout }): void {
  clearInterval(timer);
  socket.destroy();
}

/** Reads a part of each second only, as a player with a full buffer does. */
async function watch(filename: string, readMs: number): Promise<Socket> {
  const made = await product.asAdmin('/api/links', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url: `${origin.url}?${encodeURIComponent(filename)}`, filename }),
  });
  const { playUrl } = z.object({ playUrl: z.string() }).parse(await made.json());
  const socket = openRequest(playUrl);
  socket.on('error', () => {});
  socket.on('data', () => {});
  // Before it is held up: on a busy machine the first byte takes longer than a second.
  await once(socket, 'data');
  const timer = setInterval(() => {
    if (readMs > 0) socket.resume();
    setTimeout(() => socket.pause(), readMs);
  }, 900);
  viewers.push({ socket, timer });
  socket.pause();
  return socket;
}

test.each(['desktop', 'phone'] as const)(
  'shows the running streams and ends one, on a %s',
  async (device) => {
    const film = await watch(`The Stolen Film ${device}.mkv`, 8);
    await watch('Big Buck Bunny 2008 2160p WEB-DL DDP5.1 HDR10 x265-A_RATHER_LONG_RELEASE_NAME.mkv', 3);
    await watch('Sintel.mp4', 0);
    await withChromium(
      async (browser) => {
        const shown = await browser.open(`${product.baseUrl}/#live`, device);
        const { page, errors } = shown;
        await unlock(page, product.adminToken);
        const rows = page.getByRole('list', { name: 'Running streams' }).getByRole('listitem');
        await expect.poll(() => rows.count(), { timeout: 15_000 }).toBe(3);
        const plot = page.getByLabel(/^Sent to all viewers: now [\d.,]+ Mbit/);
        await expect
          .poll(() => plot.getAttribute('aria-label'), { timeout: 10_000 })
          .not.toMatch(/now 0 Mbit/);
        const line = rows.first().locator('polyline');
        const before = await line.getAttribute('points');
        await expect.poll(() => line.getAttribute('points'), { timeout: 5000 }).not.toBe(before);
        await expect.poll(() => page.getByText(/Stands still for/).count(), { timeout: 15_000 }).toBe(1);
        expect(
          await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth'),
        ).toBe(false);
        if (process.env.KEEP_SCREENSHOTS) {
          await page.waitForTimeout(Number(process.env.LIVE_WAIT_MS ?? 0));
          await shown.screenshot({
            path: `${process.env.KEEP_SCREENSHOTS}/live-${device}.png`,
            isFullPage: true,
          });
        }
        const ended = once(film, 'close');
        await page.getByRole('button', { name: /^Stop The Stolen Film/ }).click();
        const dialog = page.getByRole('dialog', { name: 'Stop this stream?' });
        await dialog.getByText('the link stays valid').waitFor();
        if (process.env.KEEP_SCREENSHOTS)
          await shown.screenshot({ path: `${process.env.KEEP_SCREENSHOTS}/live-stop-${device}.png` });
        await dialog.getByRole('button', { name: 'Stop it' }).click();
        film.resume();
        await ended;
        await expect.poll(() => rows.count(), { timeout: 15_000 }).toBe(2);
        for (const viewer of viewers.splice(0)) leave(viewer);
        await page.getByText('Nothing is playing').waitFor({ timeout: 15_000 });
        expect(errors).toEqual([]);
      },
      { timeoutMs: 110_000 },
    );
  },
);
