import { afterAll, beforeAll, expect, test } from 'vitest';
import { isWebUiStale } from '../../src/web/build.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { type TestBrowser, withChromium } from '../support/real/chromium.ts';
import { waitUntil } from '../support/wait-until.ts';

// Somebody says which streams they want, in a real browser, on a phone by touch and beside it on a desktop.

let database: TestDatabase;
let product: Tributary;
const shots = process.env.SCREENSHOTS;

beforeAll(async () => {
  database = await freshDatabase();
  product = await startTributary({
    env: { ...{ DATABASE_URL: database.url, RATE_LIMIT_API: '10000' }, METADATA_PROVIDERS: 'none' },
  });
  await waitUntil(async () => !(await isWebUiStale()), { what: 'the page is built', timeoutMs: 120_000 });
});
afterAll(async () => {
  await product?.stop();
  await database?.close();
});

const isTooWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
type Opened = Awaited<ReturnType<TestBrowser['open']>>;

async function look({ page, screenshot }: Opened, name: string) {
  expect(await page.evaluate(isTooWide), `${name} is too wide`).toBe(false);
  if (shots !== undefined) await screenshot({ isFullPage: true, path: `${shots}/${name}.png` });
}

test('a few choices and all of them on a phone, with how it looks; the same on a desktop', async () => {
  await withChromium(
    async (browser) => {
      const phone = await browser.open(`${product.baseUrl}/#family`, 'phone');
      const { page } = phone;
      await page.getByRole('heading', { name: 'Make the first account' }).waitFor();
      await page.getByLabel('User name').fill('parent');
      await page.getByLabel('Password', { exact: true }).fill('a sentence is good');
      await page.getByRole('button', { name: 'Make the account' }).click();
      await page.getByRole('button', { name: 'Add a grown-up' }).click();
      await page.getByLabel('Name', { exact: true }).fill('Eve');
      await page.getByRole('button', { name: 'Add them' }).click();
      await page.getByRole('button', { name: 'Streams Eve' }).click();
      await page.getByText('13 shown, 0 hidden').waitFor();
      await page.getByLabel('Spoken language').selectOption('de');
      await page.getByText('6 shown, 7 hidden').waitFor();
      await page.getByLabel('Hide HEVC (H.265)').check();
      await page.getByText('4 shown, 9 hidden').waitFor();
      await page.getByRole('button', { name: 'Save for Eve' }).click();
      await page.getByRole('button', { name: 'Saved', exact: true }).waitFor();
      await look(phone, 'preferences-simple-phone');
      await page.getByRole('button', { name: 'Advanced' }).tap();
      await page.getByLabel('Add to the order').selectOption('size');
      await page.getByLabel('Add to the order').selectOption('seeders');
      await page.getByRole('button', { name: 'Move Seeders up' }).tap();
      const order = page.getByRole('list', { name: 'Order of streams' }).getByRole('listitem');
      expect((await order.allInnerTexts()).map((text) => text.split('\n')[0])).toEqual([
        '1. Seeders',
        '2. Size',
      ]);
      await look(phone, 'preferences-advanced-phone');
      await page.getByRole('button', { name: 'Back to the usual' }).tap();
      await page.getByText('13 shown, 0 hidden').waitFor();

      const desktop = await browser.open(`${product.baseUrl}/#family`, 'desktop');
      const wide = desktop.page;
      await wide.getByLabel('User name or e-mail').fill('parent');
      await wide.getByLabel('Password', { exact: true }).fill('a sentence is good');
      await wide.getByRole('button', { name: 'Sign in' }).click();
      await wide.getByRole('button', { name: 'Streams Eve' }).click();
      // As it was kept.
      await wide.getByText('4 shown, 9 hidden').waitFor();
      await look(desktop, 'preferences-simple-desktop');
      expect([...phone.errors, ...desktop.errors].filter((line) => !/40[013]/.test(line))).toEqual([]);
    },
    { timeoutMs: 180_000 },
  );
}, 200_000);
