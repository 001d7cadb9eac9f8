import { afterAll, beforeAll, expect, test } from 'vitest';
import { isWebUiStale } from '../../src/web/build.ts';
import { type FamilyRoom, openFamilyRoom } from '../support/family-room.ts';
import { type TestBrowser, withChromium } from '../support/real/chromium.ts';
import { waitUntil } from '../support/wait-until.ts';

// A parent makes a kid, allows titles, blocks an episode and makes an install, in a real browser; what came of it is asked of the add-on.

const [ZEBRA, IBEX] = ['tt9100001', 'tt9100004'];
let room: FamilyRoom;
const shots = process.env.SCREENSHOTS;

beforeAll(async () => {
  room = await openFamilyRoom();
  const film = (imdb: string, title: string) =>
    room.addTitle({ kind: 'movie', title, ids: { imdb }, genres: ['Comedy'], year: 2001 });
  await film(ZEBRA, 'Zebra film');
  await film('tt9100002', 'Quagga film');
  await room.addTitle(
    {
      ...{ kind: 'series', title: 'Ibex series', ids: { imdb: IBEX }, genres: ['Comedy'] },
      seasons: [
        {
          number: 1,
          episodes: [
            { number: 1, title: 'Ibex one' },
            { number: 2, title: 'Kudu comes' },
          ],
        },
      ],
    },
    ['1:1', '1:2'],
  );
  // A page of older sources is served until this one is built.
  await waitUntil(async () => !(await isWebUiStale()), { what: 'the page is built', timeoutMs: 180_000 });
}, 300_000);
afterAll(() => room?.close());

const isTooWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
type Opened = Awaited<ReturnType<TestBrowser['open']>>;

async function look({ page, screenshot }: Opened, name: string) {
  expect(await page.evaluate(isTooWide), `${name} is too wide`).toBe(false);
  if (shots !== undefined) await screenshot({ isFullPage: true, path: `${shots}/${name}.png` });
}

test('from an account without profiles to a kid whose install shows exactly what was allowed', async () => {
  await withChromium(
    async (browser) => {
      const phone = await browser.open(`${room.product.baseUrl}/#family`, 'phone');
      const { page } = phone;
      await page.getByRole('heading', { name: 'Make the first account' }).waitFor();
      await page.getByLabel('User name').fill('parent');
      await page.getByLabel('Password', { exact: true }).fill('a sentence is good');
      await page.getByRole('button', { name: 'Make the account' }).click();
      await page.getByText('Nobody yet.').waitFor();
      await page.getByText('Stremio keeps its own official add-ons beside it').waitFor();
      await look(phone, 'family-empty');

      // A kid; a PIN that is none is refused in words.
      await page.getByRole('button', { name: 'Add a kid' }).tap();
      const form = page.getByRole('form', { name: 'A new kid' });
      await form.getByLabel('Name').fill('Ada <b>');
      await form.getByLabel('Age, if you like').fill('7');
      await form.getByLabel('PIN, 4 to 8 digits').fill('12');
      await form.getByRole('button', { name: 'Add them' }).tap();
      await form.getByText('needs 4 to 8 digits').waitFor();
      await look(phone, 'family-new-kid');
      await form.getByLabel('PIN, 4 to 8 digits').fill('1234');
      await form.getByRole('button', { name: 'Add them' }).tap();
      const profiles = page.getByRole('list', { name: 'Profiles' });
      await profiles.getByText('7 years · only what you allow · 0 titles allowed').waitFor();
      expect(await room.catalog('', 'movie/search/search=Zebra')).toEqual([]);

      // Titles: found by a grown-up's install that is made for it, allowed by one tap.
      await page.getByRole('button', { name: 'Titles Ada <b>' }).tap();
      await page.getByText('Nothing is chosen for Ada <b> yet.').waitFor();
      await page.getByLabel('Films and series').fill('film');
      await page.getByRole('button', { name: 'Search', exact: true }).tap();
      const found = page.getByRole('list', { name: 'Found' });
      await found.getByRole('heading', { name: 'Quagga film' }).waitFor();
      await found.getByRole('button', { name: 'Allow Zebra film' }).tap();
      const chosen = page.getByRole('list', { name: 'Chosen for Ada <b>' });
      await chosen.getByRole('heading', { name: 'Zebra film' }).waitFor();
      await found.getByRole('button', { name: 'Deny Quagga film' }).tap();
      await chosen.getByRole('button', { name: 'Allow Quagga film' }).waitFor();
      await look(phone, 'family-titles');
      await chosen.getByRole('button', { name: 'Remove Quagga film' }).tap();
      await chosen.getByRole('heading', { name: 'Quagga film' }).waitFor({ state: 'detached' });

      // A series, without its second episode.
      await page.getByLabel('Films and series').fill('ibex');
      await page.getByRole('button', { name: 'Search', exact: true }).tap();
      await found.getByRole('button', { name: 'Allow Ibex series' }).tap();
      await chosen.getByRole('button', { name: 'Episodes Ibex series' }).tap();
      const dialog = page.getByRole('dialog', { name: 'Episodes of Ibex series' });
      await dialog.getByLabel('S1E2 Kudu comes').click();
      await waitUntil(async () => !(await dialog.getByLabel('S1E2 Kudu comes').isChecked()), {
        what: 'the episode is off',
        timeoutMs: 10_000,
      });
      await look(phone, 'family-episodes');
      await dialog.getByRole('button', { name: 'Close' }).tap();
      await chosen.getByText('1 episode blocked').waitFor();
      await profiles.getByText('2 titles allowed').waitFor();

      // An install; the add-on there has exactly that.
      await page.getByRole('button', { name: 'Installs Ada <b>' }).tap();
      await page.getByLabel('Where it is installed').fill('Living room');
      await page.getByRole('button', { name: 'Make an install' }).tap();
      const installs = page.getByRole('list', { name: 'Installs of Ada <b>' });
      const manifestUrl = await installs.getByLabel('Manifest URL of Living room').inputValue();
      await installs.getByText('not seen yet').waitFor();
      const href = await installs.getByRole('link', { name: 'Open in Stremio' }).getAttribute('href');
      expect(href).toBe(manifestUrl.replace('http:', 'stremio:'));
      await page.getByRole('button', { name: 'QR code Living room' }).tap();
      await page
        .locator('svg title', { hasText: `QR code of ${manifestUrl}` })
        .waitFor({ state: 'attached' });
      await look(phone, 'family-installs');
      const base = manifestUrl.replace('/manifest.json', '');
      expect(await room.catalog(base, 'movie/popular')).toEqual(['Zebra film']);
      expect(await room.catalog(base, 'movie/search/search=film')).toEqual(['Zebra film']);
      expect(await room.catalog(base, 'series/popular')).toEqual(['Ibex series']);
      const videos = (await room.meta(base, `series/${IBEX}`))?.videos ?? [];
      expect(videos.map(({ title }) => title)).toEqual(['Ibex one']);
      expect((await room.streams(base, `series/${IBEX}:1:2`)).filter(({ url }) => url)).toEqual([]);
      expect((await room.streams(base, `movie/${ZEBRA}`))[0]?.url).toContain('http');

      // Times: none at all, then nothing plays.
      await page.getByRole('button', { name: 'Times Ada <b>' }).tap();
      const times = page.getByRole('form', { name: 'Times of Ada <b>' });
      await times.getByLabel('Monday to Friday', { exact: true }).selectOption('never');
      await times.getByLabel('Weekend', { exact: true }).selectOption('never');
      await times.getByLabel('Minutes a day').fill('90');
      await look(phone, 'family-times');
      await times.getByRole('button', { name: 'Save' }).tap();
      await profiles.getByText('0 of 90 min used today').waitFor();
      expect((await room.streams(base, `movie/${ZEBRA}`))[0]?.url).toBeUndefined();

      // The same on a desktop: what was kept, by age, and the install's end.
      const desktop = await browser.open(`${room.product.baseUrl}/#family`, 'desktop');
      const wide = desktop.page;
      await wide.getByLabel('User name or e-mail').fill('parent');
      await wide.getByLabel('Password', { exact: true }).fill('a sentence is good');
      await wide.getByRole('button', { name: 'Sign in' }).click();
      await wide.getByRole('button', { name: 'Times Ada <b>' }).click();
      await wide.getByLabel('Monday to Friday', { exact: true }).selectOption('between');
      await wide.getByLabel('Monday to Friday, from').fill('15:30');
      await look(desktop, 'family-times-wide');
      await wide.getByLabel('Monday to Friday', { exact: true }).selectOption('any');
      await wide.getByLabel('Weekend', { exact: true }).selectOption('any');
      await wide.getByRole('button', { name: 'Save' }).click();
      await wide.getByText('at certain times').waitFor({ state: 'detached' });
      expect((await room.streams(base, `movie/${ZEBRA}`))[0]?.url).toContain('http');
      await wide.getByRole('button', { name: 'Titles Ada <b>' }).click();
      await wide.getByRole('heading', { name: 'Ibex series' }).waitFor();
      await look(desktop, 'family-titles-wide');
      for (const width of [780, 950, 1100]) {
        await wide.setViewportSize({ width, height: 900 });
        await look(desktop, `family-titles-${width}`);
      }
      await wide.setViewportSize({ width: 1280, height: 800 });
      await wide.getByRole('button', { name: 'Change Ada <b>' }).click();
      await wide.getByLabel('What they may see').selectOption('age');
      await wide.getByLabel('Rated for up to which age').fill('12');
      await wide.getByLabel('Also what nobody has rated').check();
      await look(desktop, 'family-change-wide');
      await wide.getByRole('button', { name: 'Save' }).click();
      await wide.getByText('up to 12, and exceptions').waitFor();
      expect(await room.catalog(base, 'movie/search/search=quagga')).toEqual(['Quagga film']);
      await wide.getByRole('button', { name: 'Installs Ada <b>' }).click();
      await wide.getByText('In use', { exact: true }).waitFor();
      await look(desktop, 'family-installs-wide');
      await wide.getByRole('button', { name: 'Revoke Living room' }).click();
      await wide.getByRole('button', { name: 'Revoke it' }).click();
      await wide.getByText('No player has Ada <b>’s add-on yet').waitFor();
      expect((await room.ask('GET', manifestUrl)).status).toBe(404);
      expect([...phone.errors, ...desktop.errors].filter((line) => !/40[0134]/.test(line))).toEqual([]);
    },
    { timeoutMs: 180_000 },
  );
}, 200_000);
