/** `npm run backup [-- FILE]`: a consistent copy of database and keys; without FILE into DATA_DIR/backups under the moment's name. */
import { resolve } from 'node:path';
import { backup, dailyBackup } from '../src/platform/backup/index.ts';
import { withDatabase } from './context.ts';

const [file] = process.argv.slice(2);
await withDatabase(async ({ config, database }) => {
  const { dataDir } = config;
  if (file === undefined) {
    console.log(
      `Backed up to ${await dailyBackup({ url: database.url, dataDir, keep: config.backupsKept })}`,
    );
    return;
  }
  const { bytes } = await backup({ url: database.url, dataDir, file: resolve(file) });
  console.log(`Backed up to ${file} (${(bytes / 1024).toFixed(0)} KiB). It holds the keys: keep it private.`);
});
