import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { z } from 'zod';
import { AppError } from '../../kit/errors.ts';
import { migrationNames } from '../migrate.ts';
import {
  appliedMigrations,
  beginEmpty,
  beginSnapshot,
  type CopiedTable,
  copyIn,
  copyOut,
  finishRows,
  isServed,
  noteMigration,
  prepareForRows,
  tablesInOrder,
} from './queries.ts';

/**
 * A backup is one gzip file of lines: a JSON header (format, migrations, keys), then for each table a JSON line with its
 * name and columns, its rows in COPY's text format, and `\.`; a last line `{"end":true}` says that it is whole.
 */
const Header = z.object({
  format: z.literal('tributary-backup'),
  version: z.literal(1),
  createdAt: z.string(),
  migrations: z.array(z.string()).min(1),
  keys: z.record(z.string(), z.string()),
});
const Table = z.object({ table: z.string(), columns: z.array(z.string()).min(1) });

/** Files of the data folder that a copy of the database is worth nothing without. */
const KEY_FILES = ['secret-key', 'secret-key.old', 'admin-token'];
const END_OF_ROWS = '\\.';
const END = '{"end":true}';

/** Writes a consistent copy of database and keys to `file` (0600: it holds the keys); nothing is left behind on failure. */
export async function backup(options: {
  url: string;
  dataDir: string;
  file: string;
  now?: Date;
}): Promise<{ bytes: number }> {
  const { file } = options;
  const partial = `${file}.partial`;
  const client = new Client({ connectionString: options.url, application_name: 'tributary backup' });
  await client.connect();
  try {
    await pipeline(
      Readable.from(lines(client, options)),
      createGzip({ level: 6 }),
      createWriteStream(partial, { mode: 0o600 }),
    );
    await sync(partial);
    await rename(partial, file);
    return { bytes: (await stat(file)).size };
  } catch (error) {
    await rm(partial, { force: true });
    throw explain(error);
  } finally {
    await client.end();
  }
}

async function* lines(
  client: Client,
  options: { dataDir: string; now?: Date },
): AsyncGenerator<string | Buffer> {
  await beginSnapshot(client);
  const header: z.infer<typeof Header> = {
    format: 'tributary-backup',
    version: 1,
    createdAt: (options.now ?? new Date()).toISOString(),
    migrations: await appliedMigrations(client),
    keys: await readKeys(options.dataDir),
  };
  yield `${JSON.stringify(header)}\n`;
  for (const table of await tablesInOrder(client)) {
    yield `${JSON.stringify({ table: table.name, columns: table.columns })}\n`;
    for await (const chunk of client.query(copyTo(copyOut(table)))) yield z.instanceof(Buffer).parse(chunk);
    yield `${END_OF_ROWS}\n`;
  }
  yield `${END}\n`;
}

async function readKeys(dataDir: string): Promise<Record<string, string>> {
  const keys: Record<string, string> = {};
  for (const name of KEY_FILES) {
    const text = await readFile(join(dataDir, name), 'utf8').catch(() => null);
    if (text !== null) keys[name] = text;
  }
  return keys;
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Puts a backup in the place of the database and the keys, in one transaction: it is there whole or nothing changed.
 * Refused while a server runs on it, and for a backup of a newer program. Migrations newer than the backup run at the next start.
 */
export async function restore(options: {
  url: string;
  dataDir: string;
  file: string;
  migrationsDir: string;
}): Promise<{ tables: number; rows: number }> {
  const client = new Client({ connectionString: options.url, application_name: 'tributary restore' });
  await client.connect();
  try {
    if (await isServed(client))
      throw new AppError(
        'backup.server_runs',
        'A server is running on this database. Stop it, then restore.',
        { status: 409 },
      );
    const reader = await readBackup(options.file);
    const known = await migrationNames(options.migrationsDir);
    if (!reader.header.migrations.every((name, index) => known[index] === name)) {
      throw new AppError('backup.newer', 'This backup was made by a newer version. Update, then restore.', {
        status: 409,
      });
    }
    const result = await copyBack(client, reader, options.migrationsDir);
    await writeKeys(options.dataDir, reader.header.keys);
    return result;
  } catch (error) {
    throw explain(error);
  } finally {
    await client.end();
  }
}

type Reader = { header: z.infer<typeof Header>; lines: AsyncIterator<string> };

async function readBackup(file: string): Promise<Reader> {
  await stat(file).catch((cause: unknown) => {
    throw new AppError('backup.no_file', 'There is no such backup file.', { status: 404, cause });
  });
  const source = createReadStream(file);
  const text = source.pipe(createGunzip());
  source.on('error', (error) => text.destroy(error));
  const lines = splitLines(text);
  const first = await lines.next();
  const header = Header.safeParse(first.done === true ? null : parseJson(first.value));
  if (!header.success)
    throw new AppError('backup.bad_file', 'This file is not a Tributary backup.', { status: 400 });
  return { header: header.data, lines };
}

/** At `\n` only: readline also splits at U+2028, which titles and overviews may hold. */
async function* splitLines(stream: AsyncIterable<unknown>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(z.instanceof(Buffer).parse(chunk), { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
}

async function copyBack(
  client: Client,
  { header, lines }: Reader,
  migrationsDir: string,
): Promise<{ tables: number; rows: number }> {
  await beginEmpty(client);
  for (const name of header.migrations) {
    const [up = ''] = (await readFile(join(migrationsDir, `${name}.sql`), 'utf8')).split('-- Down Migration');
    await client.query(up);
    await noteMigration(client, name);
  }
  const all = await tablesInOrder(client);
  await prepareForRows(client, all);
  let [tables, rows] = [0, 0];
  for (;;) {
    const line = await nextLine(lines);
    if (line === END) break;
    rows += await copyTable(client, asTable(line, all), lines);
    tables += 1;
  }
  await finishRows(client, all);
  await client.query('COMMIT');
  return { tables, rows };
}

function asTable(line: string, all: readonly CopiedTable[]): CopiedTable {
  const parsed = Table.safeParse(parseJson(line));
  const known = parsed.success ? all.find((table) => table.name === parsed.data.table) : undefined;
  if (
    !parsed.success ||
    known === undefined ||
    !parsed.data.columns.every((column) => known.columns.includes(column))
  ) {
    throw new AppError('backup.bad_file', 'The backup is damaged: a table in it is not one of its version.', {
      status: 400,
    });
  }
  return { name: known.name, columns: parsed.data.columns };
}

async function copyTable(client: Client, table: CopiedTable, lines: AsyncIterator<string>): Promise<number> {
  let rows = 0;
  async function* rowsOf() {
    for (let line = await nextLine(lines); line !== END_OF_ROWS; line = await nextLine(lines)) {
      rows += 1;
      yield `${line}\n`;
    }
  }
  await pipeline(Readable.from(rowsOf()), client.query(copyFrom(copyIn(table))));
  return rows;
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const next = await lines.next();
  if (next.done === true)
    throw new AppError('backup.cut', 'The backup is not whole: it ends in the middle. Nothing was changed.', {
      status: 400,
    });
  return next.value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function writeKeys(dataDir: string, keys: Record<string, string>): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(keys)) {
    if (!KEY_FILES.includes(name)) continue;
    const path = join(dataDir, name);
    await rename(path, `${path}.before-restore`).catch(() => undefined);
    await writeFile(path, text, { mode: 0o600 });
    await chmod(path, 0o600);
  }
}

function explain(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOSPC')
    return new AppError('backup.disk_full', 'The disk is full: no backup was written. Free some space.', {
      status: 507,
      cause: error,
    });
  if (code === 'EACCES' || code === 'EROFS')
    return new AppError('backup.unwritable', 'The backup folder cannot be written.', {
      status: 500,
      cause: error,
    });
  if (code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR')
    return new AppError('backup.cut', 'The backup is damaged or not whole. Nothing was changed.', {
      status: 400,
      cause: error,
    });
  return error;
}

const NAME = /^tributary-\d{8}-\d{6}\.backup\.gz$/;

/** Backs up into `DATA_DIR/backups` under the moment's name and removes the oldest past `keep`. Answers the file. */
export async function dailyBackup(options: {
  url: string;
  dataDir: string;
  keep: number;
  now?: Date;
}): Promise<string> {
  const folder = join(options.dataDir, 'backups');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const now = options.now ?? new Date();
  const moment = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const file = join(folder, `tributary-${moment}.backup.gz`);
  await backup({ ...options, file, now });
  const kept = (await readdir(folder)).filter((name) => NAME.test(name)).sort();
  for (const name of kept.slice(0, Math.max(0, kept.length - options.keep)))
    await rm(join(folder, name), { force: true });
  return file;
}
