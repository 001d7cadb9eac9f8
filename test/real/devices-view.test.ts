import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { command, rows } from '../../src/platform/db.ts';
import { createPasswordHashes } from '../../src/platform/password-hash.ts';
import { isWebUiStale } from '../../src/web/build.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { withChromium } from '../support/real/chromium.ts';
import { waitUntil } from '../support/wait-until.ts';

// A parent's phone and a child's computer are paired in both directions, in a real browser; what is told is read on both.

let database: TestDatabase;
let product: Tributary;
const shots = process.env.SCREENSHOTS;

beforeAll(async () => {
  database = await freshDatabase();
  product = await startTributary({
    env: { ...{ DATABASE_URL: database.url, RATE_LIMIT_API: '10000' }, METADATA_PROVIDERS: 'none' },
  });
  // A page of older sources is served until this one is built.
  await waitUntil(async () => !(await isWebUiStale()), { what: 'the page is built', timeoutMs: 180_000 });
}, 240_000);
afterAll(async () => {
  await product?.stop();
  await database?.close();
});

const isTooWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';

async function addKid(name: string, pin: string): Promise<void> {
  const passwords = createPasswordHashes(() => new Error('too busy'));
  await database.db.query(command('test.kid')`
    INSERT INTO profile (user_id, kind, name, pin_hash, mode)
    SELECT id, 'kid', ${name}, ${await passwords.make(pin)}, 'allow' FROM app_user WHERE username = 'parent'`);
}

async function addRequest(name: string, title: string): Promise<void> {
  await database.db.query(command('test.request')`
    WITH m AS (INSERT INTO media (kind, title, is_public) VALUES ('movie', ${title}, true) RETURNING id)
    INSERT INTO profile_request (profile_id, media_id) SELECT p.id, m.id FROM profile p, m WHERE p.name = ${name}`);
}

const answers = async () =>
  (
    await database.db.any(rows('test.answers', z.object({ text: z.string() }))`
      SELECT m.title || ' ' || r.state || ' ' || coalesce(a.policy, 'no rule') AS text FROM profile_request r JOIN media m ON m.id = r.media_id
      LEFT JOIN profile_policy a ON a.media_id = m.id AND a.profile_id = r.profile_id ORDER BY 1`)
  ).map(({ text }) => text);

test('from an account without devices to two that are paired, one of them given on and unpaired', async () => {
  await withChromium(async (browser) => {
    const { page, errors, screenshot } = await browser.open(`${product.baseUrl}/#devices`, 'phone');
    const look = async (name: string) => {
      expect(await page.evaluate(isTooWide), `${name} is too wide`).toBe(false);
      if (shots !== undefined) await screenshot({ isFullPage: true, path: `${shots}/${name}.png` });
    };
    await page.getByRole('heading', { name: 'Make the first account' }).waitFor();
    await page.getByLabel('User name').fill('parent');
    await page.getByLabel('Password', { exact: true }).fill('a sentence is good');
    await page.getByRole('button', { name: 'Make the account' }).click();
    await page.getByText('Make a profile first').waitFor();
    await addKid('Ada', '1234');
    await addKid('Bob', '4321');
    await page.reload();
    await page.getByText('A paired device sees what its profile may see').waitFor();
    await look('devices-empty');

    // The parent makes a code, the child enters it.
    await page.getByRole('button', { name: 'Make a code' }).click();
    const code = ((await page.getByRole('status', { name: 'Code' }).textContent()) ?? '').replace(/\D/g, '');
    expect(code).toMatch(/^\d{6}$/);
    await page
      .locator('svg title', { hasText: `QR code of ${product.baseUrl}/#pair/${code}` })
      .waitFor({ state: 'attached' });
    await look('devices-code');
    const child = await browser.open(`${product.baseUrl}/#pair/${code}`, 'desktop');
    const lookAtChild = async (name: string) => {
      expect(await child.page.evaluate(isTooWide), `${name} is too wide`).toBe(false);
      if (shots !== undefined) await child.screenshot({ isFullPage: true, path: `${shots}/${name}.png` });
    };
    await child.page.getByLabel('What this device is called').fill('Ada’s <b>tablet</b>');
    await child.page.getByRole('button', { name: 'Go on' }).click();
    await child.page.getByLabel('Who uses this device').selectOption({ label: 'Ada' });
    await page.getByText('has entered it').waitFor();
    await child.page.getByLabel('PIN', { exact: true }).fill('9999');
    await child.page.getByRole('button', { name: 'Pair this device' }).click();
    await child.page.getByText('That is not the PIN of this profile.').waitFor();
    await lookAtChild('pair-wrong-pin');
    await child.page.getByLabel('PIN', { exact: true }).fill('1234');
    await child.page.getByRole('button', { name: 'Pair this device' }).click();
    await child.page.getByText('It is Ada’s.').waitFor();
    await lookAtChild('pair-done');
    await page.getByText('is paired.').waitFor();
    const devices = page.getByRole('list', { name: 'Devices' });
    await devices.getByRole('heading', { name: 'Ada’s <b>tablet</b>' }).waitFor();

    // The other way round: the device shows a code, the parent's phone has scanned it.
    const tv = await browser.open(`${product.baseUrl}/#pair`, 'phone');
    await tv.page.getByRole('button', { name: 'Show a code' }).click();
    const shown = ((await tv.page.getByRole('status', { name: 'Code' }).textContent()) ?? '').replace(
      /\D/g,
      '',
    );
    expect(await tv.page.evaluate(isTooWide)).toBe(false);
    if (shots !== undefined) await tv.screenshot({ isFullPage: true, path: `${shots}/pair-own-code.png` });
    await page.goto(`${product.baseUrl}/#devices/${shown}`);
    await page.reload();
    await page.getByLabel('Whose device it is').selectOption({ label: 'Bob' });
    await page.getByRole('button', { name: 'Pair it' }).click();
    await page.getByText('The device is paired; it goes on by itself.').waitFor();
    await tv.page.getByText('It is Bob’s.').waitFor();
    await devices.getByText('Bob’s').waitFor();
    await page.reload();
    await devices.getByText('Online').first().waitFor();
    await look('devices-two');

    // A child has asked for two titles: one tap each.
    for (const title of ['A <b>film</b>', 'Another one']) await addRequest('Ada', title);
    await page.reload();
    const requests = page.getByRole('list', { name: 'Requests' });
    await requests.getByRole('heading', { name: 'A <b>film</b>' }).waitFor();
    await look('devices-requests');
    await page.getByRole('button', { name: 'Allow A <b>film</b>' }).click();
    await requests.getByRole('heading', { name: 'A <b>film</b>' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Not now Another one' }).click();
    await requests.waitFor({ state: 'detached' });
    expect(await answers()).toEqual(['A <b>film</b> allowed allow', 'Another one denied no rule']);

    // Given on, and unpaired.
    await page.getByRole('button', { name: 'Change Ada’s <b>tablet</b>' }).click();
    const form = page.getByRole('form', { name: 'Change Ada’s <b>tablet</b>' });
    await form.getByLabel('Name').fill('Tablet');
    await form.getByLabel('Whose device it is').selectOption({ label: 'Bob' });
    await look('devices-change');
    await form.getByRole('button', { name: 'Save' }).click();
    await devices.getByRole('heading', { name: 'Tablet' }).waitFor();
    await child.page.reload();
    await child.page.getByText('It is Bob’s.').waitFor();
    await page.getByRole('button', { name: 'Unpair Tablet' }).click();
    await page.getByRole('button', { name: 'Unpair it' }).click();
    await page.getByText('1 device', { exact: true }).waitFor();
    await child.page.reload();
    await child.page.getByRole('heading', { name: 'Pair this device' }).waitFor();
    expect([...errors, ...child.errors, ...tv.errors].filter((line) => !/40[134]/.test(line))).toEqual([]);
  });
}, 180_000);
