import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { withTable } from '../scripts/settings-table.ts';

const root = new URL('../', import.meta.url);
const readme = await readFile(new URL('README.md', root), 'utf8');

test('the settings table of the README is that of the program', () => {
  expect(withTable(readme)).toBe(readme);
});

test('every file the README links to is there', async () => {
  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(([, path = '']) => path);
  expect(links.length).toBeGreaterThan(3);
  const { access } = await import('node:fs/promises');
  for (const link of links) await access(new URL(link, root));
});

test('every npm script the README names exists', async () => {
  const { scripts } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const [, name = ''] of readme.matchAll(/npm run (?:-s )?([a-z:-]+)/g))
    expect(Object.keys(scripts)).toContain(name);
});
