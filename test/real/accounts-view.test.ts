import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isWebUiStale } from '../../src/web/build.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { withChromium } from '../support/real/chromium.ts';
import { waitUntil } from '../support/wait-until.ts';

// A household sets a new server up and signs in, in a real browser; one walk a width.

let database: TestDatabase;
let product: Tributary;
const shots = process.env.SCREENSHOTS;
const PASSWORD = 'a sentence is good';

beforeAll(async () => {
  database = await freshDatabase();
  product = await startTributary({
    env: { ...{ DATABASE_URL: database.url, RATE_LIMIT_API: '10000' }, METADATA_PROVIDERS: 'none' },
  });
  // A page of older sources is served until this one is built.
  await waitUntil(async () => !(await isWebUiStale()), { what: 'the page is built', timeoutMs: 120_000 });
});
afterAll(async () => {
  await product?.stop();
  await database?.close();
});

const isTooWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';

test('from a new server to two people who sign in, on a phone and on a desktop', async () => {
  await withChromium(async (browser) => {
    const { page, errors, screenshot } = await browser.open(`${product.baseUrl}/#settings`, 'phone');
    const look = async (name: string) => {
      expect(await page.evaluate(isTooWide), `${name} is too wide`).toBe(false);
      if (shots !== undefined) await screenshot({ isFullPage: true, path: `${shots}/${name}.png` });
    };
    await page.getByRole('heading', { name: 'Make the first account' }).waitFor();
    await look('setup');
    await page.getByLabel('User name').fill('parent');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Make the account' }).click();
    // Straight to what was asked for.
    await page.getByText('Name of the add-on in players').waitFor();

    await page.getByRole('link', { name: 'Account' }).click();
    await page.getByRole('heading', { name: 'parent', exact: true }).waitFor();
    await page.getByRole('list', { name: 'Sessions' }).getByText('This one').waitFor();
    await page.getByRole('button', { name: 'Add an account' }).click();
    await page.getByLabel('User name').fill('kid');
    await page.getByRole('button', { name: 'Add the account' }).click();
    await page.getByRole('button', { name: 'Link for a new password kid' }).click();
    const link = (await page.getByText('#reset/').textContent()) ?? '';
    await look('account');

    const other = await browser.open(link, 'desktop');
    await other.page.getByLabel('New password', { exact: true }).fill('kid has one too');
    await other.page.getByRole('button', { name: 'Choose this password' }).click();
    await other.page.getByRole('link', { name: 'Sign in' }).click();
    await other.page.getByLabel('User name or e-mail').fill('kid');
    await other.page.getByLabel('Password', { exact: true }).fill('kid has one, two');
    await other.page.getByRole('button', { name: 'Sign in' }).click();
    await other.page.getByText('There is no account with this name and password.').waitFor();
    if (shots !== undefined) await other.screenshot({ path: `${shots}/wrong.png` });
    await other.page.getByLabel('Password', { exact: true }).fill('kid has one too');
    await other.page.getByRole('button', { name: 'Sign in' }).click();
    await other.page.getByRole('heading', { name: 'kid', exact: true }).waitFor();
    expect(await other.page.getByText('Accounts of this server').count()).toBe(0);
    // What is for administrators stays closed, and says why.
    await other.page.getByRole('link', { name: 'Settings' }).click();
    await other.page.getByText('you are signed in as kid').waitFor();
    if (shots !== undefined) await other.screenshot({ path: `${shots}/not-admin.png` });

    // What was done is told, and a change of settings taken back from there.
    await page.getByRole('link', { name: 'Log of changes' }).click();
    const entries = page.getByRole('list', { name: 'Entries' });
    await entries.getByText('Account sign in failed').waitFor();
    const set =
      await page.evaluate(`fetch('/api/settings', { method: 'PATCH', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ addonName: 'Ours', hevc: 'hide' }) }).then((answer) => answer.status)`);
    expect(set).toBe(200);
    await page.getByRole('button', { name: 'Settings', exact: true }).click();
    await entries.getByText('Settings changed').waitFor();
    await look('audit-phone');
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.getByRole('button', { name: 'Everything' }).click();
    await entries.getByText('Account added').first().waitFor();
    await look('audit-desktop');
    await page.getByRole('button', { name: 'Take it back Settings changed' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take it back' }).click();
    await entries.getByText('to take a change back').waitFor();
    await page.getByLabel('Who').selectOption({ label: 'kid' });
    await entries.getByText('Account signed in').first().waitFor();
    // Those of before stay until the answer is there.
    await entries.getByText('Settings changed').first().waitFor({ state: 'detached' });
    await page.getByLabel('To', { exact: true }).fill('2020-01-01');
    await page.getByText('Nothing like that').waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${product.baseUrl}/#account`);
    await page.getByRole('heading', { name: 'parent', exact: true }).waitFor();

    // The access cookie ends after a quarter of an hour: the page goes on by itself.
    await page.context().clearCookies({ name: 'tributary_session' });
    await page.getByLabel('What it is for').fill('backups');
    await page.getByRole('button', { name: 'Make a token' }).click();
    await page.getByText('Copy it now').waitFor();
    await look('token');
    await page.reload();
    // Another address, and everything that is kept, as a file.
    const address = page.getByRole('form', { name: 'Change the e-mail address' });
    await address.getByLabel('E-mail').fill('ours@example.org');
    await address.getByLabel('Your password').fill('wrong');
    await address.getByRole('button', { name: 'Change the address' }).click();
    await address.getByText('That is not the password of this account.').waitFor();
    await address.getByLabel('Your password').fill(PASSWORD);
    await address.getByRole('button', { name: 'Change the address' }).click();
    await address.getByText('The address is changed.').waitFor();
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download my data' }).click();
    const data = JSON.parse(await readFile(await (await downloading).path(), 'utf8'));
    expect(data).toMatchObject({
      account: { email: 'ours@example.org' },
      tokens: [{}],
      history: [],
      lists: [],
    });
    // The only administrator stays; what would go is said.
    await page.getByRole('button', { name: 'Delete my account' }).click();
    const leaving = page.getByRole('form', { name: 'Delete my account' });
    await leaving.getByText('your profiles with their rules, history and lists').waitFor();
    await look('delete-account');
    await leaving.getByLabel('Your password').fill(PASSWORD);
    await leaving.getByRole('button', { name: 'Delete it for good' }).click();
    await leaving.getByText('This is the last administrator.').waitFor();
    await leaving.getByRole('button', { name: 'Leave it' }).click();
    // Anybody else goes for good.
    await other.page.goto(`${product.baseUrl}/#account`);
    await other.page.getByRole('button', { name: 'Delete my account' }).click();
    const going = other.page.getByRole('form', { name: 'Delete my account' });
    await going.getByLabel('Your password').fill('kid has one too');
    if (shots !== undefined)
      await other.screenshot({ isFullPage: true, path: `${shots}/delete-account-wide.png` });
    await going.getByRole('button', { name: 'Delete it for good' }).click();
    await other.page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'parent', exact: true }).waitFor();
    await page.getByText('Accounts of this server').waitFor();
    expect(await page.getByRole('heading', { name: 'kid', exact: true }).count()).toBe(0);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor();
    await look('sign-in');
    expect(errors.filter((line) => !/40[139]/.test(line))).toEqual([]);
  });
}, 120_000);
