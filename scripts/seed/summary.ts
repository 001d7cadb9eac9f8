import type { ImportResult } from '../../src/features/imports/index.ts';
import type { Summary } from './importer.ts';

/** `newTitles  3`, numbers to the right; a list has its entries on lines below. */
export function summaryLines(summary: Summary): string[] {
  const entries = Object.entries(summary).map(([name, value]) => [words(name), value] as const);
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.flatMap(([name, value]) => {
    if (typeof value === 'string') return [`${name.padEnd(width)}  ${value}`];
    if (typeof value === 'number')
      return [`${name.padEnd(width)}  ${value.toLocaleString('en').padStart(9)}`];
    return value.length === 0 ? [] : [`${name}:`, ...value.map((line) => `  ${line}`)];
  });
}

/** `newTitles` → `new titles`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** What an import did, with the titles it left out because of their ids. */
export function importSummary(result: Pick<ImportResult, 'conflicts'> & Record<string, unknown>): Summary {
  const { conflicts, ...rest } = result;
  const counts = Object.entries(rest).flatMap(([name, value]) =>
    typeof value === 'number' ? [[name, value]] : [],
  );
  return {
    ...Object.fromEntries(counts),
    conflicts: conflicts.map(({ title, reason }) => `${title}: ${reason}`),
  };
}
