import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { rows } from '../../src/platform/db.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase({ isEmpty: true });
});
afterAll(() => database.close());

setFlagsFromString('--expose-gc');
const collect = z
  .custom<NodeJS.GCFunction>((value) => typeof value === 'function')
  .parse(runInNewContext('gc'));

/** What lies where only collections of the whole heap come by. */
function oldBytes(): number {
  return getHeapSpaceStatistics()
    .filter(({ space_name }) => ['old_space', 'large_object_space'].includes(space_name))
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0);
}

const Text = z.object({ text: z.string() });

describe('results of queries', () => {
  test('do not outlive the young collections', async () => {
    const ask = (index: number) =>
      database.db.one(rows('test.long_text', Text)`SELECT repeat(${`${index} `}, 20000) AS text`);
    await ask(0);
    collect({ type: 'major', execution: 'sync' });
    const before = oldBytes();
    let length = 0;
    for (let index = 100; index < 300; index += 1) {
      length += (await ask(index)).text.length;
      if (index % 20 === 0) collect({ type: 'minor', execution: 'sync' });
    }
    expect(length).toBe(200 * 80_000);
    // 16 MB were read.
    expect(oldBytes() - before).toBeLessThan(4_000_000);
  });

  test('fail with what the database says', async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await expect(client.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' });
    expect((await client.query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }]);
    const told = new Promise((resolve) => client.query('SELECT 1/0', (error) => resolve(error)));
    expect(await told).toMatchObject({ code: '22012' });
    await client.end();
  });
});
