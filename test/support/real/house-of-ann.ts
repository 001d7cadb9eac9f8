import { expect } from 'vitest';
import { isWebUiStale } from '../../../src/web/build.ts';
import { type Household, openHousehold, type Person } from '../household-room.ts';
import { waitUntil } from '../wait-until.ts';
import type { TestPage } from './chromium.ts';

const SHOTS = process.env.KEEP_SCREENSHOTS;
const IS_TOO_WIDE = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';

/** The product with an administrator, its page built, and a member called ann. */
export async function openHouseOfAnn(): Promise<{ house: Household; ann: Person }> {
  const house = await openHousehold();
  // Without an administrator the page would ask for the first account.
  await house.person('boss', 'admin');
  const ann = await house.person('ann');
  // A page of older sources is served until this one is built.
  await waitUntil(async () => !(await isWebUiStale()), { what: 'the page is built', timeoutMs: 180_000 });
  return { house, ann };
}

/** Past the gate, by name and password. */
export async function signInAnn({ page }: TestPage): Promise<void> {
  await page.getByLabel('User name or e-mail').fill('ann');
  await page.getByLabel('Password', { exact: true }).fill('ann has a password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** Nothing is wider than the window; a screenshot where they are kept. */
export async function look({ page, screenshot }: TestPage, name: string): Promise<void> {
  expect(await page.evaluate(IS_TOO_WIDE), `${name} is too wide`).toBe(false);
  if (SHOTS !== undefined) await screenshot({ isFullPage: true, path: `${SHOTS}/${name}.png` });
}
