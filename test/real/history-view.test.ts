import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Household, Person } from '../support/household-room.ts';
import { withChromium } from '../support/real/chromium.ts';
import { look, openHouseOfAnn, signInAnn } from '../support/real/house-of-ann.ts';
import { waitUntil } from '../support/wait-until.ts';

// What the profiles of an account watched and keep, in a real browser; what was taken out there is asked of the API.

let house: Household;
let ann: Person;

beforeAll(async () => {
  ({ house, ann } = await openHouseOfAnn());
}, 300_000);
afterAll(() => house?.close());

const at = (path: string, profileId = ann.profileId) => `/api/profiles/${profileId}/${path}`;
const entriesLeft = async () => (await house.by(ann, 'GET', at('history?limit=100'))).body;

test('what was watched is removed one by one and all at once, per profile, page by page', async () => {
  const film = await house.title('Zebra <b>film</b>', { year: 2001 });
  const show = await house.title('Ibex series', {
    kind: 'series',
    seasons: [{ number: 1, episodes: [{ number: 2, title: 'Kudu comes', runtimeMinutes: 50 }] }],
  });
  const kid = await house.by(ann, 'POST', '/api/profiles', { name: 'Ada', kind: 'kid', pin: '1234' });
  expect(kid.status).toBe(201);

  await withChromium(async (browser) => {
    const phone = await browser.open(`${house.product.baseUrl}/#history`, 'phone');
    const { page } = phone;
    await signInAnn(phone);
    await page.getByText('ann has watched nothing yet.').waitFor();
    await look(phone, 'history-empty');

    for (let count = 0; count < 25; count += 1)
      await house.by(ann, 'POST', at('history/watched'), { mediaId: film });
    const progress = { mediaId: show, season: 1, episode: 2, progressMinutes: 20 };
    await house.by(ann, 'POST', at('history/progress'), progress);
    await page.reload();
    const list = page.getByRole('list', { name: 'Watched by ann' });
    await list.getByRole('heading', { name: 'Ibex series, S1E2 Kudu comes' }).waitFor();
    await list.getByText('just now · 40 %').waitFor();
    expect(await list.getByRole('listitem').count()).toBe(24);
    await look(phone, 'history-watched');
    await page.getByRole('button', { name: 'Show more' }).click();
    await waitUntil(async () => (await list.getByRole('listitem').count()) === 26, {
      what: 'the second page',
      timeoutMs: 5000,
    });
    await page.getByRole('button', { name: 'Show more' }).waitFor({ state: 'detached' });

    await list.getByRole('button', { name: 'Remove Ibex series' }).click();
    await list.getByRole('heading', { name: 'Ibex series' }).waitFor({ state: 'detached' });
    expect(JSON.stringify(await entriesLeft())).not.toContain('Ibex');

    // Another profile of the account has a history of its own.
    await page.getByLabel('Whose').selectOption({ label: 'Ada' });
    await page.getByText('Ada has watched nothing yet.').waitFor();
    await page.getByLabel('Whose').selectOption({ label: 'ann' });
    await page.getByRole('button', { name: 'Clear all' }).click();
    await look(phone, 'history-clear');
    await page.getByRole('button', { name: 'Leave it' }).click();
    expect(await entriesLeft()).toMatchObject({ entries: { length: 25 } });
    await page.getByRole('button', { name: 'Clear all' }).click();
    await page.getByRole('button', { name: 'Clear it' }).click();
    await page.getByText('ann has watched nothing yet.').waitFor();
    expect(await entriesLeft()).toMatchObject({ entries: { length: 0 } });
    expect(phone.errors.filter((line) => !/401/.test(line))).toEqual([]);
  });
}, 120_000);

test('titles are found by name, put into a list and taken out of it', async () => {
  await house.title('Quagga film', { year: 1999 });
  await withChromium(async (browser) => {
    const desktop = await browser.open(`${house.product.baseUrl}/#history`, 'desktop');
    const { page } = desktop;
    await signInAnn(desktop);
    for (const [button, path] of [
      ['Watchlist', 'watchlist'],
      ['Favourites', 'favorites'],
      ['Library', 'library'],
    ] as const) {
      await page.getByRole('button', { name: button, exact: true }).click();
      await page.getByText('Nothing is in this list of ann yet.').waitFor();
      if (path === 'watchlist') await look(desktop, 'lists-empty');
      await page.getByLabel('Films and series').fill('quagga');
      await page.getByRole('button', { name: 'Search', exact: true }).click();
      await page.getByRole('button', { name: 'Add Quagga film' }).click();
      const list = page.getByRole('list', { name: `${button} of ann` });
      await list.getByRole('heading', { name: 'Quagga film' }).waitFor();
      expect(JSON.stringify((await house.by(ann, 'GET', at(path))).body)).toContain('Quagga film');
      if (path === 'watchlist') continue;
      if (path === 'library') await look(desktop, 'lists-library');
      await list.getByRole('button', { name: 'Remove Quagga film' }).click();
      await page.getByText('Nothing is in this list of ann yet.').waitFor();
      expect((await house.by(ann, 'GET', at(path))).body).toMatchObject({ titles: [] });
    }
    await page.getByRole('button', { name: 'Watchlist', exact: true }).click();
    await page.getByRole('list', { name: 'Watchlist of ann' }).waitFor();
    expect(desktop.errors.filter((line) => !/401/.test(line))).toEqual([]);
  });
}, 120_000);

test('a list of more than a page goes on at a press, on a phone too', async () => {
  for (let count = 0; count < 30; count += 1) {
    const id = await house.title(`Film ${count}`);
    expect((await house.by(ann, 'PUT', at(`library/${id}`))).status).toBe(201);
  }
  await withChromium(async (browser) => {
    for (const size of ['desktop', 'phone'] as const) {
      const opened = await browser.open(`${house.product.baseUrl}/#history`, size);
      await signInAnn(opened);
      await opened.page.getByRole('button', { name: 'Library', exact: true }).click();
      const library = opened.page.getByRole('list', { name: 'Library of ann' });
      await library.getByRole('heading', { name: 'Film 29' }).waitFor();
      expect(await library.getByRole('listitem').count()).toBe(24);
      await look(opened, `lists-full-${size}`);
      await opened.page.getByRole('button', { name: 'Show more' }).click();
      await library.getByRole('heading', { name: 'Film 0', exact: true }).waitFor();
      expect(opened.errors.filter((line) => !/401/.test(line))).toEqual([]);
    }
  });
}, 120_000);
