import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

// docs/scenarios.md says which test follows which step: each is there, by that name.

const at = (path: string) => new URL(path, import.meta.url);
const document = await readFile(at('../docs/scenarios.md'), 'utf8');
const lines = document.split('\n').filter((line) => line.startsWith('| ') && line.includes('`'));

test('every step of the scenarios of accounts has a test', () => {
  const steps = new Set(lines.map((line) => line.split(' | ')[0]?.slice(2)));
  const numbered = (letter: string, numbers: readonly number[]) =>
    numbers.map((number) => `${letter}${number}`);
  const wanted = [
    ...numbered('F', [1, 6, 8]),
    ...numbered('M', [1, 2, 6]),
    ...numbered('A', [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ...numbered('X', [1, 5, 11]),
  ];
  expect(wanted.filter((step) => !steps.has(step))).toEqual([]);
});

test('every test that is named there is in its file, under its name', async () => {
  expect(lines.length).toBeGreaterThan(35);
  const missing: string[] = [];
  for (const line of lines) {
    const [, file = '', name = ''] = /`([\w./-]+)`: (.+) \|$/.exec(line) ?? [];
    const text = await readFile(at(file), 'utf8').catch(() => '');
    if (name === '' || !text.includes(`test('${name}'`)) missing.push(`${file}: ${name}`);
  }
  expect(missing).toEqual([]);
});
