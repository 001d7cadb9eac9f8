import { describe, expect, test } from 'vitest';
import type { Importer } from '../../scripts/seed/importer.ts';
import { IMPORTERS } from '../../scripts/seed/importers.ts';
import { openProgress } from '../../scripts/seed/progress.ts';
import { summaryLines } from '../../scripts/seed/summary.ts';
import { badUsage, isBadUsage, onlyArgument, readCommand, usageOf } from '../../scripts/seed/usage.ts';

const one: Importer = { name: 'one', usage: ['FILE   of one'], run: async () => ({}) };
const two: Importer = { name: 'two', usage: ['       of two'], run: async () => ({}) };

describe('the command line of npm run seed', () => {
  test('tells the usage of all importers when none is named, and of one with --help', () => {
    expect(readCommand([], [one, two])).toMatchObject({
      say: expect.stringMatching(/one FILE[\s\S]*two/),
      exitCode: 2,
    });
    expect(readCommand(['--help'], [one, two])).toMatchObject({ exitCode: 0 });
    expect(readCommand(['one', '--help'], [one, two])).toEqual({
      say: 'Usage:\n  npm run seed -- one FILE   of one',
      exitCode: 0,
    });
  });

  test('a name nobody knows is answered by the list', () => {
    expect(readCommand(['three'], [one, two])).toMatchObject({
      say: expect.stringMatching(/no importer "three"[\s\S]*one[\s\S]*two/),
      exitCode: 2,
    });
  });

  test('gives what stands behind the name to the importer, without --json', () => {
    expect(readCommand(['one', '--json', 'a.txt', '--streams'], [one, two])).toEqual({
      importer: one,
      args: ['a.txt', '--streams'],
      isJson: true,
    });
  });

  test('an importer with a wrong number of arguments says what is wanted', () => {
    expect(() => onlyArgument([], 'a file')).toThrow('Give a file.');
    expect(() => onlyArgument(['a', 'b'], 'a file')).toThrow('Give a file.');
    expect(isBadUsage(badUsage('x'))).toBe(true);
    expect(isBadUsage(new Error('x'))).toBe(false);
  });

  test.each(IMPORTERS.map((importer) => [importer.name, importer] as const))(
    'the usage of %s says its name once in each line, and what it does',
    (name, importer) => {
      const lines = usageOf([importer]).split('\n').slice(1);
      expect(importer.usage.length).toBeGreaterThan(0);
      expect(lines).toHaveLength(importer.usage.length);
      for (const line of lines) {
        expect(line).toMatch(new RegExp(`^  npm run seed -- ${name}(?: (?!${name} )|$)`));
        expect(line).toMatch(/ {3}\S/);
      }
    },
  );

  test('has each name once', () => {
    const names = IMPORTERS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['starter', 'json', 'file']));
  });
});

describe('progress', () => {
  function drawn(isTTY: boolean) {
    let at = 0;
    const written: string[] = [];
    const progress = openProgress({ isTTY, columns: 120, write: (text) => written.push(text) }, () => at);
    return { progress, written, later: (ms: number) => (at += ms) };
  }

  test('is a bar with rate and time left on a terminal', () => {
    const { progress, written, later } = drawn(true);
    progress.begin('import', 'titles', 1000);
    later(10_000);
    progress.add(250);
    expect(written.at(-1)).toContain(
      '[######..................]  25 %  import: 250 of 1,000 titles  25 titles/s  ETA 0:30',
    );
    later(10);
    progress.add(1);
    expect(written).toHaveLength(1);
    progress.end();
    expect(written.at(-1)).toBe('\n');
  });

  test('is a line each ten seconds elsewhere, by the share read where nobody knows the total', () => {
    const { progress, written, later } = drawn(false);
    progress.begin('read', 'rows', null);
    for (let n = 0; n < 25; n += 1) {
      later(1000);
      progress.add(10);
      progress.at(n / 50);
    }
    expect(written).toHaveLength(2);
    expect(written[1]).toMatch(/^\[#+\.+\] {2}\d\d % {2}read: 200 rows {2}10 rows\/s {2}ETA 0:\d\d\n$/);
  });
});

test('the summary is a table, a list on lines of its own', () => {
  expect(summaryLines({ newTitles: 12_345, file: 'a.json', conflicts: ['x: y'], none: [] })).toEqual([
    'new titles     12,345',
    'file        a.json',
    'conflicts:',
    '  x: y',
  ]);
});
