import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { openTempDir, plainEnv } from '../processes.ts';
import { isLoopbackUrl } from './loopback.ts';

const VIEWPORTS = {
  desktop: { viewport: { width: 1280, height: 800 } },
  // What a phone tells of itself besides its size: pages may ask for touch and pixel density.
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
} as const;
type ViewportName = keyof typeof VIEWPORTS;

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Under the interception below: no name but this machine's resolves, whoever asks.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]',
];

export type TestPage = {
  page: Page;
  /** Console errors and uncaught exceptions, with the place. */
  errors: readonly string[];
  /** URLs that were not on this machine; they were aborted. */
  refused: readonly string[];
  /** PNG of what is in view, or of the whole page. */
  screenshot(options?: { isFullPage?: boolean; path?: string }): Promise<Buffer>;
};

export type TestBrowser = {
  version: string;
  /** A page in a profile of its own (no cookies, no cache, light colours); every step on it may take 15 s. */
  open(url: string, viewport?: ViewportName): Promise<TestPage>;
};

/** Lends Debian's Chromium without a screen; closed when `use` is done, and past `timeoutMs` (default 90 s) in any case. */
export async function withChromium<T>(
  use: (browser: TestBrowser) => Promise<T>,
  options: { timeoutMs?: number } = {},
): Promise<T> {
  const { timeoutMs = 90_000 } = options;
  await using home = await openTempDir(); // crash reports and the like stay out of the real one
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: FLAGS,
    env: plainEnv(home.path),
    timeout: 30_000,
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`the browser was used for more than ${timeoutMs} ms`)),
        timeoutMs,
      );
    });
    const open = async (url: string, viewport: ViewportName = 'desktop') =>
      await openPage(
        await browser.newContext({ ...VIEWPORTS[viewport], locale: 'en-GB', timezoneId: 'UTC' }),
        url,
      );
    return await Promise.race([use({ version: browser.version(), open }), late]);
  } finally {
    clearTimeout(timer);
    await browser.close();
  }
}

async function openPage(context: BrowserContext, url: string): Promise<TestPage> {
  const errors: string[] = [];
  const refused: string[] = [];
  context.setDefaultTimeout(15_000);
  await context.route(
    ({ href }) => !isLoopbackUrl(href),
    async (route) => {
      refused.push(route.request().url());
      await route.abort();
    },
  );
  await context.routeWebSocket(
    ({ href }) => !isLoopbackUrl(href),
    async (socket) => {
      refused.push(socket.url());
      await socket.close();
    },
  );
  const page = await context.newPage();
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`${message.text()} (${message.location().url})`);
  });
  await page.goto(url);
  const screenshot: TestPage['screenshot'] = ({ isFullPage = false, path } = {}) =>
    // CSS pixels: the same size on every density, and small files.
    page.screenshot({
      fullPage: isFullPage,
      scale: 'css',
      animations: 'disabled',
      ...(path === undefined ? {} : { path }),
    });
  return { page, errors, refused, screenshot };
}

/** Past the gate by the admin token, which stands behind the form for people. */
export async function unlock(page: Page, adminToken: string): Promise<void> {
  await page.getByRole('button', { name: 'Use the admin token' }).click();
  await page.getByLabel('Admin token', { exact: true }).fill(adminToken);
  await page.getByRole('button', { name: 'Unlock' }).click();
}
