import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describedPaths } from '../src/openapi.ts';

const SRC = new URL('../src', import.meta.url).pathname;

/** `/api` routes as the routers declare them: `router.get('/media/:id', …` → `/api/media/{id}`. */
async function declaredPaths(): Promise<string[]> {
  const found = new Set<string>();
  for (const file of await readdir(SRC, { recursive: true })) {
    if (!/^(features\/.*routes\.ts|play\/live\.ts|addon\/preference-routes\.ts)$/.test(file)) continue;
    const text = await readFile(join(SRC, file), 'utf8');
    for (const [, path = ''] of text.matchAll(/router\.(?:get|post|put|patch|delete)\(\s*'([^']+)'/g)) {
      // Probes, and the protocol of others: Torznab and Newznab are asked by query and answered in XML.
      if (!['/healthz', '/readyz', '/torznab/api', '/newznab/api'].includes(path))
        found.add(`/api${path.replace(/:(\w+)/g, '{$1}')}`);
    }
  }
  return [...found].sort();
}

test('the OpenAPI document describes every route of the API, and no other', async () => {
  expect([...describedPaths].sort()).toEqual(await declaredPaths());
});
