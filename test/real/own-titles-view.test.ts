import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Household, Person } from '../support/household-room.ts';
import { withChromium } from '../support/real/chromium.ts';
import { look, openHouseOfAnn, signInAnn } from '../support/real/house-of-ann.ts';

// A user adds a title of their own in a real browser, pastes links to it, and takes both away again.

let house: Household;
let ann: Person;

beforeAll(async () => {
  ({ house, ann } = await openHouseOfAnn());
}, 300_000);
afterAll(() => house?.close());

const titles = async () => JSON.stringify((await house.by(ann, 'GET', '/api/own-titles')).body);

test('from nothing to a series with a link, which is refused first, and back', async () => {
  await withChromium(async (browser) => {
    const phone = await browser.open(`${house.product.baseUrl}/#own`, 'phone');
    const { page } = phone;
    await signInAnn(phone);
    await page.getByText('You have none yet.').waitFor();
    await look(phone, 'own-empty');

    await page.getByRole('button', { name: 'Add a title' }).tap();
    const form = page.getByRole('form', { name: 'A title of your own' });
    await form.getByLabel('What it is called').fill('Our <b>holidays</b>');
    await form.getByLabel('What it is', { exact: true }).selectOption('series');
    await form.getByLabel('Episodes of season 1').fill('3');
    await form.getByLabel('Year, if you like').fill('2019');
    await look(phone, 'own-form');
    await form.getByRole('button', { name: 'Add it' }).tap();
    const list = page.getByRole('list', { name: 'Titles of your own' });
    await list.getByRole('heading', { name: 'Our <b>holidays</b>' }).waitFor();
    await list.getByText('Only yours').waitFor();

    await page.getByRole('button', { name: 'Links of Our <b>holidays</b>' }).tap();
    await page.getByText('Nothing to watch it by yet.').waitFor();
    const links = page.getByRole('form', { name: 'A link for Our <b>holidays</b>' });
    await links.getByLabel('Link', { exact: true }).fill('file:///etc/passwd');
    await links.getByLabel('Episode', { exact: true }).fill('2');
    await links.getByRole('button', { name: 'Link it' }).tap();
    await links.getByText('This is no link to a stream.').waitFor();
    await look(phone, 'own-refused');
    await links.getByLabel('Link', { exact: true }).fill('https://youtu.be/abcdefghijk');
    await links.getByRole('button', { name: 'Link it' }).tap();
    await page.getByText('youtube · S1E2').waitFor();
    await look(phone, 'own-linked');

    const desktop = await browser.open(`${house.product.baseUrl}/#own`, 'desktop');
    await desktop.page.getByLabel('User name or e-mail').fill('ann');
    await desktop.page.getByLabel('Password', { exact: true }).fill('ann has a password');
    await desktop.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await desktop.page.getByRole('button', { name: 'Links of Our <b>holidays</b>' }).click();
    await desktop.page.getByText('youtube · S1E2').waitFor();
    await look(desktop, 'own-wide');
    await desktop.page.getByRole('button', { name: /^Take off/ }).click();
    await desktop.page.getByText('Nothing to watch it by yet.').waitFor();
    await desktop.page.getByRole('button', { name: 'Delete Our <b>holidays</b>' }).click();
    await desktop.page.getByRole('button', { name: 'Delete it' }).click();
    await desktop.page.getByText('You have none yet.').waitFor();
    expect(await titles()).toBe('{"titles":[],"nextCursor":null}');
    expect([...phone.errors, ...desktop.errors].filter((line) => !/40[01]/.test(line))).toEqual([]);
  });
}, 120_000);
