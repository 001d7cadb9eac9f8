import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SRC = new URL('../src', import.meta.url).pathname;
/** Tables that are put into a statement by their names, as `{ names: 'keyword', links: 'media_keyword' }`. */
const NAMED = /\b(?:names|links): '([a-z_]+)'/g;
const WRITE = /\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?([a-z_]+)/g;

/** The room, plug or floor a file belongs to: `features/media`, `streams/http`, `platform`. */
function ownerOf(file: string): string {
  const parts = file.split('/');
  return parts.length > 2 ? `${parts[0]}/${parts[1]}` : (parts[0] ?? '');
}

async function writers(): Promise<Map<string, Set<string>>> {
  const owners = new Map<string, Set<string>>();
  for (const file of await readdir(SRC, { recursive: true })) {
    if (!/(^|\/)queries(\.ts|\/.*\.ts)$/.test(file)) continue;
    const text = await readFile(join(SRC, file), 'utf8');
    for (const [, table = ''] of [...text.matchAll(WRITE), ...text.matchAll(NAMED)]) {
      if (['set', 'skip', 'nothing', 'of'].includes(table)) continue;
      owners.set(table, (owners.get(table) ?? new Set()).add(ownerOf(file)));
    }
  }
  return owners;
}

test('a table is written from one room only', async () => {
  const owners = await writers();
  expect(owners.size).toBeGreaterThan(15);
  expect(
    [...owners].filter(([, rooms]) => rooms.size > 1).map(([table, rooms]) => [table, ...rooms]),
  ).toEqual([]);
});

test('SQL stands only in queries.ts', async () => {
  for (const file of await readdir(SRC, { recursive: true })) {
    if (!file.endsWith('.ts') || /(^|\/)queries(\.ts|\/.*\.ts)$/.test(file) || file.startsWith('web/dist'))
      continue;
    const text = await readFile(join(SRC, file), 'utf8');
    if (file.startsWith('platform/')) continue;
    expect(text, file).not.toMatch(/`\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s/);
  }
});
