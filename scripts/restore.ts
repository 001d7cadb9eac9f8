/** `npm run restore -- FILE`: puts a backup in the place of database and keys. The server must be stopped. */
import { resolve } from 'node:path';
import { restore } from '../src/platform/backup/index.ts';
import { MIGRATIONS_DIR } from '../src/platform/database.ts';
import { fail, withDatabase } from './context.ts';

const [file] = process.argv.slice(2);
if (file === undefined) fail('Say which backup: npm run restore -- FILE');
await withDatabase(async ({ config, database }) => {
  await database.db.end();
  const { tables, rows } = await restore({
    url: database.url,
    dataDir: config.dataDir,
    file: resolve(file),
    migrationsDir: MIGRATIONS_DIR,
  });
  console.log(`Restored ${rows} rows of ${tables} tables, and the keys. Start the server again.`);
});
