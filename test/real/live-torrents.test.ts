import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { isWebUiStale } from '../../src/web/build.ts';
import { openRequest } from '../support/play-server.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { unlock, withChromium } from '../support/real/chromium.ts';
import { type Manners, makeTorrent, type SeedPeer, startSeedPeer } from '../support/seed-peer.ts';
import { waitUntil } from '../support/wait-until.ts';

// Torrents as the owner sees them: one that nobody knows yet, one whose peers give nothing yet, one that plays, one that is paused.

const MIB = 1024 * 1024;
/** One that plays must not come to its end meanwhile. */
const [SHORT_MIB, LONG_MIB] = [48, 256];
const PAUSED = 'The Paused Film 2008 1080p BluRay x264.mkv';
const PLAYING = 'The Playing Film 2160p.mkv';
const CHOKED = 'The Film Nobody Gives.mkv';
const UNKNOWN = 'The Film Nobody Knows.mkv';

let product: Tributary;
const seeds: SeedPeer[] = [];
const viewers: { socket: Socket; timer: NodeJS.Timeout }[] = [];

beforeAll(async () => {
  product = await startTributary();
  await waitUntil(async () => !(await isWebUiStale()), { what: 'the page is built', timeoutMs: 120_000 });
});
afterAll(async () => {
  for (const { socket, timer } of viewers) {
    clearInterval(timer);
    socket.destroy();
  }
  await product?.stop();
  for (const seed of seeds) await seed.stop();
});

/** A film of two peers, and a viewer who reads a part of each second only. */
async function watch(filename: string, readMs: number, manners: Partial<Manners> = {}, knownAs?: string) {
  const bytes = Buffer.alloc((filename === PLAYING ? LONG_MIB : SHORT_MIB) * MIB, filename);
  const film = makeTorrent(bytes, MIB);
  const peers = await Promise.all(
    [1, 2].map((n) => startSeedPeer(film, `127.0.4.${seeds.length + n}`, manners)),
  );
  seeds.push(...peers);
  const known = peers.map(({ host, port }) => `&x.pe=${host}:${port}`).join('');
  const made = await product.asAdmin('/api/links', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url: `magnet:?xt=urn:btih:${knownAs ?? film.infoHash}${known}`, filename }),
  });
  const { playUrl } = z.object({ playUrl: z.string() }).parse(await made.json());
  const socket = openRequest(playUrl);
  socket.on('error', () => {});
  socket.on('data', () => {});
  // Before it is held up: on a busy machine the first byte takes longer than a second.
  if (readMs === 0) {
    await once(socket, 'data');
    // And on a quiet one a film of this length is over before the first timer.
    socket.pause();
  }
  const timer = setInterval(() => {
    if (readMs > 0) socket.resume();
    setTimeout(() => socket.pause(), readMs);
  }, 900);
  viewers.push({ socket, timer });
}

test('the live view tells how a torrent starts, plays and stands still, on a desktop and on a phone', async () => {
  await watch(PAUSED, 0);
  await watch(PLAYING, 6, { delayMs: 20, bytesPerSecond: 3 * MIB });
  await watch(CHOKED, 100, { isChoking: true });
  await watch(UNKNOWN, 100, {}, 'ab'.repeat(20));
  await withChromium(
    async (browser) => {
      for (const device of ['desktop', 'phone'] as const) {
        const shown = await browser.open(`${product.baseUrl}/#live`, device);
        const { page, errors } = shown;
        await unlock(page, product.adminToken);
        const rowOf = (title: string) =>
          page
            .getByRole('list', { name: 'Running streams' })
            .getByRole('listitem')
            .filter({ hasText: title });
        const textOf = async (title: string) =>
          ((await rowOf(title).textContent()) ?? '').replace(/\s+/g, ' ');
        const soon = { timeout: 15_000 };
        await expect
          .poll(() => textOf(CHOKED), soon)
          .toMatch(/Position–.*0 of 2 peers · 0 of 48 piecesStarting/);
        await expect.poll(() => textOf(UNKNOWN), soon).toMatch(/Position–.*no peer yetStarting/);
        await expect.poll(() => textOf(PLAYING), soon).toMatch(/2 of 2 peers · .*of 256 pieces/);
        await expect.poll(() => textOf(PAUSED), soon).toMatch(/Stands still for/);
        expect(await textOf(PLAYING)).not.toMatch(/Starting/);
        expect(
          await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth'),
        ).toBe(false);
        if (process.env.KEEP_SCREENSHOTS) {
          await page.waitForTimeout(Number(process.env.LIVE_WAIT_MS ?? 0));
          await shown.screenshot({
            path: `${process.env.KEEP_SCREENSHOTS}/live-torrents-${device}.png`,
            isFullPage: true,
          });
        }
        expect(errors).toEqual([]);
      }
    },
    { timeoutMs: 110_000 },
  );
});
