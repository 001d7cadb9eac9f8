import { expect, test } from 'vitest';
import { LISTER_KINDS, type ListerKind } from '../../src/finders/listers.ts';
import { openLister } from '../support/listing-server.ts';

const baseUrls: Partial<Record<ListerKind, string>> = {
  'local-folder': 'local:films/',
  'ftp-listing': 'ftp://127.0.0.1:1/',
};

test.each(LISTER_KINDS)('%s lists as many folders at once as its source says', async (kind) => {
  const baseUrl = baseUrls[kind] ?? 'http://127.0.0.1:1/';
  await using usual = openLister(kind, baseUrl);
  await using bounded = openLister(kind, baseUrl, { config: { connections: 2 } });
  expect(usual.connections).toBeGreaterThan(2);
  expect(bounded.connections).toBe(2);
});
