import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { titleForName, upsertTitle } from '../../src/features/media/index.ts';
import { type Doubt, putDoubts } from '../../src/features/metadata/queries/doubts.ts';
import { command, rows } from '../../src/platform/db.ts';
import { isWebUiStale } from '../../src/web/build.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { putOnNas } from '../support/put-on-nas.ts';
import { type TestBrowser, unlock, withChromium } from '../support/real/chromium.ts';
import { waitUntil } from '../support/wait-until.ts';

// What an owner sees of titles nobody is sure of, and says of them: the real page, a real browser.

let database: TestDatabase;
let product: Tributary;

beforeAll(async () => {
  database = await freshDatabase();
  const env = { METADATA_PROVIDERS: 'none', STARTER_CATALOG: 'off', RATE_LIMIT_API: '10000' };
  product = await startTributary({ env: { DATABASE_URL: database.url, ...env } });
  // A page of older sources is served until this one is built.
  await waitUntil(async () => !(await isWebUiStale()), { what: 'the page is built', timeoutMs: 120_000 });
});
afterAll(async () => {
  await product?.stop();
  await database?.close();
});

/** A picture that needs nobody else: the page shows posters of any https host. */
const poster = (color: string) =>
  `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 3"><path fill="${color}" d="M0 0h2v3H0z"/><circle cx="1" cy="1.2" r=".5" fill="#fff"/></svg>`)}`;
const doubt = (mediaId: number, more: Partial<Doubt>): Doubt & { mediaId: number } => ({
  mediaId,
  ...{ provider: 'tmdb', kind: 'match', ids: { tmdb: '11' }, title: 'River of No Return', year: 1954 },
  ...{ posterUrl: poster('#0c8794'), confidence: 0.62, reason: 'Found by its name, which is 62 % alike.' },
  ...more,
});

/** One found by its name, one whose ids contradict, and more that nobody knows than a page holds. */
async function fill(): Promise<void> {
  const { db } = database;
  await db.query(command('test.empty')`TRUNCATE media, stream, source RESTART IDENTITY CASCADE`);
  for (let n = 22; n > 0; n -= 1)
    await titleForName(db, { kind: 'movie', title: `An Unknown Release Name ${n}`, year: 2000 });
  const lake = {
    kind: 'movie' as const,
    title: 'The Lake',
    ids: { tmdb: '22', imdb: 'tt0000033' },
    overview: 'x',
  };
  await upsertTitle(db, {
    ...lake,
    title: 'Lake',
    year: 1990,
    ids: { imdb: 'tt0000044' },
  });
  await upsertTitle(db, { kind: 'series', title: 'Sea', overview: 'x', ids: { imdb: 'tt0000055' } });
  const { mediaId } = await upsertTitle(db, lake);
  await putDoubts(db, [
    doubt(mediaId, {
      ...{ kind: 'ids', ids: { tmdb: '22', imdb: 'tt0000044' }, title: 'Lake', year: 1990, confidence: null },
      reason: 'It has imdb tt0000033 here, tmdb says tt0000044.',
    }),
  ]);
  const river = await titleForName(db, { kind: 'movie', title: 'The River', year: 1951 });
  await db.query(command('test.flag')`
    UPDATE media SET enrichment_status = 'flagged', match_confidence = 0.62 WHERE id = ${river.mediaId}`);
  await putOnNas(db, river.mediaId, 'The.River.1951.1080p.mkv');
  await putDoubts(db, [
    doubt(river.mediaId, {}),
    doubt(river.mediaId, {
      ...{
        provider: 'cinemeta',
        ids: { imdb: 'tt0043972' },
        title: 'Le Fleuve: une histoire très longue de la rivière',
        year: 1951,
      },
      ...{ posterUrl: null, confidence: 0.79, reason: 'Found by its name, which is 79 % alike.' },
    }),
  ]);
}

const Waiting = z.object({ titles: z.array(z.object({ title: z.string(), id: z.string() })) });
const waiting = async (reason = '') =>
  Waiting.parse(await (await product.asAdmin(`/api/review?limit=100${reason}`)).json()).titles;

async function unlocked(browser: TestBrowser, device: 'desktop' | 'phone') {
  const opened = await browser.open(`${product.baseUrl}/#review`, device);
  await unlock(opened.page, product.adminToken);
  const cards = opened.page.getByRole('list', { name: 'Titles that wait' }).locator('> li');
  await cards.first().waitFor();
  return { ...opened, cards };
}

const isTooWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';

test.each(['desktop', 'phone'] as const)(
  'what waits, and what was found beside it, on a %s',
  async (device) => {
    await fill();
    await withChromium(async (browser) => {
      const { page, errors, screenshot, cards } = await unlocked(browser, device);
      expect(await cards.count()).toBe(20);
      const river = cards.filter({ hasText: 'The River (1951)' });
      await river.getByText('The.River.1951.1080p.mkv on NAS').waitFor();
      await river.getByRole('region', { name: /^TMDB says: River of No Return/ }).waitFor();
      expect(await river.getByText('79 % alike', { exact: true }).count()).toBe(1);
      expect(await river.getByRole('img', { name: '62 % alike' }).count()).toBeGreaterThan(0);
      expect(await river.getByRole('link', { name: 'TMDB 11' }).getAttribute('href')).toBe(
        'https://www.themoviedb.org/movie/11',
      );
      const lake = cards.filter({ hasText: 'The Lake' });
      expect(await lake.getByText('Lake (1990) has it').count()).toBe(1);
      expect(await lake.getByRole('button', { name: /^It is Lake \(1990\)/ }).isDisabled()).toBe(true);
      expect(await page.evaluate(isTooWide)).toBe(false);
      const folder = process.env.KEEP_SCREENSHOTS;
      if (folder) {
        await screenshot({ path: `${folder}/review-${device}.png` });
        await river.getByRole('button', { name: 'It is another title…' }).click();
        await page.getByRole('button', { name: 'Switch to the dark scheme' }).click();
        await screenshot({ path: `${folder}/review-${device}-dark.png` });
      }
      // Page by page, and by reason.
      await page.getByRole('button', { name: 'Older' }).click();
      await expect.poll(() => cards.count()).toBe(4);
      await page.getByRole('button', { name: 'Found by name 1' }).click();
      await expect.poll(() => cards.count()).toBe(1);
      await page.getByRole('button', { name: 'Ids contradict 1' }).click();
      await cards.filter({ hasText: 'The Lake' }).waitFor();
      await page.getByRole('button', { name: 'Nothing found 22' }).click();
      await expect.poll(() => cards.count()).toBe(20);
      expect(await page.evaluate(isTooWide)).toBe(false);
      expect(errors).toEqual([]);
    });
  },
);

test('by the keyboard alone: take what was found, correct by an id, keep, hide', async () => {
  await fill();
  await withChromium(async (browser) => {
    const { page, errors, cards } = await unlocked(browser, 'desktop');
    const press = async (card: string, button: string | RegExp, key = 'Enter') => {
      await cards.filter({ hasText: card }).getByRole('button', { name: button }).focus();
      await page.keyboard.press(key);
    };
    await press('The River', /as TMDB says$/, 'Space');
    await page.getByText('The River (1951) is River of No Return (1954).').waitFor();
    // The next card has the keyboard.
    expect(await page.evaluate('document.activeElement.textContent')).toContain('The Lake');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.closest("li").textContent')).toContain('The Lake');
    await press('The Lake', 'Keep this');
    await page.getByText('The Lake stays as it is.').waitFor();
    expect(await waiting('&reason=ids')).toEqual([]);

    await press('Release Name 1 (', 'It is another title…');
    await page.keyboard.type('what is this');
    await page.keyboard.press('Enter');
    await page.getByText('Give an id such as tt0133093').waitFor();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('tt0000055');
    await page.keyboard.press('Enter');
    await page.getByText('Another title has imdb tt0000055 already').waitFor();
    await page.getByLabel('Its id, or the address of its page').fill('https://www.imdb.com/title/tt0133093/');
    await page.keyboard.press('Enter');
    await page.getByText('An Unknown Release Name 1 (2000) is corrected.').waitFor();
    const corrected: unknown = await (await product.asAdmin('/api/media/tt0133093')).json();
    expect(corrected).toMatchObject({ title: 'An Unknown Release Name 1' });

    await press('Release Name 2 (', 'Hide it…');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('An Unknown Release Name 2 (2000) is hidden.').waitFor();
    await expect.poll(async () => (await waiting()).length).toBe(20);
    // 409 is told in words; the browser notes it all the same.
    expect(errors.filter((line) => !line.includes('409'))).toEqual([]);
  });
});

test('a hidden title that is here already becomes that one at one click', async () => {
  await fill();
  const river = { kind: 'movie' as const, title: 'River of No Return', year: 1954, ids: { tmdb: '11' } };
  await upsertTitle(database.db, river);
  await withChromium(async (browser) => {
    const { page, errors, cards } = await unlocked(browser, 'desktop');
    const card = cards.filter({ hasText: 'The River (1951)' });
    await card.getByText('River of No Return (1954) is here already: 1 stream of this one').waitFor();
    await card.getByRole('button', { name: /as TMDB says$/ }).click();
    await page.getByText('The River (1951) is River of No Return (1954), which was here already').waitFor();
    expect(await waiting('&reason=match')).toEqual([]);
    expect(errors).toEqual([]);
  });
});

test('when nothing waits it says what would, and when a decision comes too late it says so', async () => {
  await fill();
  await withChromium(async (browser) => {
    const { page, cards, screenshot } = await unlocked(browser, 'phone');
    const [last] = await waiting('&reason=match');
    await product.asAdmin(`/api/review/${last?.id}/approve`, { method: 'POST' });
    await cards.filter({ hasText: 'The River' }).getByRole('button', { name: 'It is this' }).first().click();
    await page.getByText('This title does not wait for a decision.').waitFor();
    await database.db.query(command('test.empty')`TRUNCATE media RESTART IDENTITY CASCADE`);
    await page.getByRole('button', { name: 'Found by name' }).click();
    await page.getByText('Nothing waits for you').waitFor();
    const folder = process.env.KEEP_SCREENSHOTS;
    if (folder) await screenshot({ path: `${folder}/review-none.png` });
  });
});

const setEnrichment = (value: string) =>
  product.asAdmin('/api/settings', {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ enrichment: value }),
  });

/** Of 41 titles that wait two failed; of three sources one rests, and one has no key. */
async function fillProgress(): Promise<void> {
  const { db } = database;
  await db.query(command('test.empty')`TRUNCATE media RESTART IDENTITY CASCADE`);
  for (let n = 1; n <= 41; n += 1)
    await upsertTitle(db, { kind: 'movie', title: `Film ${n}`, ids: { imdb: `tt${1_000_000 + n}` } });
  await db.query(command('test.tried')`
    INSERT INTO title_enrichment (media_id, tried_at, next_at, failure)
    SELECT id, now(), now() + interval '1 hour', CASE WHEN id <= 2 THEN 'tmdb answered 503.' END FROM media WHERE id <= 30`);
  await db.query(command('test.sources')`
    UPDATE metadata_provider SET asked = 5210, failures = 12, asked_today = 980, asked_on = (now() AT TIME ZONE 'UTC')::date,
      last_asked_at = now() - interval '70 seconds',
      last_error = CASE name WHEN 'omdb' THEN 'omdb wants no more requests for 3600 s.' END,
      rest_until = CASE name WHEN 'omdb' THEN now() + interval '1 hour' END
    WHERE name IN ('tmdb', 'omdb')`);
}

test.each(['desktop', 'phone'] as const)(
  'how far the titles are and how sources do, on a %s',
  async (device) => {
    await fillProgress();
    // Paused before another one starts that has keys: nobody is asked.
    expect((await setEnrichment('paused')).status).toBe(200);
    const keys = { TMDB_API_KEY: 'of-nobody', OMDB_API_KEY: 'of-nobody' };
    await using other = await startTributary({
      env: {
        ...{ DATABASE_URL: database.url, RATE_LIMIT_API: '10000' },
        METADATA_PROVIDERS: 'tmdb,omdb,trakt',
        ...keys,
      },
    });
    await withChromium(async (browser) => {
      const { page, errors, screenshot } = await browser.open(`${other.baseUrl}/#review`, device);
      await unlock(page, other.adminToken);
      const card = page.getByRole('region', { name: 'Texts and posters' });
      const figure = (term: string) => card.locator('dl > div').filter({ hasText: term }).locator('dd');
      await expect.poll(() => figure('Waiting').textContent()).toBe('41');
      expect(await figure('Rate').textContent()).toBe('paused');
      expect(await figure('Failed').textContent()).toBe('2');
      await card.getByText('2 sources are asked, 1 fails').click();
      const source = (name: string) => card.getByRole('listitem').filter({ hasText: name });
      await source('OMDb')
        .getByText(/^Resting until/)
        .waitFor();
      await source('OMDb').getByText('980 of 1,000 today').waitFor();
      await source('OMDb').getByText('omdb wants no more requests for 3600 s.').waitFor();
      expect(await source('TMDB').getByText('On', { exact: true }).count()).toBe(1);
      expect(await card.getByText(/^Not asked, as they have no key .*Trakt/).count()).toBe(1);
      expect(await page.evaluate(isTooWide)).toBe(false);
      const folder = process.env.KEEP_SCREENSHOTS;
      if (folder) await screenshot({ path: `${folder}/enrichment-${device}.png`, isFullPage: true });
      expect(errors).toEqual([]);
    });
  },
);

test('it goes on, is paused, and what failed is tried again, at the press of a button', async () => {
  await fillProgress();
  await setEnrichment('paused');
  await withChromium(async (browser) => {
    const { page, errors } = await browser.open(`${product.baseUrl}/#review`, 'desktop');
    await unlock(page, product.adminToken);
    const card = page.getByRole('region', { name: 'Texts and posters' });
    await card.getByRole('button', { name: 'Try 2 failed ones again' }).click();
    const failedDue = () =>
      database.db.one(
        rows('test.due', z.object({ due: z.int() }))`
        SELECT count(*) AS due FROM title_enrichment WHERE failure IS NOT NULL AND next_at <= now()`,
      );
    await expect.poll(failedDue).toEqual({ due: 2 });
    await card.getByRole('button', { name: 'Go on' }).click();
    await card.getByText('2 a minute').waitFor();
    await card.getByRole('button', { name: 'Pause' }).click();
    await card.getByText('paused').waitFor();
    expect(await (await product.asAdmin('/api/metadata')).json()).toMatchObject({ isOn: false });
    expect(errors).toEqual([]);
  });
  await setEnrichment('on');
});
